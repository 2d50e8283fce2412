// Who is signed in. Starts from what was remembered, so that the page is there at once, and asks the server behind it.
import { createStore } from 'zustand/vanilla';
import type { Client } from '../api/client.ts';
import { toProblem, type Problem } from '../api/problem.ts';
import type { Schemas } from '../api/types.ts';
import type { StateStore } from '../store/state.ts';

export type User = Schemas['User'];

export interface Session {
    phase: 'starting' | 'setup' | 'signed_out' | 'signed_in' | 'unreachable';
    user: User | null;
    expired: boolean; // signed out by the server, not by the person
}

const NAME = 'auth';

export type SessionModel = ReturnType<typeof createSession>;

export interface SessionParts {
    client: Client;
    state: StateStore;
    // Everything that belongs to an account and not to the browser is forgotten.
    wipe: () => Promise<void>;
}

export function createSession({ client, state, wipe }: SessionParts) {
    const store = createStore<Session>(() => ({ phase: 'starting', user: null, expired: false }));

    async function signedIn(user: User): Promise<void> {
        const remembered = await state.read<User>(NAME);
        if (remembered && remembered.id !== user.id) await wipe();
        await state.write(NAME, user);
        store.setState({ phase: 'signed_in', user, expired: false });
    }

    async function forget(expired: boolean): Promise<void> {
        if (!expired) {
            await state.remove(NAME);
            await wipe();
        }
        store.setState({ phase: 'signed_out', user: null, expired });
    }

    // The server said 401 on a guarded route. What was cached stays for the same person, who signs in again.
    function expire(): void {
        if (store.getState().phase === 'signed_in') void forget(true);
    }

    async function ask(): Promise<void> {
        const known = await client.call('GET /api/v1/auth/state');
        if (known.signed_in) await signedIn((await client.call('GET /api/v1/me')).user);
        else store.setState({ phase: known.setup_needed ? 'setup' : 'signed_out', user: null });
    }

    async function start(): Promise<void> {
        const remembered = await state.read<User>(NAME);
        if (remembered) store.setState({ phase: 'signed_in', user: remembered });
        try {
            await ask();
        } catch {
            if (store.getState().phase !== 'signed_in') store.setState({ phase: 'unreachable' });
        }
    }

    // What the form shows: null when it worked.
    async function attempt(work: () => Promise<{ user: User }>): Promise<Problem | null> {
        try {
            await signedIn((await work()).user);
            return null;
        } catch (error) {
            return toProblem(error);
        }
    }

    return {
        store,
        start,
        expire,
        login: (handle: string, password: string) =>
            attempt(() => client.call('POST /api/v1/auth/login', { body: { handle, password } })),
        loginByLink: (token: string) => attempt(() => client.call('POST /api/v1/auth/link', { body: { token } })),
        setup: (token: string, handle: string, password: string) =>
            attempt(() => client.call('POST /api/v1/auth/setup', { body: { token, handle, password } })),
        logout: async (): Promise<Problem | null> => {
            try {
                await client.call('POST /api/v1/auth/logout');
            } catch (error) {
                const problem = toProblem(error);
                if (problem.status !== 401) return problem; // still signed in there: do not pretend
            }
            await forget(false);
            return null;
        },
    };
}
