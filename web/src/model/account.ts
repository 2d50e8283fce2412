// What belongs to the account itself: sessions, tokens, the password.
import { createStore } from 'zustand/vanilla';
import type { Client } from '../api/client.ts';
import { toProblem, type Problem } from '../api/problem.ts';
import type { Schemas } from '../api/types.ts';

export type LoginSession = Schemas['Session'];
export type Token = Schemas['Token'];

export interface Account {
    sessions: LoginSession[];
    tokens: Token[];
    made: Token | null; // the one just made: its secret is shown this once
    status: 'idle' | 'loading' | 'ready';
    problem: Problem | null;
}

const NOTHING: Account = { sessions: [], tokens: [], made: null, status: 'idle', problem: null };

export type AccountModel = ReturnType<typeof createAccount>;

export function createAccount(client: Client) {
    const store = createStore<Account>(() => NOTHING);

    async function load(): Promise<void> {
        store.setState({ status: 'loading', problem: null });
        try {
            const [sessions, tokens] = await Promise.all([
                client.call('GET /api/v1/sessions', { query: { limit: 200 } }),
                client.call('GET /api/v1/tokens', { query: { limit: 200 } }),
            ]);
            store.setState({ sessions: sessions.items, tokens: tokens.items, status: 'ready' });
        } catch (error) {
            store.setState({ status: 'ready', problem: toProblem(error) });
        }
    }

    // Does it, then shows what is there now. Returns what the form has to say.
    async function change(work: () => Promise<unknown>): Promise<Problem | null> {
        try {
            await work();
        } catch (error) {
            return toProblem(error);
        }
        await load();
        return null;
    }

    return {
        store,
        load,
        // Changed elsewhere: only who has looked looks again.
        renew: async (): Promise<void> => {
            if (store.getState().status === 'ready') await load();
        },
        endSession: (id: string) => change(() => client.call('DELETE /api/v1/sessions/{id}', { path: { id } })),
        endOthers: () => change(() => client.call('DELETE /api/v1/sessions')),
        removeToken: (id: string) => change(() => client.call('DELETE /api/v1/tokens/{id}', { path: { id } })),
        makeToken: (name: string, scopes: string[], expiresDays: number | null) => change(async () => {
            const body = { name, ...(scopes.length ? { scopes } : {}), ...(expiresDays ? { expires_days: expiresDays } : {}) };
            store.setState({ made: await client.call('POST /api/v1/tokens', { body }) });
        }),
        hideMade: () => store.setState({ made: null }),
        changePassword: (oldPassword: string, newPassword: string) => change(() =>
            client.call('POST /api/v1/me/password', { body: { old_password: oldPassword, new_password: newPassword } })),
        clear: () => store.setState(NOTHING, true),
    };
}
