// The places of one conversation that a search found, for the reader: which messages, and the words to mark in them.
import { createStore } from 'zustand/vanilla';
import type { Client } from '../api/client.ts';
import { formsOf } from './marks.ts';
import { ASK, askedOf } from './question.ts';
import { askServer } from './search.ts';

export interface Places {
    conversation: string;
    q: string;
    messages: ReadonlySet<string>; // ids
    forms: string[];               // words as they stand there, folded
    ready: boolean;
}

const PLACES_MAX = 100;
const NONE: Places = { conversation: '', q: '', messages: new Set(), forms: [], ready: false };

export type PlacesModel = ReturnType<typeof createPlaces>;

export function createPlaces(client: Client) {
    const store = createStore<Places>(() => NONE);
    let running: AbortController | null = null;

    // Best effort: without an answer the conversation is read as always. q '': nothing is marked.
    async function open(conversation: string, q: string): Promise<void> {
        const s = store.getState();
        if (s.conversation === conversation && s.q === q) return;
        running?.abort();
        const mine = (running = new AbortController());
        store.setState({ ...NONE, conversation, q }, true);
        if (!q) return;
        const asked = { ...askedOf({ ...ASK, q, by: { in: conversation } }, new Date(), false), explain: false, limit: PLACES_MAX };
        const items = await askServer(client, asked, mine.signal).then((a) => a.items, () => []);
        if (mine !== running) return;
        const found = items.filter((hit) => hit.words.length || hit.highlights.length);
        store.setState({ messages: new Set(found.flatMap((hit) => hit.message_id ?? [])), forms: formsOf(found), ready: true });
    }

    return { store, open, clear: () => void open('', '') };
}
