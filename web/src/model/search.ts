// Search as you type: the last question wins, an older one is cancelled, what is shown stays until its answer is there.
import { createStore } from 'zustand/vanilla';
import type { Client, Reply } from '../api/client.ts';
import { isAbort, toProblem, type Problem } from '../api/problem.ts';

export type Hit = Reply<'GET /api/v1/search'>['items'][number];

export interface Search {
    q: string;        // as typed
    answered: string; // the question that the items answer
    items: Hit[];
    cursor: string | null;
    tookMs: number | null;
    status: 'idle' | 'loading' | 'more' | 'ready';
    problem: Problem | null;
}

const DEBOUNCE_MS = 150;
const PAGE = 20;
const NOTHING: Search = { q: '', answered: '', items: [], cursor: null, tookMs: null, status: 'idle', problem: null };

export interface SearchParts {
    client: Client;
    later: (work: () => void, ms: number) => () => void;
}

export type SearchModel = ReturnType<typeof createSearch>;

export function createSearch({ client, later }: SearchParts) {
    const store = createStore<Search>(() => NOTHING);
    let stopTimer = () => {};
    let running: AbortController | null = null;

    async function ask(q: string): Promise<void> {
        running?.abort();
        const mine = (running = new AbortController());
        store.setState({ status: 'loading' });
        try {
            const page = await client.call('GET /api/v1/search', { query: { q, limit: PAGE }, signal: mine.signal });
            if (mine !== running) return;
            store.setState({ answered: q, items: page.items, cursor: page.next_cursor, tookMs: page.took_ms, status: 'ready', problem: null });
        } catch (error) {
            if (mine !== running || isAbort(error)) return;
            store.setState({ answered: q, items: [], cursor: null, tookMs: null, status: 'ready', problem: toProblem(error) });
        }
    }

    // now: without waiting for more keys (Enter, a link, the back button).
    function setQuery(q: string, now = false): void {
        const s = store.getState();
        const question = q.trim();
        store.setState({ q });
        stopTimer();
        if (!question) {
            running?.abort();
            running = null;
            store.setState({ ...NOTHING, q });
            return;
        }
        if (question === s.answered && s.status === 'ready' && !(now && s.problem)) return;
        if (now) void ask(question);
        else stopTimer = later(() => void ask(question), DEBOUNCE_MS);
    }

    async function more(): Promise<void> {
        const { answered, cursor, status, items } = store.getState();
        if (!cursor || status !== 'ready') return;
        const mine = (running = new AbortController());
        store.setState({ status: 'more' });
        try {
            const page = await client.call('GET /api/v1/search', { query: { q: answered, limit: PAGE, cursor }, signal: mine.signal });
            if (mine !== running) return;
            store.setState({ items: [...items, ...page.items], cursor: page.next_cursor, status: 'ready', problem: null });
        } catch (error) {
            if (mine !== running || isAbort(error)) return;
            store.setState({ status: 'ready', problem: toProblem(error) });
        }
    }

    return {
        store,
        setQuery,
        more,
        clear: () => setQuery(''),
    };
}
