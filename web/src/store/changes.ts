// Up to where the change feed was heard. What a change takes away goes with it, in one transaction: nothing that is gone
// is shown from here after the next start.
import type { Database } from './database.ts';

export interface ChangeStore {
    read(): Promise<string | null>;
    // gone: conversations that are deleted or not to be read any more.
    take(cursor: string, gone: string[]): Promise<void>;
    clear(): Promise<void>;
}

const NAME = 'cursor';

export function createChangeStore(db: Database | null): ChangeStore {
    async function take(cursor: string, gone: string[]): Promise<void> {
        if (!db) return;
        const tx = db.transaction(['state', 'conversations'], 'readwrite');
        await Promise.all([
            ...gone.map((id) => tx.objectStore('conversations').delete(id)),
            tx.objectStore('state').put(cursor, NAME),
            tx.done,
        ]);
    }
    return {
        read: async () => {
            const cursor: unknown = await db?.get('state', NAME).catch(() => null);
            return typeof cursor === 'string' ? cursor : null;
        },
        take: (cursor, gone) => take(cursor, gone).catch(() => undefined),
        clear: async () => {
            await db?.delete('state', NAME).catch(() => undefined);
        },
    };
}
