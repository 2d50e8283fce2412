// The conversations read last, so that they open at once and can be read while the server is away.
import type { CachedConversation, Database } from './database.ts';

export interface ConversationCache {
    read(id: string): Promise<CachedConversation | undefined>;
    write(entry: CachedConversation): Promise<void>;
    remove(id: string): Promise<void>;
    clear(): Promise<void>;
}

const KEPT = 30;            // conversations
const MESSAGES_MAX = 1000;  // of one conversation; longer ones are read from the server

export function createConversationCache(db: Database | null): ConversationCache {
    async function write(entry: CachedConversation): Promise<void> {
        if (!db || entry.messages.length > MESSAGES_MAX) return;
        const tx = db.transaction('conversations', 'readwrite');
        await tx.store.put(entry);
        let over = (await tx.store.count()) - KEPT;
        for (let oldest = await tx.store.index('opened_at').openCursor(); oldest && over > 0; over--) {
            await oldest.delete();
            oldest = await oldest.continue();
        }
        await tx.done;
    }
    return {
        read: async (id) => db?.get('conversations', id).catch(() => undefined),
        write: (entry) => write(entry).catch(() => undefined),
        remove: async (id) => {
            await db?.delete('conversations', id).catch(() => undefined);
        },
        clear: async () => {
            await db?.clear('conversations').catch(() => undefined);
        },
    };
}
