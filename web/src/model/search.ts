// Search as you type: the last question wins, an older one is cancelled, what is shown stays until its answer is there and
// is then replaced in one go.
import { createStore } from 'zustand/vanilla';
import type { Client, Reply } from '../api/client.ts';
import { isAbort, toProblem, type Problem } from '../api/problem.ts';
import { ASK, askedOf, normal, same, type Asked, type Question } from './question.ts';

type Answer = Reply<'GET /api/v1/search'>;
export type Hit = Answer['items'][number];
export type Facet = Answer['facets'][number];

// A conversation with its best places, or something that stands alone.
export interface Group {
    key: string;
    conversation: string; // '': it belongs to none
    title: string;
    provider: string;
    count: number;        // of its places, with those that are not shown
    hits: Hit[];
}

export interface Search {
    question: Question;        // as typed
    answered: Question | null; // the one that the groups answer
    typing: boolean;           // it was answered as one that may go on
    groups: Group[];
    facets: Facet[];
    corrections: Answer['corrections'];
    hints: Answer['hints'];
    similar: boolean;
    cursor: string | null;
    tookMs: number | null;
    status: 'idle' | 'loading' | 'more' | 'ready';
    problem: Problem | null;
    opened: string; // the place that was gone to, for the way back
}

const DEBOUNCE_MS = 80;
const PAGE = 20;
const ADDRESS_MAX = 1_500; // UTF-16 units; what is longer goes as a body
const NO_ANSWER = { answered: null, typing: false, groups: [], facets: [], corrections: [], hints: [], similar: false, cursor: null, tookMs: null, problem: null, opened: '' };
const NOTHING: Search = { question: ASK, ...NO_ANSWER, status: 'idle' };

// Results that stand apart by the server, else those that follow one another in one conversation.
export function groupsOf({ items, groups }: Pick<Answer, 'items' | 'groups'>): Group[] {
    const of = (hits: Hit[], count = hits.length): Group => {
        const [first] = hits;
        return {
            key: `${first?.conversation_id ?? ''} ${first?.id ?? ''}`, conversation: first?.conversation_id ?? '', title: first?.title ?? '',
            provider: first?.provider ?? '', count, hits,
        };
    };
    if (groups) return groups.map((g) => of(items.slice(g.first, g.first + g.shown), g.count));
    const runs: Hit[][] = [];
    for (const hit of items) {
        const last = runs.at(-1);
        if (last && hit.conversation_id && last[0]?.conversation_id === hit.conversation_id) last.push(hit);
        else runs.push([hit]);
    }
    return runs.map((hits) => of(hits));
}

// Once a filter is on, the answer has its one value alone: the others are those of before, so that there is a way to them.
export function facetsOf(before: Search, answer: Pick<Answer, 'facets'>, question: Question): Facet[] {
    const about = before.answered?.q === question.q;
    return (answer.facets ?? []).map((facet) => {
        const on = facet.name in question.by; // (dates go on by month and day)
        const known = about ? before.facets.find((f) => f.name === facet.name) : undefined;
        return on && known ? known : facet;
    });
}

// What was stored meanwhile may move a place from one page to the next: it stays where it was seen first.
function fresh(shown: Group[], more: Group[]): Group[] {
    const seen = new Set(shown.flatMap((g) => g.hits.map((h) => h.id)));
    return more.map((g) => ({ ...g, hits: g.hits.filter((h) => !seen.has(h.id)) })).filter((g) => g.hits.length);
}

export async function askServer(client: Client, asked: Asked, signal: AbortSignal): Promise<Answer> {
    return encodeURIComponent(asked.q).length > ADDRESS_MAX
        ? client.call('POST /api/v1/search', { body: asked, signal })
        : client.call('GET /api/v1/search', { query: asked, signal });
}

export interface SearchParts {
    client: Client;
    later: (work: () => void, ms: number) => () => void;
    now?: () => Date;
}

export type SearchModel = ReturnType<typeof createSearch>;

export function createSearch({ client, later, now = () => new Date() }: SearchParts) {
    const store = createStore<Search>(() => NOTHING);
    let stopTimer = () => {};
    let running: AbortController | null = null;

    async function ask(question: Question, typing: boolean): Promise<void> {
        running?.abort();
        const mine = (running = new AbortController());
        store.setState({ status: 'loading' });
        const get = (still: boolean) => askServer(client, { ...askedOf(question, now(), still), limit: PAGE }, mine.signal);
        try {
            let answer = await get(typing);
            // No word begins so: as a whole word it may be corrected.
            const nothing = typing && answer.items.length === 0;
            if (nothing && mine === running) answer = await get(false);
            if (mine !== running) return;
            store.setState((before) => ({
                ...NO_ANSWER, answered: question, typing: typing && !nothing, groups: groupsOf(answer), facets: facetsOf(before, answer, question),
                corrections: answer.corrections ?? [], hints: answer.hints ?? [], similar: answer.similar, cursor: answer.next_cursor,
                tookMs: answer.took_ms, status: 'ready',
            }));
        } catch (error) {
            if (mine !== running || isAbort(error)) return;
            store.setState({ ...NO_ANSWER, answered: question, status: 'ready', problem: toProblem(error) });
        }
    }

    // now: without waiting for more keys (Enter, a link, a filter, the back button).
    function set(wanted: Question, now = false): void {
        const s = store.getState();
        const question = normal(wanted);
        store.setState({ question: wanted });
        stopTimer();
        if (!question.q) {
            running?.abort();
            running = null;
            store.setState({ ...NOTHING, question: wanted });
            return;
        }
        if (same(question, s.answered) && s.status === 'ready' && !(now && (s.problem || s.typing))) return;
        if (now) void ask(question, false);
        else stopTimer = later(() => void ask(question, true), DEBOUNCE_MS);
    }

    async function more(): Promise<void> {
        const { answered, typing, cursor, status, groups } = store.getState();
        if (!answered || !cursor || status !== 'ready') return;
        const mine = (running = new AbortController());
        store.setState({ status: 'more' });
        try {
            const page = await askServer(client, { ...askedOf(answered, now(), typing), limit: PAGE, cursor }, mine.signal);
            if (mine !== running) return;
            store.setState({ groups: [...groups, ...fresh(groups, groupsOf(page))], cursor: page.next_cursor, status: 'ready', problem: null });
        } catch (error) {
            if (mine !== running || isAbort(error)) return;
            store.setState({ status: 'ready', problem: toProblem(error) });
        }
    }

    return {
        store,
        set,
        more,
        open: (key: string) => store.setState({ opened: key }),
        clear: () => set(ASK),
    };
}
