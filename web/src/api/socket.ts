// The one socket to the server: the official Socket.IO client, loaded when it is first needed, its events and questions
// typed (docs/realtime.md says what each means), errors as Problem.
import { asSentence, offline, Problem } from './problem.ts';
import type { Schemas } from './types.ts';

export interface Change {
    entity: Schemas['Entity'];
    id: string;
    kind: 'created' | 'updated' | 'deleted';
    version: number;
    fields: string[];
    owner_id: string;
    actor_id: string | null;
    at: string;
}
export interface Changes {
    items: Change[];
    cursor: string;
    more: boolean;
}
export interface Ready {
    server_time: string;
    cursor: string;
    user_id: string;
    handle: string;
    heartbeat_ms: number;
    invisible: boolean;
}
export interface Person {
    user_id: string;
    handle: string;
    status: 'online' | 'away' | 'offline';
    message_id: string | null;
    last_seen_at: string | null;
}
export interface People {
    topic: string;
    snapshot: boolean; // all who are there, and not only those of whom something changed
    people: Person[];
}

export interface SocketEvents {
    connected: { recovered: boolean }; // recovered: as if the connection had never been lost
    lost: { again: boolean };          // again: the client itself tries to come back
    refused: Problem;                  // the server would not have us; nothing is tried any more
    pulse: null;                       // the server's own heartbeat
    ready: Ready;
    change: Changes;
    progress: Schemas['Capture'];
    presence: People;
    unsubscribed: { topic: string };
    signed_out: Record<string, never>;
}
export interface SocketQuestions {
    subscribe: { argument: { topics: string[] }; answer: { subscribed: string[]; refused: { topic: string; code: string; detail: string }[] } };
    unsubscribe: { argument: { topics: string[] }; answer: unknown };
    changes: { argument: { after: string; limit?: number }; answer: Changes };
    presence: { argument: { status: 'online' | 'away' | 'invisible' | 'visible'; at?: string; message_id?: string }; answer: unknown };
}

export type Listen = <E extends keyof SocketEvents>(event: E, listener: (argument: SocketEvents[E]) => void) => void;

export interface Socket {
    on: Listen;
    // Rejects with the server's Problem; with `offline` where there is no connection or no answer.
    ask<Q extends keyof SocketQuestions>(question: Q, argument: SocketQuestions[Q]['argument']): Promise<SocketQuestions[Q]['answer']>;
    // Now, and not only when the delay is over.
    connect(): void;
    close(): void;
}
export type OpenSocket = () => Promise<Socket>;

const ASK_TIMEOUT_MS = 15_000;
const RECONNECT = { reconnectionDelay: 500, reconnectionDelayMax: 10_000, randomizationFactor: 0.5 };
const PASSED_ON = ['ready', 'change', 'progress', 'presence', 'unsubscribed', 'signed_out'] as const;

const field = (value: unknown, name: string): string => {
    const found = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
    return typeof found === 'string' ? found : '';
};

// An answer of {error: {code, detail, field}}, as a refused CONNECT carries it too.
function problemIn(error: unknown): Problem {
    const code = field(error, 'code') || 'unexpected';
    return new Problem(code === 'unauthenticated' ? 401 : 400, code, asSentence(field(error, 'detail')), { field: field(error, 'field') });
}

export async function openSocket(): Promise<Socket> {
    const { io } = await import('socket.io-client');
    const socket = io({ autoConnect: false, transports: ['websocket', 'polling'], tryAllTransports: true, ...RECONNECT });
    const on: Listen = (event, listener) => {
        const hear = socket.on.bind(socket) as (name: string, heard: (argument: never) => void) => void;
        const tell = listener as (argument: unknown) => void;
        if ((PASSED_ON as readonly string[]).includes(event)) hear(event, tell);
        else if (event === 'connected') hear('connect', () => tell({ recovered: socket.recovered }));
        else if (event === 'pulse') socket.io.on('ping', () => tell(null));
        else if (event === 'refused') hear('connect_error', (error: Error & { data?: unknown }) => { if (!socket.active) tell(problemIn(error.data)); });
        else {
            hear('connect_error', () => { if (socket.active) tell({ again: true }); });
            hear('disconnect', (reason: string) => { if (reason !== 'io client disconnect') tell({ again: socket.active }); });
        }
    };
    return {
        on,
        async ask(question, argument) {
            if (!socket.connected) throw offline();
            const answer: unknown = await socket.timeout(ASK_TIMEOUT_MS).emitWithAck(question, argument).catch(() => { throw offline(); });
            if (typeof answer === 'object' && answer !== null && 'error' in answer) throw problemIn(answer.error);
            return answer as never;
        },
        connect: () => {
            if (socket.connected) return;
            socket.disconnect();
            socket.connect();
        },
        close: () => void socket.disconnect(),
    };
}
