// What went wrong, in one shape for the whole client: the server's problem+json (RFC 9457), or our own
// code where no answer came at all.

export class Problem extends Error {
    override name = 'Problem';
    status: number; // HTTP status; 0 where there was no answer
    code: string;   // stable: the server's (src/base/err.h), or `offline`
    field: string;  // the field that is wrong, '' where there is none
    retryAfterSeconds: number | null;
    requestId: string;

    constructor(status: number, code: string, detail: string, more: { field?: string; retryAfterSeconds?: number | null; requestId?: string } = {}) {
        super(detail);
        this.status = status;
        this.code = code;
        this.field = more.field ?? '';
        this.retryAfterSeconds = more.retryAfterSeconds ?? null;
        this.requestId = more.requestId ?? '';
    }
}

export function offline(): Problem {
    return new Problem(0, 'offline', 'The server cannot be reached.');
}

// Anything that was thrown, as a Problem. An abort stays what it is: nobody shows it.
export function toProblem(error: unknown): Problem {
    if (error instanceof Problem) return error;
    return new Problem(0, 'client', error instanceof Error ? error.message : String(error));
}

export function isAbort(error: unknown): boolean {
    return error instanceof Error && error.name === 'AbortError';
}

// The server's details are clauses ("the link names a port"); a page shows sentences. A word with a dot or a colon in it
// (a host, a search field) keeps its small letter.
export function asSentence(detail: string): string {
    const first = detail.split(/\s/, 1)[0] ?? '';
    const begun = /[.:]/.test(first) ? detail : detail.charAt(0).toUpperCase() + detail.slice(1);
    return !begun || /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

// A reply that is not a success. A body that is no problem+json (a proxy's page) still becomes one.
export async function problemOf(response: Response): Promise<Problem> {
    const body: unknown = await response.json().catch(() => null);
    const b = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
    const retry = Number(response.headers.get('retry-after'));
    return new Problem(
        response.status,
        text(b['code']) || (response.status >= 502 && response.status <= 504 ? 'busy' : 'unexpected'),
        asSentence(text(b['detail']) || text(b['title'])) || `The server answered ${response.status}.`,
        {
            // A JSON pointer or a plain name: the last part is what a form calls its field.
            field: text(b['field']).split('/').pop() ?? '',
            retryAfterSeconds: response.headers.has('retry-after') && Number.isFinite(retry) ? retry : null,
            requestId: text(b['request_id']),
        },
    );
}
