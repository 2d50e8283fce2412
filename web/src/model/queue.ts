// What was pasted into the capture box: each link in its turn, from being sent to its end. It outlives a reload; what the
// server refuses at once is named with its reason and is not in it.
import { createStore } from 'zustand/vanilla';
import type { Client } from '../api/client.ts';
import { Problem, toProblem } from '../api/problem.ts';
import type { StateStore } from '../store/state.ts';
import { toAsk, type CapturesModel } from './captures.ts';
import { linksIn } from './links.ts';
import { isOver, type Capture } from './phases.ts';
import { ANY_HOST } from './provider.ts';

export interface Entry {
    url: string;
    id: string | null;       // of its capture; null: not taken yet
    problem: Problem | null; // why it could not be sent; it can be tried again
    anyHost: boolean;        // it is read whatever host it is of: its owner has said so
}
export interface Refused {
    url: string;
    problem: Problem;
}
export interface Queue {
    entries: Entry[];
    refused: Refused[]; // of what was sent last
    sending: boolean;
}

const NAME = 'queue';
const NOTHING: Queue = { entries: [], refused: [], sending: false };
const NO_LINK = new Problem(422, 'invalid_url', 'There is no link in it. Open the chat, choose Share, and paste the link that it gives you.', { field: 'url' });

// Refused for what it is; anything else (no connection, too many at once) may be another time.
const isFinal = (problem: Problem): boolean => problem.status === 422 || problem.status === 403 || problem.status === 404;

export type QueueModel = ReturnType<typeof createQueue>;

export function createQueue({ client, captures, state }: { client: Client; captures: CapturesModel; state: StateStore }) {
    const store = createStore<Queue>(() => NOTHING);
    let resumed = false;

    function set(entries: Entry[]): void {
        store.setState({ entries });
        void state.write(NAME, entries.map(({ url, id, anyHost }) => ({ url, id, anyHost })));
    }
    const capture = (e: Entry): Capture | undefined => (e.id ? captures.store.getState().byId[e.id] : undefined);
    // The entry of this link as it shall be; null: it goes. A capture stands there once.
    function change(url: string, to: Entry | null): void {
        const twice = (e: Entry) => to?.id && e.id === to.id && e.url !== url;
        set(store.getState().entries.flatMap((e) => (e.url === url ? (to ? [to] : []) : twice(e) ? [] : [e])));
    }

    async function send(e: Entry): Promise<Problem | null> {
        try {
            const { id } = await client.call('POST /api/v1/captures', { body: toAsk(e.url, e.anyHost) });
            change(e.url, { ...e, id, problem: null });
            void captures.follow(id);
            return null;
        } catch (error) {
            const problem = toProblem(error);
            change(e.url, isFinal(problem) ? null : { ...e, problem });
            if (isFinal(problem)) store.setState((s) => ({ refused: [...s.refused, { url: e.url, problem }] }));
            return problem;
        }
    }

    // One after the other; once the server cannot be asked, the others wait with the same words.
    async function sendAll(entries: Entry[]): Promise<void> {
        store.setState({ sending: true });
        let lasting: Problem | null = null;
        for (const e of entries) {
            if (lasting) change(e.url, { ...e, problem: lasting });
            else {
                const problem = await send(e);
                if (problem && !isFinal(problem)) lasting = problem;
            }
        }
        store.setState({ sending: false });
    }

    // In front of the others, in their order, each link once.
    async function add(entries: Entry[]): Promise<void> {
        set([...entries, ...store.getState().entries.filter((old) => !entries.some((e) => e.url === old.url))]);
        await sendAll(entries);
    }
    const fresh = (url: string, anyHost = false): Entry => ({ url, id: null, problem: null, anyHost });

    // True when anything was taken, or waits.
    async function submit(text: string): Promise<boolean> {
        const { links } = linksIn(text);
        store.setState({ refused: links.length ? [] : [{ url: '', problem: NO_LINK }] });
        await add(links.map((l) => fresh(l.url)));
        return store.getState().entries.some((e) => links.some((l) => l.url === e.url));
    }

    // After a reload: what was sent is followed, what was not is sent; and one that was asked for elsewhere is shown, too.
    async function resume(): Promise<void> {
        if (resumed) return;
        resumed = true;
        const saved = (await state.read<Omit<Entry, 'problem'>[]>(NAME)) ?? [];
        await captures.loadRecent();
        const mine = store.getState().entries; // sent meanwhile
        const kept = saved.filter((e) => !mine.some((m) => m.url === e.url)).map((e): Entry => ({ ...e, problem: null }));
        const running = captures.store.getState().recent.filter((c) => !isOver(c) && ![...mine, ...kept].some((e) => e.id === c.id))
            .map((c): Entry => ({ ...fresh(c.url, c.provider === ANY_HOST), id: c.id }));
        if (kept.length || running.length) set([...mine, ...running, ...kept]);
        for (const e of [...running, ...kept])
            if (e.id) void captures.follow(e.id).then(() => { if (e.id && captures.store.getState().problems[e.id]?.status === 404) change(e.url, null); });
        await sendAll(kept.filter((e) => !e.id));
    }

    // From its place.
    async function retry(entries: Entry[]): Promise<void> {
        const again = entries.map((e): Entry => ({ ...e, id: null, problem: null }));
        for (const e of again) change(e.url, e);
        await sendAll(again);
    }

    return {
        store,
        submit,
        resume,
        retry,
        // A link of no known provider, after its owner has said that it shall be read all the same.
        readAnyway: async (url: string): Promise<void> => {
            store.setState((s) => ({ refused: s.refused.filter((r) => r.url !== url) }));
            await add([fresh(url, true)]);
        },
        cancelAll: async (): Promise<void> => {
            const { entries } = store.getState();
            set(entries.filter((e) => e.id || e.problem));
            await Promise.all(entries.map((e) => { const c = capture(e); return e.id && (!c || !isOver(c)) ? captures.cancel(e.id) : undefined; }));
        },
        dismiss: (url: string) => change(url, null),
        // Those that go on stay.
        dismissAll: () => set(store.getState().entries.filter((e) => { const c = capture(e); return e.id && (!c || !isOver(c)); })),
        forgetRefused: () => store.setState({ refused: [] }),
        clear: () => {
            resumed = false;
            store.setState(NOTHING, true);
            void state.remove(NAME);
        },
    };
}
