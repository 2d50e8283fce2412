// Captures: asked for, followed, cancelled. Each one that is being followed has its place in `byId`.
import { createStore } from 'zustand/vanilla';
import type { Client } from '../api/client.ts';
import { toProblem, type Problem } from '../api/problem.ts';
import type { FollowCapture } from '../sync/captures.ts';
import { isOver, type Capture } from './phases.ts';
import { ANY_HOST } from './provider.ts';
import { millis } from './time.ts';

export interface Captures {
    byId: Record<string, Capture>;
    problems: Record<string, Problem>; // of those that could not be read
    recent: Capture[];
    recentStatus: 'idle' | 'loading' | 'ready';
    recentProblem: Problem | null;
}

const POLL_MS = 2_000;
const NOTHING: Captures = {
    byId: {}, problems: {}, recent: [], recentStatus: 'idle', recentProblem: null,
};

export interface CapturesParts {
    client: Client;
    followCapture: FollowCapture;
    later: (work: () => void, ms: number) => () => void; // a timer; returns the way to stop it
    onDone: (capture: Capture) => void;
}

// Of a link of no known provider its owner says that it shall be read all the same.
export const toAsk = (url: string, anyHost: boolean) => (anyHost ? { url, any_host: true } : { url });

export type CapturesModel = ReturnType<typeof createCaptures>;

export function createCaptures({ client, followCapture, later, onDone }: CapturesParts) {
    const store = createStore<Captures>(() => NOTHING);
    const stops = new Map<string, () => void>();

    const setProblem = (id: string, problem: Problem) => store.setState((s) => ({ problems: { ...s.problems, [id]: problem } }));

    function unfollow(id: string): void {
        stops.get(id)?.();
        stops.delete(id);
    }

    function take(capture: Capture): void {
        const before = store.getState().byId[capture.id];
        // What was read can be older than what was told meanwhile; but an end is the end.
        if (before && !isOver(capture) && (isOver(before) || millis(before.updated_at) > millis(capture.updated_at))) return;
        store.setState((s) => ({ byId: { ...s.byId, [capture.id]: capture } }));
        if (!isOver(capture)) return;
        unfollow(capture.id);
        if (capture.status === 'done' && before?.status !== 'done') onDone(capture);
    }

    // Where nothing tells how it goes on (refused, or a proxy that holds events back) it is asked for every two seconds.
    async function poll(id: string): Promise<void> {
        let again = true;
        try {
            const capture = await client.call('GET /api/v1/captures/{id}', { path: { id } });
            again = !isOver(capture);
            take(capture);
        } catch (error) {
            const problem = toProblem(error);
            again = problem.status === 0 || problem.status >= 500 || problem.status === 429;
            if (!again) setProblem(id, problem);
        }
        if (again && stops.has(id)) stops.set(id, later(() => void poll(id), POLL_MS));
        else unfollow(id);
    }

    // Read it once, so that it is there even when no event comes, then listen.
    async function follow(id: string): Promise<void> {
        if (stops.has(id)) return;
        stops.set(id, () => {});
        store.setState((s) => ({ problems: Object.fromEntries(Object.entries(s.problems).filter(([k]) => k !== id)) }));
        try {
            take(await client.call('GET /api/v1/captures/{id}', { path: { id } }));
        } catch (error) {
            const problem = toProblem(error);
            unfollow(id);
            setProblem(id, problem);
            return;
        }
        if (!stops.has(id)) return; // over already
        stops.set(id, followCapture(id, take, () => void poll(id)));
    }

    // The same share again; the id of the new capture.
    async function again(capture: Capture): Promise<string | null> {
        try {
            const { id } = await client.call('POST /api/v1/captures', { body: toAsk(capture.url, capture.provider === ANY_HOST) });
            void follow(id);
            return id;
        } catch (error) {
            setProblem(capture.id, toProblem(error));
            return null;
        }
    }

    async function cancel(id: string): Promise<void> {
        try {
            await client.call('DELETE /api/v1/captures/{id}', { path: { id } });
            if (!stops.has(id)) void follow(id);
        } catch (error) {
            setProblem(id, toProblem(error));
        }
    }

    async function loadRecent(): Promise<void> {
        store.setState({ recentStatus: 'loading', recentProblem: null });
        try {
            const page = await client.call('GET /api/v1/captures', { query: { limit: 50 } });
            store.setState({ recent: page.items, recentStatus: 'ready' });
        } catch (error) {
            store.setState({ recentStatus: 'ready', recentProblem: toProblem(error) });
        }
    }

    return {
        store,
        again,
        follow,
        cancel,
        loadRecent,
        // Some capture changed: only a list that was looked at is read again.
        renew: async (): Promise<void> => {
            if (store.getState().recentStatus === 'ready') await loadRecent();
        },
        clear: () => {
            for (const id of [...stops.keys()]) unfollow(id);
            store.setState(NOTHING, true);
        },
    };
}
