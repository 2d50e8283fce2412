// The searches that were made last and those that were saved. They stay on this device, and go when their person signs out.
import { createStore } from 'zustand/vanilla';
import type { StateStore } from '../store/state.ts';
import { normal, queryOf, readQuestion, same, type Question } from './question.ts';

export interface Searches {
    recent: Question[]; // the last one first
    saved: Question[];
}

const NAME = 'searches';
const RECENT_MAX = 8;
const SAVED_MAX = 50;
const NONE: Searches = { recent: [], saved: [] };

export type SearchesModel = ReturnType<typeof createSearches>;

export function createSearches(state: StateStore) {
    const store = createStore<Searches>(() => NONE);

    function set(change: Partial<Searches>): void {
        store.setState(change);
        const { recent, saved } = store.getState();
        void state.write(NAME, { recent: recent.map(queryOf), saved: saved.map(queryOf) });
    }
    const without = (list: Question[], one: Question) => list.filter((q) => !same(q, one));

    return {
        store,
        // They are kept as addresses: what an older version wrote is read as far as it is understood.
        load: async () => {
            const kept = await state.read<Record<keyof Searches, unknown>>(NAME);
            const read = (list: unknown) => (Array.isArray(list) ? list.map((text) => readQuestion(new URLSearchParams(String(text)))).filter((q) => q.q) : []);
            store.setState({ recent: read(kept?.recent).slice(0, RECENT_MAX), saved: read(kept?.saved).slice(0, SAVED_MAX) });
        },
        // Something was found by it, or it was sent off.
        used: (question: Question) => {
            if (question.q.trim()) set({ recent: [normal(question), ...without(store.getState().recent, question)].slice(0, RECENT_MAX) });
        },
        isSaved: (question: Question) => store.getState().saved.some((q) => same(q, question)),
        toggle: (question: Question) => {
            const { saved } = store.getState();
            const rest = without(saved, question);
            set({ saved: rest.length < saved.length ? rest : [normal(question), ...saved].slice(0, SAVED_MAX) });
        },
        forgetRecent: () => set({ recent: [] }),
        clear: async () => {
            store.setState(NONE, true);
            await state.remove(NAME);
        },
    };
}
