// A file to the server in pieces (tus 1.0.0). After a lost connection, or a reload, it goes on where the server says that it is.
import { isAbort, offline, problemOf, type Problem } from '../api/problem.ts';

const PIECE_BYTES = 8 * 1024 * 1024;
const TRIES = 8;
const WAIT_MS = 1_000; // doubled each time
const TUS = { 'tus-resumable': '1.0.0' };

export interface UploadParts {
    fetch: (url: string, init: RequestInit) => Promise<Response>;
    // What was begun in this tab: where an upload stands at the server. sessionStorage.
    begun: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
    sleep: (ms: number) => Promise<void>;
}
export interface UploadOptions {
    path: string; // with the folders that it lies in
    signal: AbortSignal;
    onSent: (bytes: number) => void;
}
// Gives the upload's id. Throws a Problem; an AbortError where the signal asked for it.
export type UploadFile = (file: File, options: UploadOptions) => Promise<string>;

const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const passes = (problem: Problem): boolean => problem.status === 0 || problem.status === 429 || problem.status === 409 || (problem.status >= 500 && problem.status !== 507);

export function createUploader({ fetch, begun, sleep }: UploadParts): UploadFile {
    async function ask(url: string, init: RequestInit): Promise<Response> {
        let response: Response;
        try {
            response = await fetch(url, { credentials: 'same-origin', ...init, headers: { ...TUS, ...init.headers } });
        } catch (error) {
            throw isAbort(error) ? error : offline();
        }
        if (!response.ok) throw await problemOf(response);
        return response;
    }

    // Where it stands; -1: the server does not know it any more.
    async function offsetOf(url: string, signal: AbortSignal): Promise<number> {
        try {
            const response = await ask(url, { method: 'HEAD', signal });
            return Number(response.headers.get('upload-offset') ?? 0);
        } catch (error) {
            const { status } = error as Problem;
            if (status === 404 || status === 410) return -1;
            throw error;
        }
    }

    async function create(file: File, { path, signal }: UploadOptions): Promise<string> {
        const metadata = `filename ${base64(file.name)},relativePath ${base64(path)}`;
        const response = await ask('/api/v1/uploads', { method: 'POST', signal, headers: { 'upload-length': String(file.size), 'upload-metadata': metadata } });
        return response.headers.get('location') ?? '';
    }

    async function send(url: string, file: File, from: number, { signal, onSent }: UploadOptions): Promise<void> {
        for (let at = from; at < file.size;) {
            const response = await ask(url, {
                method: 'PATCH', signal, body: file.slice(at, at + PIECE_BYTES),
                headers: { 'content-type': 'application/offset+octet-stream', 'upload-offset': String(at) },
            });
            at = Number(response.headers.get('upload-offset') ?? at + PIECE_BYTES);
            onSent(at);
        }
    }

    return async (file, options) => {
        const key = `upload:${options.path}:${file.size}:${file.lastModified}`;
        for (let tries = 0; ; tries++) {
            try {
                let url = begun.getItem(key) ?? '';
                let at = url ? await offsetOf(url, options.signal) : -1;
                if (at < 0) {
                    url = await create(file, options);
                    at = 0;
                    begun.setItem(key, url);
                }
                options.onSent(at);
                await send(url, file, at, options);
                begun.removeItem(key);
                return url.split('/').pop() ?? '';
            } catch (error) {
                if (isAbort(error) || !passes(error as Problem) || tries === TRIES) throw error;
                await sleep(WAIT_MS * 2 ** tries);
            }
        }
    };
}
