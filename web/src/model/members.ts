// With whom a conversation is shared, as its owner sees it.
import { createStore } from 'zustand/vanilla';
import type { Client, Reply } from '../api/client.ts';
import { toProblem, type Problem } from '../api/problem.ts';

export type Member = Reply<'GET /api/v1/conversations/{id}/members'>['items'][number];

export interface Members {
    id: string;
    items: Member[];
    owned: boolean; // only its owner may look
    problem: Problem | null;
}

const nothing = (id: string): Members => ({ id, items: [], owned: false, problem: null });

export type MembersModel = ReturnType<typeof createMembers>;

export function createMembers(client: Client) {
    const store = createStore<Members>(() => nothing(''));

    async function load(id: string): Promise<void> {
        if (store.getState().id !== id) store.setState(nothing(id), true);
        try {
            const { items } = await client.call('GET /api/v1/conversations/{id}/members', { path: { id } });
            if (store.getState().id === id) store.setState({ items, owned: true, problem: null });
        } catch (error) {
            const problem = toProblem(error);
            if (store.getState().id === id) store.setState({ owned: false, problem: problem.status === 404 ? null : problem });
        }
    }

    async function change(work: (id: string) => Promise<unknown>): Promise<boolean> {
        const { id } = store.getState();
        try {
            await work(id);
            await load(id);
            return true;
        } catch (error) {
            store.setState({ problem: toProblem(error) });
            return false;
        }
    }

    return {
        store,
        load,
        share: (handle: string, role: Member['role']) =>
            change((id) => client.call('PUT /api/v1/conversations/{id}/members/{handle}', { path: { id, handle }, body: { role } })),
        withdraw: (handle: string) =>
            change((id) => client.call('DELETE /api/v1/conversations/{id}/members/{handle}', { path: { id, handle } })),
        clear: () => store.setState(nothing(''), true),
    };
}
