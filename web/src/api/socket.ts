// The socket: what we use of the official client, so that a test can stand in for it, and how it is opened.
// docs/realtime.md has the events. The client is a chunk of its own, loaded when the page is there.
import type { Schemas } from './types.ts';

export interface Change {
    entity: string;
    id: string;
    kind: 'created' | 'updated' | 'deleted';
    version: number;
    fields: string[];
}
export interface Changes { items: Change[]; cursor: string; more: boolean }

export interface Person {
    user_id: string;
    handle: string;
    status: 'online' | 'away' | 'offline';
    message_id: string | null;
    last_seen_at: string | null;
}

export interface Heard {
    connect: () => void;
    disconnect: (why: string) => void;
    connect_error: (error: { data?: { code?: string } }) => void;
    ready: (ready: { cursor: string; heartbeat_ms: number; invisible: boolean }) => void;
    change: (changes: Changes) => void;
    progress: (capture: Schemas['Capture']) => void;
    presence: (news: { topic: string; snapshot: boolean; people: Person[] }) => void;
    unsubscribed: (gone: { topic: string }) => void;
    signed_out: () => void;
}

export interface Asked {
    subscribe: { ask: { topics: string[] }; answer: { subscribed: string[]; refused: { topic: string; code: string }[] } };
    unsubscribe: { ask: { topics: string[] }; answer: object };
    changes: { ask: { after: string }; answer: Changes };
    presence: { ask: { status: string; at?: string; message_id?: string }; answer: object };
}
export interface Failure { error: { code: string; detail: string } }

export interface Socket {
    readonly recovered: boolean;
    on<E extends keyof Heard>(event: E, listener: Heard[E]): void;
    ask<E extends keyof Asked>(event: E, argument: Asked[E]['ask']): Promise<Asked[E]['answer'] | Failure>;
    connect(): void; // at once, without waiting for the next try
    close(): void;
}
export type OpenSocket = () => Promise<Socket>;

const ANSWER_MS = 15_000;

// The official client reconnects by itself: after 1 s, 2 s, 4 s … up to 30 s, each off by up to a half, so that a server
// that comes back is not run down by everybody at once.
export const openSocket: OpenSocket = async () => {
    const { io } = await import('socket.io-client');
    const socket = io({ transports: ['websocket', 'polling'], tryAllTransports: true, reconnectionDelay: 1_000, reconnectionDelayMax: 30_000, randomizationFactor: 0.5 });
    return {
        get recovered() { return socket.recovered; },
        on: (event, listener) => void socket.on(event as string, listener as (...args: unknown[]) => void),
        ask: (event, argument) => socket.timeout(ANSWER_MS).emitWithAck(event, argument) as Promise<never>,
        connect: () => void socket.connect(),
        close: () => void socket.disconnect(),
    };
};
