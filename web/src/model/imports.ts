// Imports: files are uploaded, looked at (a dry run), and then taken; reports, and undoing.
import { createStore } from 'zustand/vanilla';
import type { Client } from '../api/client.ts';
import { isAbort, toProblem, type Problem } from '../api/problem.ts';
import type { Schemas } from '../api/types.ts';
import type { UploadFile } from '../sync/uploads.ts';

export type Import = Schemas['Import'];
export type ImportItem = Schemas['ImportItem'];
export interface Given {
    file: File;
    path: string; // with the folders that it lies in
}
export interface Sending {
    files: number;
    sent: number; // bytes
    total: number;
}

export interface Imports {
    sending: Sending | null;
    current: Import | null;
    notes: ImportItem[]; // of the current one: what was skipped, failed, or kept when it was undone
    moreNotes: boolean;
    problem: Problem | null;
    recent: Import[];
    recentStatus: 'idle' | 'loading' | 'ready';
}

export interface ImportsParts {
    client: Client;
    upload: UploadFile;
    later: (work: () => void, ms: number) => () => void; // a timer; returns the way to stop it
}

const POLL_MS = 700;
const NOTES = 50;
const NOTED = ['failed', 'skipped', 'kept'] as const;
const NOTHING: Imports = { sending: null, current: null, notes: [], moreNotes: false, problem: null, recent: [], recentStatus: 'idle' };

export const isUnderWay = (i: Import): boolean => i.status === 'queued' || i.status === 'running' || i.status === 'undoing';
export const labelOf = (given: Given[]): string => {
    const first = given[0]?.path ?? '';
    const folder = first.includes('/') ? (first.split('/')[0] ?? first) : first;
    return given.length > 1 && folder === first ? `${first} and ${given.length - 1} more` : folder;
};

export type ImportsModel = ReturnType<typeof createImports>;

export function createImports({ client, upload, later }: ImportsParts) {
    const store = createStore<Imports>(() => NOTHING);
    let stop = (): void => {};
    let abort = new AbortController();

    async function readNotes(i: Import): Promise<void> {
        const pages = await Promise.all(NOTED.map((outcome) => client.call('GET /api/v1/imports/{id}/items', { path: { id: i.id }, query: { outcome, limit: NOTES } })));
        store.setState({ notes: pages.flatMap((p) => p.items), moreNotes: pages.some((p) => p.next_cursor) });
    }

    async function poll(id: string): Promise<void> {
        try {
            const current = await client.call('GET /api/v1/imports/{id}', { path: { id } });
            store.setState({ current, problem: null });
            if (isUnderWay(current)) stop = later(() => void poll(id), POLL_MS);
            else await readNotes(current);
        } catch (error) {
            const problem = toProblem(error);
            store.setState({ problem });
            if (problem.status === 0 || problem.status >= 500) stop = later(() => void poll(id), POLL_MS * 3);
        }
    }

    async function follow(id: string): Promise<void> {
        stop();
        if (store.getState().current?.id !== id) store.setState({ current: null, notes: [], moreNotes: false });
        await poll(id);
    }

    async function begin(work: () => Promise<{ id: string }>): Promise<string | null> {
        store.setState({ problem: null });
        try {
            const { id } = await work();
            await follow(id);
            return id;
        } catch (error) {
            store.setState({ problem: toProblem(error) });
            return null;
        }
    }

    async function send(given: Given[]): Promise<string[]> {
        const total = given.reduce((n, g) => n + g.file.size, 0);
        const ids: string[] = [];
        let before = 0;
        const tell = (sent: number) => store.setState({ sending: { files: given.length, sent: before + sent, total } });
        tell(0);
        for (const { file, path } of given) {
            ids.push(await upload(file, { path, signal: abort.signal, onSent: tell }));
            before += file.size;
        }
        return ids;
    }

    // Send it, and look what would come of it.
    async function give(given: Given[]): Promise<void> {
        if (!given.length || store.getState().sending) return;
        abort = new AbortController();
        store.setState({ ...NOTHING, recent: store.getState().recent, recentStatus: store.getState().recentStatus });
        try {
            const uploads = (await send(given)).join(',');
            store.setState({ sending: null });
            await begin(() => client.call('POST /api/v1/uploads/import', { body: { uploads, label: labelOf(given).slice(0, 80), dry_run: true } }));
        } catch (error) {
            store.setState({ sending: null, problem: isAbort(error) ? null : toProblem(error) });
        }
    }

    async function loadRecent(): Promise<void> {
        store.setState({ recentStatus: 'loading' });
        try {
            const page = await client.call('GET /api/v1/imports', { query: { limit: 50 } });
            store.setState({ recent: page.items.filter((i) => !i.dry_run), recentStatus: 'ready' });
        } catch (error) {
            store.setState({ recentStatus: 'ready', problem: toProblem(error) });
        }
    }

    return {
        store,
        give,
        follow,
        loadRecent,
        take: (id: string) => begin(() => client.call('POST /api/v1/imports/{id}/take', { path: { id } })),
        undo: (id: string) => begin(() => client.call('POST /api/v1/imports/{id}/undo', { path: { id } })),
        cancel: (id: string) => begin(() => client.call('POST /api/v1/imports/{id}/cancel', { path: { id } })),
        async discard(id: string): Promise<void> {
            stop();
            store.setState({ current: null, notes: [], problem: null });
            await client.call('DELETE /api/v1/imports/{id}', { path: { id } }).catch(() => undefined); // it goes by itself in a day
        },
        giveUp: () => abort.abort(),
        clear: () => {
            stop();
            abort.abort();
            store.setState(NOTHING, true);
        },
    };
}
