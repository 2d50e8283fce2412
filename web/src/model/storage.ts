// What the archive takes, by kind and by import, and what is in the trash.
import type { Client } from '../api/client.ts';
import { toProblem, type Problem } from '../api/problem.ts';
import type { Schemas } from '../api/types.ts';

export interface Used {
    kinds: Schemas['Storage']['kinds'];
    imports: Schemas['Storage']['imports'];
    trash: Schemas['TrashedConversation'][];
}
export type StorageModel = ReturnType<typeof createStorage>;

export function createStorage(client: Client) {
    return {
        async read(): Promise<{ used: Used | null; problem: Problem | null }> {
            try {
                const { kinds, imports } = await client.call('GET /api/v1/storage');
                const { items } = await client.call('GET /api/v1/trash', { query: { limit: 50 } });
                return { used: { kinds, imports, trash: items }, problem: null };
            } catch (error) {
                return { used: null, problem: toProblem(error) };
            }
        },
        async restore(id: string): Promise<Problem | null> {
            try {
                await client.call('POST /api/v1/trash/{id}/restore', { path: { id } });
                return null;
            } catch (error) {
                return toProblem(error);
            }
        },
    };
}
