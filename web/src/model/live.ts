// What happens at this moment: the connection, who else is where, and to whom each piece of news goes.
import { createStore } from 'zustand/vanilla';
import type { Change, OpenSocket, Person, Socket } from '../api/socket.ts';
import type { StateStore } from '../store/state.ts';
import { createFeed } from '../sync/feed.ts';
import type { Capture } from './phases.ts';

export interface Live {
    connection: 'off' | 'connecting' | 'live' | 'lost';
    people: Record<string, Person[]>; // by topic: who else is there
    invisible: boolean;
}

export interface LiveParts {
    open: OpenSocket;
    state: StateStore;
    later: (work: () => void, ms: number) => () => void;
    onChanges: (items: Change[]) => void;
    onGap: () => void;
    onWithdrawn: (topic: string) => void;
    onSignedOut: () => void;
}

const NOTHING: Live = { connection: 'off', people: {}, invisible: false };
const HEARTBEAT_MS = 20_000;

export type LiveModel = ReturnType<typeof createLive>;

export function createLive({ open, state, later, onChanges, onGap, onWithdrawn, onSignedOut }: LiveParts) {
    const store = createStore<Live>(() => NOTHING);
    const feed = createFeed({ state, onChanges, onGap });
    const watched = new Map<string, number>(); // topics, and by how many
    const captures = new Map<string, (capture: Capture) => void>();
    let socket: Socket | null = null;
    let opening = 0; // an opening that was overtaken is closed again
    let me = '';
    let where: string | undefined;
    let away = false;
    let stopBeating = () => {};
    let beatMs = HEARTBEAT_MS;

    function beat(): void {
        stopBeating();
        if (!socket || store.getState().connection !== 'live') return;
        socket.ask('presence', { status: away ? 'away' : 'online', ...(where ? { at: where } : {}) }).catch(() => undefined);
        stopBeating = later(beat, beatMs);
    }

    function takePeople(topic: string, snapshot: boolean, news: Person[]): void {
        const known = new Map(snapshot ? [] : (store.getState().people[topic] ?? []).map((p) => [p.user_id, p]));
        for (const person of news) {
            if (person.status === 'offline' || person.user_id === me) known.delete(person.user_id);
            else known.set(person.user_id, person);
        }
        store.setState((s) => ({ people: { ...s.people, [topic]: [...known.values()] } }));
    }

    function forgetPeople(topic: string): void {
        store.setState((s) => ({ people: Object.fromEntries(Object.entries(s.people).filter(([name]) => name !== topic)) }));
    }

    function listen(on: Socket): void {
        on.on('connect', () => {
            store.setState({ connection: 'live', people: {} });
            on.ask('subscribe', { topics: [...watched.keys()] }).catch(() => undefined);
            beat();
        });
        on.on('disconnect', () => {
            stopBeating();
            store.setState({ connection: 'lost', people: {} });
        });
        on.on('connect_error', ({ data }) => {
            store.setState({ connection: 'lost' });
            if (data?.code === 'unauthenticated') onSignedOut();
        });
        on.on('ready', ({ cursor, heartbeat_ms, invisible }) => {
            beatMs = heartbeat_ms;
            store.setState({ invisible });
            feed.ready(on, cursor).catch(() => undefined);
        });
        on.on('change', (changes) => void feed.heard(on, changes).catch(() => undefined));
        on.on('progress', (capture) => captures.get(capture.id)?.(capture));
        on.on('presence', ({ topic, snapshot, people }) => takePeople(topic, snapshot, people));
        on.on('unsubscribed', ({ topic }) => {
            forgetPeople(topic);
            onWithdrawn(topic);
        });
        on.on('signed_out', onSignedOut);
    }

    async function start(userId: string): Promise<void> {
        if (socket) return;
        const mine = ++opening;
        me = userId;
        store.setState({ connection: 'connecting' });
        try {
            const opened = await open();
            if (mine !== opening) return opened.close();
            socket = opened;
            listen(opened);
        } catch {
            store.setState({ connection: 'lost' }); // the client itself could not be loaded
        }
    }

    // Hear of a topic until the returned function is called.
    function watch(topic: string): () => void {
        const others = watched.get(topic) ?? 0;
        watched.set(topic, others + 1);
        const isLive = () => store.getState().connection === 'live';
        if (!others && isLive()) socket?.ask('subscribe', { topics: [topic] }).catch(() => undefined);
        let done = false;
        return () => {
            if (done) return;
            done = true;
            const left = (watched.get(topic) ?? 1) - 1;
            if (left) return void watched.set(topic, left);
            watched.delete(topic);
            forgetPeople(topic);
            if (isLive()) socket?.ask('unsubscribe', { topics: [topic] }).catch(() => undefined);
        };
    }

    return {
        store,
        start,
        watch,
        // This person looks at a conversation, until the returned function is called.
        lookAt(id: string): () => void {
            const topic = `conversation:${id}`;
            const leave = watch(topic);
            where = topic;
            beat();
            return () => {
                if (where === topic) where = undefined;
                leave();
                beat();
            };
        },
        // A capture's progress over the socket; null where there is none just now.
        followCapture(id: string, onProgress: (capture: Capture) => void, onLost: () => void): (() => void) | null {
            if (store.getState().connection !== 'live') return null;
            captures.set(id, onProgress);
            const leave = watch(`capture:${id}`);
            const unsubscribe = store.subscribe(({ connection }) => {
                if (connection === 'live') return;
                stop();
                onLost();
            });
            const stop = () => {
                unsubscribe();
                captures.delete(id);
                leave();
            };
            return stop;
        },
        setAway(now: boolean): void {
            if (away === now) return;
            away = now;
            beat();
        },
        async setInvisible(invisible: boolean): Promise<boolean> {
            const answer = await socket?.ask('presence', { status: invisible ? 'invisible' : 'visible' }).catch(() => null);
            const kept = !!answer && !('error' in answer);
            if (kept) store.setState({ invisible });
            return kept;
        },
        tryNow: () => socket?.connect(),
        stop(): void {
            opening++;
            stopBeating();
            socket?.close();
            socket = null;
            store.setState(NOTHING, true);
        },
        clear: () => feed.clear(),
    };
}
