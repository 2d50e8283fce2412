// How a capture goes on: told over the socket where there is one, else by server-sent events.
import { followCapture, type OpenStream } from '../api/events.ts';
import type { SocketEvents } from '../api/socket.ts';
import type { Connection } from './connection.ts';
import { topicOf } from './topic.ts';

type Capture = SocketEvents['progress'];

// Calls onProgress for what comes; onLost once when nothing will come any more. Returns the way to stop.
export type FollowCapture = (id: string, onProgress: (capture: Capture) => void, onLost: () => void) => () => void;

export interface ProgressParts {
    connection: Connection;
    openStream: OpenStream;
    read: (id: string) => Promise<Capture>;
}

export function createProgress({ connection, openStream, read }: ProgressParts): FollowCapture {
    const listeners = new Map<string, Set<(capture: Capture) => void>>();
    connection.on('progress', (capture) => {
        for (const listener of listeners.get(capture.id) ?? []) listener(capture);
    });

    function listen(id: string, onProgress: (capture: Capture) => void): () => void {
        const all = listeners.get(id) ?? new Set();
        listeners.set(id, all.add(onProgress));
        return () => {
            all.delete(onProgress);
            if (!all.size) listeners.delete(id);
        };
    }

    return (id, onProgress, onLost) => {
        if (connection.store.getState().phase !== 'on') return followCapture(openStream, id, onProgress, onLost);
        const deafen = listen(id, onProgress);
        const leave = connection.join(topicOf('capture', id), {
            // What was told before we were heard, or while the connection was lost, is in the row.
            joined: () => void read(id).then(onProgress, () => undefined),
            refused: onLost,
        });
        return () => {
            deafen();
            leave();
        };
    };
}
