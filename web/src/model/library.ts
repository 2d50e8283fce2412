// The list of conversations, newest capture first, read page by page.
import { createStore } from 'zustand/vanilla';
import type { Client } from '../api/client.ts';
import { toProblem, type Problem } from '../api/problem.ts';
import type { Schemas } from '../api/types.ts';

export type Summary = Schemas['ConversationSummary'];

export interface Library {
    items: Summary[];
    cursor: string | null;
    status: 'idle' | 'loading' | 'more' | 'ready';
    problem: Problem | null;
    failed: 'first' | 'more' | null; // which page the problem is about
}

const PAGE = 50;
const NOTHING: Library = { items: [], cursor: null, status: 'idle', problem: null, failed: null };

export type LibraryModel = ReturnType<typeof createLibrary>;

export function createLibrary(client: Client) {
    const store = createStore<Library>(() => NOTHING);
    let generation = 0; // an answer to an older question is not looked at

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

    return {
        store,
        load,
        more,
        forget: (id: string) => store.setState((s) => ({ items: s.items.filter((c) => c.id !== id) })),
        clear: () => {
            generation++;
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
