// Stand-ins for what the models are handed: a server of canned answers, a timer that is turned by hand.
import { createClient, type Client } from '../src/api/client.ts';
import type { StateStore } from '../src/store/state.ts';

export interface Asked {
    method: string;
    path: string;
    query: URLSearchParams;
    body: unknown;
    signal: AbortSignal | null;
}
export type Answer = { status?: number; body?: unknown; type?: string; headers?: Record<string, string> } | 'offline';

// `answer` may wait: a test decides when the server is done.
export function fakeServer(answer: (asked: Asked) => Answer | Promise<Answer>) {
    const log: Asked[] = [];
    let signedOut = 0;
    const client: Client = createClient({
        onSignedOut: () => signedOut++,
        fetch: async (url, init) => {
            const { pathname, searchParams } = new URL(url, 'http://vivim.test');
            const asked: Asked = {
                method: init.method ?? '', path: pathname, query: searchParams, signal: init.signal ?? null,
                body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined,
            };
            log.push(asked);
            const given = await answer(asked);
            if (asked.signal?.aborted) throw new DOMException('aborted', 'AbortError');
            if (given === 'offline') throw new TypeError('failed to fetch');
            const { status = 200, body, type = status >= 400 ? 'application/problem+json' : 'application/json', headers = {} } = given;
            if (body === undefined) return new Response(null, { status: status === 200 ? 204 : status, headers });
            return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers: { 'content-type': type, ...headers } });
        },
    });
    return { client, log, signedOut: () => signedOut };
}

export function problem(status: number, code: string, detail = code, more: object = {}): Answer {
    return { status, body: { type: 'about:blank', title: code, status, code, detail, request_id: 'r1', ...more } };
}

export function fakeTimer() {
    let waiting: { work: () => void; ms: number }[] = [];
    return {
        later: (work: () => void, ms: number) => {
            const entry = { work, ms };
            waiting.push(entry);
            return () => {
                waiting = waiting.filter((e) => e !== entry);
            };
        },
        turn: () => {
            const due = waiting;
            waiting = [];
            for (const { work } of due) work();
        },
        waiting: () => waiting.map((e) => e.ms),
    };
}

export function memoryState(initial: Record<string, unknown> = {}): StateStore & { all: Map<string, unknown> } {
    const all = new Map(Object.entries(initial));
    return {
        all,
        read: async <T>(name: string) => all.get(name) as T | undefined,
        write: async (name, value) => void all.set(name, value),
        remove: async (name) => void all.delete(name),
    };
}

export function deferred<T>() {
    let resolve!: (value: T) => void;
    const promise = new Promise<T>((r) => (resolve = r));
    return { promise, resolve };
}

// Lets everything that is ready to go on go on.
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
