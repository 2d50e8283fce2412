// The places of one conversation that a search found, for the reader: which messages, and the words to mark in them.
import { createStore } from 'zustand/vanilla';
import type { Client } from '../api/client.ts';
import { formsOf } from './marks.ts';
import { askedOf, same, type Question } from './question.ts';
import { askServer } from './search.ts';

export interface Places {
    conversation: string;
    question: Question | null;
    messages: ReadonlySet<string>; // ids
    forms: string[];               // words as they stand there, folded
    ready: boolean;
}

const PLACES_MAX = 100;
const NONE: Places = { conversation: '', question: null, messages: new Set(), forms: [], ready: false };

export type PlacesModel = ReturnType<typeof createPlaces>;

export function createPlaces(client: Client) {
    const store = createStore<Places>(() => NONE);
    let running: AbortController | null = null;

    // Best effort: without an answer the conversation is read as always. null: nothing is marked.
    async function open(conversation: string, question: Question | null): Promise<void> {
        const s = store.getState();
        if (s.conversation === conversation && (s.question === question || same(s.question, question))) return;
        running?.abort();
        const mine = (running = new AbortController());
        store.setState({ ...NONE, conversation, question }, true);
        if (!question) return;
        const here: Question = { ...question, by: { ...question.by, in: conversation }, newest: false };
        const asked = { ...askedOf(here, new Date(), false), explain: false, limit: PLACES_MAX };
        const items = await askServer(client, asked, mine.signal).then((a) => a.items, () => []);
        if (mine !== running) return;
        const found = items.filter((hit) => hit.words.length || hit.highlights.length);
        store.setState({ messages: new Set(found.flatMap((hit) => hit.message_id ?? [])), forms: formsOf(found), ready: true });
    }

    return { store, open, clear: () => void open('', null) };
}
