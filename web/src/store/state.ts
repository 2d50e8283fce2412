// Small values under a name: who is signed in, how the page is to look.
import type { Database } from './database.ts';

export interface StateStore {
    read<T>(name: string): Promise<T | undefined>;
    write(name: string, value: unknown): Promise<void>;
    remove(name: string): Promise<void>;
}

// A store that fails (full, closed by another tab) must not stop the page: what it holds is a convenience.
export function createStateStore(db: Database | null): StateStore {
    return {
        read: async <T>(name: string) => (await db?.get('state', name).catch(() => undefined)) as T | undefined,
        write: async (name, value) => {
            await db?.put('state', value, name).catch(() => undefined);
        },
        remove: async (name) => {
            await db?.delete('state', name).catch(() => undefined);
        },
    };
}
