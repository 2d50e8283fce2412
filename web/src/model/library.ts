// The list of conversations, newest capture first, read page by page; and those that others share with us.
import { createStore } from 'zustand/vanilla';
import type { Client } from '../api/client.ts';
import { toProblem, type Problem } from '../api/problem.ts';
import type { Schemas } from '../api/types.ts';
import { millis } from './time.ts';

export type Summary = Schemas['ConversationSummary'];

export interface Library {
    items: Summary[];
    shared: Summary[] | null; // of others, newest grant first; null: not read yet
    cursor: string | null;
    status: 'idle' | 'loading' | 'more' | 'ready';
    problem: Problem | null;
    failed: 'first' | 'more' | null; // which page the problem is about
}

const PAGE = 50;
const RENEW_MAX = 20; // conversations that are read one by one
const NOTHING: Library = { items: [], shared: null, cursor: null, status: 'idle', problem: null, failed: null };

// Newest capture first, as the server sorts.
const order = (a: Summary, b: Summary): number =>
    millis(b.captured_at) - millis(a.captured_at) || (a.id < b.id ? 1 : -1);

export type LibraryModel = ReturnType<typeof createLibrary>;

export function createLibrary(client: Client) {
    const store = createStore<Library>(() => NOTHING);
    let generation = 0; // an answer to an older question is not looked at
    let sharedGeneration = 0;

    const ask = (cursor: string | null) =>
        client.call('GET /api/v1/conversations', { query: { limit: PAGE, ...(cursor ? { cursor } : {}) } });

    // The first page again; what is shown stays until the answer is there.
    async function load(): Promise<void> {
        const mine = ++generation;
        store.setState({ status: 'loading', problem: null, failed: null });
        try {
            const page = await ask(null);
            if (mine === generation) store.setState({ items: page.items, cursor: page.next_cursor, status: 'ready' });
        } catch (error) {
            if (mine === generation) store.setState({ status: 'ready', problem: toProblem(error), failed: 'first' });
        }
    }

    async function more(): Promise<void> {
        const { cursor, status } = store.getState();
        if (!cursor || status !== 'ready') return;
        const mine = ++generation;
        store.setState({ status: 'more', problem: null, failed: null });
        try {
            const page = await ask(cursor);
            if (mine !== generation) return;
            const known = new Set(store.getState().items.map((c) => c.id));
            const items = [...store.getState().items, ...page.items.filter((c) => !known.has(c.id))];
            store.setState({ items, cursor: page.next_cursor, status: 'ready' });
        } catch (error) {
            if (mine !== generation) return;
            const problem = toProblem(error);
            if (problem.code === 'cursor_expired') await load();
            else store.setState({ status: 'ready', problem, failed: 'more' });
        }
    }

    // One of them as it is now; null when it is gone.
    async function read(id: string): Promise<Summary | null> {
        try {
            return await client.call('GET /api/v1/conversations/{id}', { path: { id } });
        } catch (error) {
            if (toProblem(error).status === 404) return null;
            throw error;
        }
    }

    // These have changed or are new. Pages that were read stay; what belongs behind them comes with the next one.
    async function renew(ids: string[]): Promise<void> {
        const { status } = store.getState();
        if (status === 'idle') return; // nobody has looked yet
        if (status !== 'ready' || ids.length > RENEW_MAX) return load();
        const mine = generation;
        try {
            const found = (await Promise.all(ids.map(read))).filter((c) => c !== null);
            if (mine !== generation) return load(); // the list was asked for meanwhile: which of the two answers is newer?
            const { items, cursor } = store.getState();
            const last = items[items.length - 1];
            const shown = found.filter((c) => !cursor || !last || order(c, last) <= 0);
            store.setState({ items: [...items.filter((c) => !ids.includes(c.id)), ...shown].sort(order) });
        } catch {
            if (mine === generation) await load();
        }
    }

    async function loadShared(): Promise<void> {
        const mine = ++sharedGeneration;
        try {
            const shared: Summary[] = [];
            let cursor: string | null = null;
            do {
                const page: Schemas['ConversationPage'] = await client.call('GET /api/v1/conversations', { query: { shared: true, limit: 200, ...(cursor ? { cursor } : {}) } });
                shared.push(...page.items);
                cursor = page.next_cursor;
            } while (cursor && mine === sharedGeneration);
            if (mine === sharedGeneration) store.setState({ shared });
        } catch {
            // What was shown stays; the list above says what is wrong with the server.
        }
    }

    const without = (list: Summary[], id: string) => (list.some((c) => c.id === id) ? list.filter((c) => c.id !== id) : list);

    return {
        store,
        load,
        more,
        renew,
        loadShared,
        reload: async (): Promise<void> => {
            await Promise.all([load(), loadShared()]);
        },
        forget: (id: string) => store.setState((s) => ({ items: without(s.items, id), shared: s.shared && without(s.shared, id) })),
        clear: () => {
            generation++;
            sharedGeneration++;
            store.setState(NOTHING);
        },
        addSample: async (): Promise<Problem | null> => {
            try {
                await client.call('POST /api/v1/sample');
                await load();
                return null;
            } catch (error) {
                return toProblem(error);
            }
        },
    };
}
