// The one way to the server: typed by the routes of /openapi.json, errors as Problem.
import { isAbort, offline, problemOf } from './problem.ts';
import type { Operations } from './types.ts';

export type Route = keyof Operations;
type Part<R extends Route, K extends string> = Operations[R] extends { [P in K]: infer V } ? V : undefined;
type Given<R extends Route, K extends 'path' | 'body'> = Part<R, K> extends undefined ? { [P in K]?: undefined } : { [P in K]: Part<R, K> };

export type Reply<R extends Route> = Part<R, 'reply'>;
export type Options<R extends Route> = Given<R, 'path'> & Given<R, 'body'> & { query?: Part<R, 'query'>; signal?: AbortSignal };
// Options may be left out where the route needs none.
type Arguments<R extends Route> = Record<never, never> extends Options<R> ? [options?: Options<R>] : [options: Options<R>];

export interface Client {
    call<R extends Route>(route: R, ...options: Arguments<R>): Promise<Reply<R>>;
    text<R extends Route>(route: R, ...options: Arguments<R>): Promise<string>; // of a route whose answer is no JSON
}

export interface ClientParts {
    fetch: (url: string, init: RequestInit) => Promise<Response>;
    // A guarded route said that nobody is signed in (any more).
    onSignedOut: () => void;
}

interface Loose {
    path?: Record<string, string> | undefined;
    query?: Record<string, unknown> | undefined;
    body?: unknown;
    signal?: AbortSignal | undefined;
}

// "GET /api/v1/conversations/{id}" with its parts -> method and URL.
export function address(route: string, { path = {}, query = {} }: Loose): { method: string; url: string } {
    const [method = '', template = ''] = route.split(' ');
    const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''));
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
        if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
    }
    const tail = search.toString();
    return { method, url: tail ? `${filled}?${tail}` : filled };
}

export function createClient({ fetch, onSignedOut }: ClientParts): Client {
    async function ask(route: string, options: Loose): Promise<Response> {
        const { method, url } = address(route, options);
        const init: RequestInit = { method, credentials: 'same-origin', headers: { accept: 'application/json' } };
        if (options.signal) init.signal = options.signal;
        if (options.body !== undefined) {
            init.body = JSON.stringify(options.body);
            init.headers = { ...init.headers, 'content-type': 'application/json' };
        }
        let response: Response;
        try {
            response = await fetch(url, init);
        } catch (error) {
            throw isAbort(error) ? error : offline();
        }
        if (!response.ok) {
            const problem = await problemOf(response);
            if (problem.status === 401 && problem.code !== 'bad_login') onSignedOut();
            throw problem;
        }
        return response;
    }

    async function call(route: string, options: Loose = {}): Promise<unknown> {
        const response = await ask(route, options);
        if (response.status === 204 || !/json/.test(response.headers.get('content-type') ?? '')) return undefined;
        try {
            return await response.json();
        } catch (error) {
            throw isAbort(error) ? error : offline(); // the connection ended within the body
        }
    }
    async function text(route: string, options: Loose = {}): Promise<string> {
        const response = await ask(route, options);
        return response.text().catch((error: unknown) => {
            throw isAbort(error) ? error : offline();
        });
    }
    return { call: call as Client['call'], text: text as Client['text'] };
}
