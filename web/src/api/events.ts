// A capture's progress as the server tells it: server-sent events, the object of GET /captures/{id} in each.
import type { Schemas } from './types.ts';

// What we use of EventSource, so that a test can stand in for it.
export interface EventStream {
    addEventListener(name: string, listener: (event: { data?: unknown }) => void): void;
    close(): void;
    readonly readyState: number;
}
export type OpenStream = (url: string) => EventStream;

const CLOSED = 2; // EventSource.CLOSED

// Calls onProgress for each event; onLost once when the stream has ended for good (the browser itself
// reconnects after a broken connection, but not after a refusal). Returns the way to stop.
export function followCapture(open: OpenStream, id: string, onProgress: (capture: Schemas['Capture']) => void, onLost: () => void): () => void {
    const stream = open(`/api/v1/captures/${encodeURIComponent(id)}/events`);
    stream.addEventListener('progress', (event) => {
        if (typeof event.data === 'string') onProgress(JSON.parse(event.data) as Schemas['Capture']);
    });
    stream.addEventListener('error', () => {
        if (stream.readyState !== CLOSED) return;
        stream.close();
        onLost();
    });
    return () => stream.close();
}
