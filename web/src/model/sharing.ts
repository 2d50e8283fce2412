// With whom one conversation of ours is shared.
import { createStore } from 'zustand/vanilla';
import type { Client, Reply } from '../api/client.ts';
import { toProblem, type Problem } from '../api/problem.ts';

export type Member = Reply<'GET /api/v1/conversations/{id}/members'>['items'][number];
export type Role = Member['role'];

export interface Sharing {
    id: string; // '': nobody looks at it
    members: Member[];
    status: 'idle' | 'loading' | 'ready';
    problem: Problem | null; // of reading
}

const NOTHING: Sharing = { id: '', members: [], status: 'idle', problem: null };

export type SharingModel = ReturnType<typeof createSharing>;

export function createSharing(client: Client) {
    const store = createStore<Sharing>(() => NOTHING);

    async function load(id: string): Promise<void> {
        if (store.getState().id !== id) store.setState({ ...NOTHING, id }, true);
        store.setState({ status: 'loading', problem: null });
        try {
            const { items } = await client.call('GET /api/v1/conversations/{id}/members', { path: { id } });
            if (store.getState().id === id) store.setState({ members: items, status: 'ready' });
        } catch (error) {
            if (store.getState().id === id) store.setState({ status: 'ready', problem: toProblem(error) });
        }
    }

    // Does it, then shows what is there now. What the form has to say: null when it worked.
    async function change(work: (id: string) => Promise<unknown>): Promise<Problem | null> {
        const { id } = store.getState();
        try {
            await work(id);
        } catch (error) {
            return toProblem(error);
        }
        await load(id);
        return null;
    }

    return {
        store,
        load,
        // Something about grants changed somewhere: only who looks at them asks again.
        renew: async (): Promise<void> => {
            const { id } = store.getState();
            if (id) await load(id);
        },
        share: (handle: string, role: Role) => change((id) =>
            client.call('PUT /api/v1/conversations/{id}/members/{handle}', { path: { id, handle: handle.replace(/^@/, '') }, body: { role } })),
        withdraw: (handle: string) => change((id) =>
            client.call('DELETE /api/v1/conversations/{id}/members/{handle}', { path: { id, handle } })),
        clear: () => store.setState(NOTHING, true),
    };
}
