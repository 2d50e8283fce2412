// One conversation and its messages. The cached copy is shown first; the rest is read page by page behind it, so that a
// conversation of thousands of messages can be read from its first second on.
import { createStore } from 'zustand/vanilla';
import type { Client } from '../api/client.ts';
import { toProblem, type Problem } from '../api/problem.ts';
import type { Schemas } from '../api/types.ts';
import type { ConversationCache } from '../store/conversations.ts';
import { firstLine } from './blocks.ts';

export type Conversation = Schemas['Conversation'];
export type Message = Schemas['Message'];
export type Source = Schemas['Source'];

export interface Reader {
    id: string;
    all: boolean; // hidden messages and other branches too
    conversation: Conversation | null;
    messages: Message[];
    complete: boolean; // every message is there
    paused: boolean;   // there are more than are read without being asked for
    offline: boolean;  // shown from the cache, the server could not be asked
    ended: 'withdrawn' | 'deleted' | null; // while it was open
    problem: Problem | null;
}

const PAGE = 200;
const READ_AHEAD_MAX = 5_000; // messages
const nothing = (id: string): Reader => ({
    id, all: false, conversation: null, messages: [], complete: false, paused: false, offline: false, ended: null, problem: null,
});

export interface OutlineEntry {
    id: string;
    number: number;
    text: string;
}

export function outline(messages: Message[]): OutlineEntry[] {
    return messages
        .filter((m) => m.role === 'user' && !m.hidden && m.on_path)
        .map((m, i) => ({ id: m.id, number: i + 1, text: firstLine(m.blocks) || 'Without text' }));
}

// What is still the same stays the same object: what was made of it is not made again.
export function keepSame(before: Message[], now: Message[]): Message[] {
    const known = new Map(before.map((m) => [m.id, m]));
    return now.map((m) => {
        const old = known.get(m.id);
        return old && old.version === m.version && old.hash === m.hash && old.on_path === m.on_path && old.hidden === m.hidden ? old : m;
    });
}

export interface ReaderParts {
    client: Client;
    cache: ConversationCache;
    now: () => number;
}

export type ReaderModel = ReturnType<typeof createReader>;

export function createReader({ client, cache, now }: ReaderParts) {
    const store = createStore<Reader>(() => nothing(''));
    let generation = 0;
    let cursor: string | null = null;
    let removing = '';

    const pageOf = (id: string, all: boolean, after: string | null) =>
        client.call('GET /api/v1/conversations/{id}/messages', {
            path: { id }, query: { limit: PAGE, ...(after ? { cursor: after } : {}), ...(all ? { all } : {}) },
        });

    // Reads on until the end, the read-ahead limit or another conversation. `shown` counts what was there before.
    async function readOn(mine: number, limit: number): Promise<void> {
        const { id, all } = store.getState();
        let known: Message[] = cursor ? store.getState().messages : [];
        do {
            const page = await pageOf(id, all, cursor);
            if (mine !== generation) return;
            known = [...known, ...page.items];
            cursor = page.next_cursor;
            store.setState({ messages: known, complete: !cursor, paused: !!cursor && known.length >= limit });
        } while (cursor && known.length < limit);
    }

    async function remember(mine: number): Promise<void> {
        const { conversation, messages, complete, all } = store.getState();
        if (mine !== generation || !conversation || !complete || all) return;
        await cache.write({ id: conversation.id, opened_at: now(), conversation, messages });
    }

    async function refresh(mine: number, id: string): Promise<void> {
        const cached = await cache.read(id);
        if (mine !== generation) return;
        if (cached && !store.getState().all) store.setState({ conversation: cached.conversation, messages: cached.messages, complete: true });
        const conversation = await client.call('GET /api/v1/conversations/{id}', { path: { id } });
        if (mine !== generation) return;
        store.setState({ conversation, offline: false });
        const current = cached && cached.conversation.version === conversation.version && cached.conversation.hash === conversation.hash;
        cursor = null;
        if (!current || store.getState().all) await readOn(mine, READ_AHEAD_MAX);
        await remember(mine);
    }

    async function open(id: string, all = false): Promise<void> {
        const mine = ++generation;
        const before = store.getState();
        cursor = null;
        if (before.id !== id) store.setState(nothing(id), true);
        store.setState({ all, ended: null, problem: null, ...(before.all !== all ? { complete: false } : {}) });
        try {
            await refresh(mine, id);
        } catch (error) {
            if (mine !== generation) return;
            const problem = toProblem(error);
            if (problem.status === 404) {
                void cache.remove(id);
                store.setState({ ...nothing(id), problem }, true);
            } else if (problem.status === 0 && store.getState().messages.length) {
                store.setState({ offline: true });
            } else {
                store.setState({ problem });
            }
        }
    }

    async function more(): Promise<void> {
        const mine = generation;
        if (!cursor) return;
        store.setState({ paused: false, problem: null });
        try {
            await readOn(mine, store.getState().messages.length + READ_AHEAD_MAX);
        } catch (error) {
            if (mine === generation) store.setState({ paused: true, problem: toProblem(error) });
        }
    }

    // It has changed: read again as far as it is shown, and then shown at once, so that nothing jumps.
    async function renew(id: string): Promise<void> {
        const before = store.getState();
        if (!id || before.id !== id || !before.conversation) return;
        if (!before.complete && !before.paused) return open(id, before.all); // it is being read
        const mine = ++generation;
        try {
            const conversation = await client.call('GET /api/v1/conversations/{id}', { path: { id } });
            let now: Message[] = [];
            let next: string | null = null;
            do {
                const page = await pageOf(id, before.all, next);
                now = [...now, ...page.items];
                next = page.next_cursor;
            } while (next && now.length < before.messages.length);
            if (mine !== generation) return;
            cursor = next;
            store.setState({ conversation, messages: keepSame(before.messages, now), complete: !next, paused: !!next, offline: false, problem: null });
            await remember(mine);
        } catch (error) {
            if (mine === generation && toProblem(error).status === 404) end(id);
        }
    }

    // The right to read it went, or it went itself, while it was open. Of another's we know only that it is not for us.
    function end(id: string, why?: 'withdrawn' | 'deleted'): void {
        void cache.remove(id);
        const { id: shown, conversation, ended } = store.getState();
        if (shown !== id || removing === id || (!conversation && !ended)) return;
        generation++;
        const guess = conversation?.role === 'owner' ? 'deleted' : 'withdrawn';
        store.setState({ ...nothing(id), ended: why ?? ended ?? guess }, true);
    }

    // It may not be heard of live: is it there at all?
    async function check(id: string): Promise<void> {
        try {
            await client.call('GET /api/v1/conversations/{id}', { path: { id } });
        } catch (error) {
            if (toProblem(error).status === 404) end(id);
        }
    }

    async function rename(title: string): Promise<Problem | null> {
        const { id } = store.getState();
        try {
            const conversation = await client.call('PATCH /api/v1/conversations/{id}', { path: { id }, body: { title } });
            if (store.getState().id === id) store.setState({ conversation });
            await remember(generation);
            return null;
        } catch (error) {
            return toProblem(error);
        }
    }

    async function sources(): Promise<{ items: Source[] } | { problem: Problem }> {
        try {
            return { items: (await client.call('GET /api/v1/conversations/{id}/sources', { path: { id: store.getState().id } })).items };
        } catch (error) {
            return { problem: toProblem(error) };
        }
    }

    // What comes from this source becomes a conversation of its own: its id.
    async function split(source: string): Promise<{ id: string } | { problem: Problem }> {
        const { id } = store.getState();
        try {
            const made = await client.call('POST /api/v1/conversations/{id}/split', { path: { id }, body: { source_id: source } });
            await cache.remove(id); // what is kept of it says too much now
            return { id: made.id };
        } catch (error) {
            return { problem: toProblem(error) };
        }
    }

    async function remove(): Promise<Problem | null> {
        const { id } = store.getState();
        removing = id;
        try {
            await client.call('DELETE /api/v1/conversations/{id}', { path: { id } });
            await cache.remove(id);
            return null;
        } catch (error) {
            removing = '';
            return toProblem(error);
        }
    }

    return {
        store,
        open,
        more,
        renew,
        check,
        end,
        rename,
        sources,
        split,
        remove,
        clear: () => {
            generation++;
            store.setState(nothing(''), true);
        },
    };
}
