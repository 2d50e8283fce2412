// How the page is to look and to listen: kept between visits.
import { createStore } from 'zustand/vanilla';
import type { StateStore } from '../store/state.ts';

export type Theme = 'system' | 'light' | 'dark';

export interface View {
    theme: Theme;
    shortcuts: boolean; // single-key shortcuts (WCAG 2.1.4: they can be switched off)
}

const NAME = 'view';
const DEFAULT: View = { theme: 'system', shortcuts: true };

export type ViewModel = ReturnType<typeof createView>;

export function createView(state: StateStore) {
    const store = createStore<View>(() => DEFAULT);

    function set(change: Partial<View>): void {
        store.setState(change);
        void state.write(NAME, store.getState());
    }

    return {
        store,
        load: async () => {
            const saved = await state.read<Partial<View>>(NAME);
            const theme: Theme = saved?.theme === 'light' || saved?.theme === 'dark' ? saved.theme : 'system';
            store.setState({ theme, shortcuts: saved?.shortcuts !== false });
        },
        setTheme: (theme: Theme) => set({ theme }),
        setShortcuts: (shortcuts: boolean) => set({ shortcuts }),
    };
}
