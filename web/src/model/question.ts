// What is searched for: words, filters, order. It is an address too, so it can be handed on, kept and come back to.
import type { Operations } from '../api/types.ts';

export type Asked = Operations['POST /api/v1/search']['body'];

export const WHEN = { week: 7, month: 30, year: 365 }; // days
export const FILTERS = ['provider', 'role', 'has', 'language', 'is', 'kind', 'when', 'in'] as const; // in: the id of a conversation
export type Filter = (typeof FILTERS)[number];

export interface Question {
    q: string;
    by: Partial<Record<Filter, string>>;
    newest: boolean; // by time instead of relevance
    exact: boolean;  // no word is corrected
}

export const ASK: Question = { q: '', by: {}, newest: false, exact: false };

// A value goes into the query and comes from an address, which anybody can write.
const VALUE = /^[\p{L}\p{N}_.-]{1,64}$/u;
const DATE = /^\d{4}(-\d{2}(-\d{2})?)?$/; // a year, a month, a day
const DAY_MS = 86_400_000;

export function readQuestion(query: URLSearchParams): Question {
    const by: Question['by'] = {};
    for (const name of FILTERS) {
        const value = query.get(name) ?? '';
        if (VALUE.test(value) && (name !== 'when' || value in WHEN || DATE.test(value))) by[name] = value;
    }
    return { q: query.get('q') ?? '', by, newest: query.get('sort') === 'time', exact: query.get('exact') === 'true' };
}

export function queryOf({ q, by, newest, exact }: Question): string {
    const parts = [['q', q], ...FILTERS.map((name) => [name, by[name] ?? '']), ['sort', newest ? 'time' : ''], ['exact', exact ? 'true' : '']];
    const said = parts.filter(([, value]) => value).map(([name, value]) => `${name}=${encodeURIComponent(value ?? '')}`);
    return said.length ? `?${said.join('&')}` : '';
}

export const same = (a: Question | null, b: Question | null): boolean => !!a && !!b && queryOf(normal(a)) === queryOf(normal(b));
export const normal = (question: Question): Question => ({ ...question, q: question.q.trim() });

// The filter on, or off again where it has this value. The words are corrected anew.
export function filtered(question: Question, name: Filter, value: string): Question {
    const { [name]: was, ...by } = question.by;
    return { ...question, by: was === value ? by : { ...by, [name]: value } };
}

// The words without the filters that were typed among them.
const FIELD = /(^|[\s(])-?(role|from|in|provider|account|model|kind|type|has|is|lang|before|after|on|during):("[^"]*"?|[^\s")]+)/gi;
export const withoutFields = (q: string): string => q.replace(FIELD, '$1').replace(/\s+/g, ' ').trim();

// What the server is asked. The filters stand in front: the last word is the one that is being typed.
export function askedOf({ q, by, newest, exact }: Question, now: Date, typing: boolean): Asked {
    const from = (days: number) => new Date(now.getTime() - days * DAY_MS).toISOString().slice(0, 10);
    const words = [
        by.provider && `provider:${by.provider}`, by.role && `role:${by.role}`, by.has && `has:${by.has}`, by.language && `lang:${by.language}`, by.is && `is:${by.is}`,
        by.when && (DATE.test(by.when) ? `during:${by.when}` : `after:${from(WHEN[by.when as keyof typeof WHEN])}`), q,
    ];
    return {
        q: words.filter(Boolean).join(' '), zone: -now.getTimezoneOffset(), explain: true,
        ...(by.in ? { conversation: by.in } : newest ? {} : { group: 'conversation' }),
        ...(by.kind ? { kind: by.kind } : {}), ...(newest ? { sort: 'time' } : {}), ...(exact ? { exact } : {}), ...(typing ? { typing } : {}),
    };
}
