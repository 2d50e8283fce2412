// The one connection of the page, and which topics are heard over it. Who wants to hear of a topic joins it once; after
// each reconnection it is subscribed to again. Knows time only as what it is handed.
import { createStore } from 'zustand/vanilla';
import { Problem, toProblem } from '../api/problem.ts';
import type { Listen, OpenSocket, Socket, SocketEvents, SocketQuestions } from '../api/socket.ts';

export interface Follower {
    // Before it is asked for: what was known of it is old.
    joining?(): void;
    // From here on everything comes; what changed before has to be read.
    joined?(): void;
    // It may not be heard, or not any more. The follower is out.
    refused?(problem: Problem): void;
}

export interface ConnectionState {
    phase: 'off' | 'connecting' | 'on' | 'lost';
}

export interface Connection {
    store: { getState(): ConnectionState; subscribe(listener: () => void): () => void };
    start(): void;
    stop(): void;
    retry(): void;
    on: Listen;
    ask: Socket['ask'];
    join(topic: string, follower: Follower): () => void;
}

export interface ConnectionParts {
    open: OpenSocket;
    later: (work: () => void, ms: number) => () => void;
}

const TOPICS_MAX = 50;     // of one question
const RETRY_MS = 5_000;    // where the client itself does not try again

export function createConnection({ open, later }: ConnectionParts): Connection {
    const store = createStore<ConnectionState>(() => ({ phase: 'off' }));
    const listeners: { [E in keyof SocketEvents]?: ((argument: SocketEvents[E]) => void)[] } = {};
    const topics = new Map<string, Set<Follower>>();
    const held = new Map<string, 'asked' | 'heard'>(); // the topics that the server was told we want
    let socket: Socket | null = null;
    let generation = 0; // of start and stop
    let reconciling = false;
    let stopTimer = () => {};

    function tell<E extends keyof SocketEvents>(event: E, argument: SocketEvents[E]): void {
        for (const listener of listeners[event] ?? []) listener(argument);
    }

    async function ask<Q extends keyof SocketQuestions>(question: Q, argument: SocketQuestions[Q]['argument']): Promise<SocketQuestions[Q]['answer']> {
        if (!socket || store.getState().phase !== 'on') throw new Problem(0, 'offline', 'There is no connection.');
        return socket.ask(question, argument);
    }

    function refuse(topic: string, problem: Problem): void {
        const followers = topics.get(topic);
        topics.delete(topic);
        held.delete(topic);
        for (const follower of followers ?? []) follower.refused?.(problem);
    }

    async function subscribe(wanted: string[]): Promise<void> {
        for (const topic of wanted) {
            held.set(topic, 'asked');
            for (const follower of topics.get(topic) ?? []) follower.joining?.();
        }
        const { subscribed, refused } = await ask('subscribe', { topics: wanted });
        for (const { topic, code, detail } of refused) refuse(topic, new Problem(404, code, detail));
        for (const topic of subscribed) {
            held.set(topic, 'heard');
            for (const follower of topics.get(topic) ?? []) follower.joined?.();
        }
    }

    async function unsubscribe(unwanted: string[]): Promise<void> {
        for (const topic of unwanted) held.delete(topic);
        await ask('unsubscribe', { topics: unwanted });
    }

    // Until the server knows what we want. One question after the other, so that the last wish is the last word.
    async function reconcile(): Promise<void> {
        if (reconciling) return;
        reconciling = true;
        try {
            while (store.getState().phase === 'on') {
                const unwanted = [...held.keys()].filter((t) => !topics.has(t)).slice(0, TOPICS_MAX);
                const wanted = [...topics.keys()].filter((t) => !held.has(t)).slice(0, TOPICS_MAX);
                if (unwanted.length) await unsubscribe(unwanted);
                else if (wanted.length) await subscribe(wanted);
                else break;
            }
        } catch (error) {
            // Lost meanwhile: the next connection begins with everything. No answer, or too busy: once more from the start.
            held.clear();
            if (store.getState().phase === 'on') retryLater(() => void reconcile());
            if (toProblem(error).code === 'client') throw error;
        } finally {
            reconciling = false;
        }
    }

    function retryLater(work: () => void): void {
        stopTimer();
        stopTimer = later(work, RETRY_MS);
    }

    function listen(opened: Socket): void {
        const pass = <E extends keyof SocketEvents>(event: E, act: (argument: SocketEvents[E]) => void = () => {}) =>
            opened.on(event, (argument) => {
                if (opened !== socket) return;
                act(argument);
                tell(event, argument);
            });
        pass('connected', ({ recovered }) => {
            if (!recovered) held.clear();
            store.setState({ phase: 'on' });
            void reconcile();
        });
        pass('lost', ({ again }) => {
            store.setState({ phase: 'lost' });
            if (!again) retryLater(() => opened.connect());
        });
        pass('refused', (problem) => {
            store.setState({ phase: 'lost' });
            if (problem.code !== 'unauthenticated') retryLater(() => opened.connect());
        });
        pass('unsubscribed', ({ topic }) => refuse(topic, new Problem(404, 'not_found', 'It is not there any more.')));
        for (const event of ['pulse', 'ready', 'change', 'progress', 'presence', 'signed_out'] as const) pass(event);
    }

    async function begin(mine: number): Promise<void> {
        try {
            const opened = await open();
            if (mine !== generation) return;
            socket = opened;
            listen(opened);
            opened.connect();
        } catch {
            if (mine !== generation) return;
            store.setState({ phase: 'lost' }); // its code could not be loaded
            retryLater(() => void begin(mine));
        }
    }

    return {
        store,
        ask,
        on: (event, listener) => void ((listeners[event] ??= []) as unknown[]).push(listener),
        start: () => {
            if (store.getState().phase !== 'off') return;
            store.setState({ phase: 'connecting' });
            void begin(++generation);
        },
        stop: () => {
            generation++;
            stopTimer();
            socket?.close();
            socket = null;
            held.clear();
            store.setState({ phase: 'off' });
        },
        retry: () => {
            if (store.getState().phase !== 'lost') return;
            stopTimer();
            if (socket) socket.connect();
            else void begin(generation);
        },
        join: (topic, follower) => {
            const followers = topics.get(topic) ?? new Set();
            topics.set(topic, followers.add(follower));
            if (held.get(topic) === 'heard') follower.joined?.();
            else void reconcile();
            return () => {
                followers.delete(follower);
                if (followers.size || topics.get(topic) !== followers) return;
                topics.delete(topic);
                void reconcile();
            };
        },
    };
}
