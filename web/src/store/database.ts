// The browser's own store (IndexedDB): what the client remembers between visits. One numbered migration
// for each change of its shape, forward only. Without IndexedDB (some private windows) everything works,
// and nothing is remembered.
import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction } from 'idb';
import type { Schemas } from '../api/types.ts';

export interface CachedConversation {
    id: string;
    opened_at: number; // ms, for leaving out the oldest
    conversation: Schemas['Conversation'];
    messages: Schemas['Message'][];
}

export interface Shape extends DBSchema {
    state: { key: string; value: unknown };
    conversations: { key: string; value: CachedConversation; indexes: { opened_at: number } };
}

export type Database = IDBPDatabase<Shape>;
type Upgrade = (db: Database, tx: IDBPTransaction<Shape, ArrayLike<'state' | 'conversations'>, 'versionchange'>) => void;

// Index n brings version n to n + 1. Add at the end, never change one.
const MIGRATIONS: Upgrade[] = [
    (db) => {
        db.createObjectStore('state');
        db.createObjectStore('conversations', { keyPath: 'id' }).createIndex('opened_at', 'opened_at');
    },
];

const NAME = 'vivim';

export async function openDatabase(): Promise<Database | null> {
    try {
        return await openDB<Shape>(NAME, MIGRATIONS.length, {
            upgrade(db, from, _to, tx) {
                for (const migrate of MIGRATIONS.slice(from)) migrate(db, tx as never);
            },
            // A newer client in another tab wants to migrate: let it, this one goes on without its store.
            blocking(_current, _blocked, event) {
                (event.target as IDBDatabase | null)?.close();
            },
        });
    } catch {
        return null;
    }
}
