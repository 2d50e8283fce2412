// Who else is in the conversation that is open, and that we are: a sign of life every heartbeat, where we are, whether we
// look. Everybody sees what they could read anyway; who is invisible is seen by nobody.
import { createStore } from 'zustand/vanilla';
import type { People, Person } from '../api/socket.ts';
import { toProblem, type Problem } from '../api/problem.ts';
import type { Connection } from '../sync/connection.ts';
import { topicOf, type ShareableEntity } from '../sync/topic.ts';

export type { Person };

export interface Presence {
    id: string;       // the conversation
    people: Person[]; // the others, by handle
    invisible: boolean | null; // null: not known yet
}

export interface PresenceParts {
    connection: Connection;
    me: () => string; // the account's id
    later: (work: () => void, ms: number) => () => void;
    // The conversation may not be read any more.
    onRefused: (id: string) => void;
}

const HEARTBEAT_MS = 20_000; // until the server says another
const LOOK_REST_MS = 1_000;  // where one looks is told at most so often
const NOWHERE: Presence = { id: '', people: [], invisible: null };

export type PresenceModel = ReturnType<typeof createPresence>;

// "ada-lovelace" is AL, "ada" is AD.
export function initials(handle: string): string {
    const [first = '', second = ''] = handle.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
    return (second ? first.slice(0, 1) + second.slice(0, 1) : first.slice(0, 2)).toUpperCase();
}

export function merge(before: Person[], news: People, me: string): Person[] {
    const kept = news.snapshot ? [] : before.filter((p) => !news.people.some((n) => n.user_id === p.user_id));
    const there = [...kept, ...news.people.filter((p) => p.status !== 'offline' && p.user_id !== me)];
    return there.sort((a, b) => (a.handle < b.handle ? -1 : 1));
}

export function createPresence({ connection, me, later, onRefused }: PresenceParts) {
    const store = createStore<Presence>(() => NOWHERE);
    let heartbeatMs = HEARTBEAT_MS;
    let status: 'online' | 'away' = 'online';
    let messageId = '';
    let leave = () => {};
    let stopBeat = () => {};
    let resting = false;

    const place = (id: string) => topicOf<ShareableEntity>('conversation', id);

    function beat(): void {
        stopBeat();
        if (connection.store.getState().phase !== 'on') return;
        stopBeat = later(beat, heartbeatMs);
        const { id } = store.getState();
        const where = id ? { at: place(id), ...(messageId ? { message_id: messageId } : {}) } : {};
        // Where it is refused, the subscription is too, and that one is told.
        connection.ask('presence', { status, ...where }).catch(() => undefined);
    }

    connection.on('ready', (ready) => {
        heartbeatMs = ready.heartbeat_ms;
        store.setState({ invisible: ready.invisible });
        beat();
    });
    connection.on('connected', ({ recovered }) => {
        if (recovered) beat();
    });
    // The server's heartbeat wakes a page in the background, whose own timers hardly run.
    connection.on('pulse', beat);
    connection.on('presence', (news) => {
        const { id, people } = store.getState();
        if (id && news.topic === place(id)) store.setState({ people: merge(people, news, me()) });
    });

    function open(id: string): void {
        if (store.getState().id === id) return;
        leave();
        messageId = '';
        store.setState({ id, people: [] });
        leave = id
            ? connection.join(place(id), {
                joining: () => store.setState({ people: [] }),
                joined: beat,
                refused: () => {
                    store.setState({ people: [] });
                    onRefused(id);
                },
            })
            : () => {};
        beat();
    }

    // The message that is looked at. What changes within a second is told once.
    function lookAt(id: string): void {
        if (id === messageId) return;
        messageId = id;
        if (resting) return;
        resting = true;
        later(() => {
            resting = false;
            beat();
        }, LOOK_REST_MS);
    }

    async function setInvisible(invisible: boolean): Promise<Problem | null> {
        try {
            await connection.ask('presence', { status: invisible ? 'invisible' : 'visible' });
            store.setState({ invisible });
            return null;
        } catch (error) {
            return toProblem(error);
        }
    }

    return {
        store,
        open,
        close: () => open(''),
        lookAt,
        setInvisible,
        attend: (now: 'online' | 'away') => {
            if (now === status) return;
            status = now;
            beat();
        },
        clear: () => {
            open('');
            store.setState(NOWHERE, true);
        },
    };
}
