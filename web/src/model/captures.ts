// Captures: asked for, followed, cancelled. Each one that is being followed has its place in `byId`.
import { createStore } from 'zustand/vanilla';
import type { Client } from '../api/client.ts';
import { toProblem, type Problem } from '../api/problem.ts';
import type { FollowCapture } from '../sync/captures.ts';
import { linkToSend } from './provider.ts';
import { isOver, type Capture } from './phases.ts';
import { millis } from './time.ts';

export interface Captures {
    byId: Record<string, Capture>;
    problems: Record<string, Problem>; // of those that could not be read
    current: string | null;            // the one that the capture box shows
    submitting: boolean;
    problem: Problem | null;           // of the last attempt to start one
    recent: Capture[];
    recentStatus: 'idle' | 'loading' | 'ready';
    recentProblem: Problem | null;
}

const POLL_MS = 2_000;
const NOTHING: Captures = {
    byId: {}, problems: {}, current: null, submitting: false, problem: null, recent: [], recentStatus: 'idle', recentProblem: null,
};

export interface CapturesParts {
    client: Client;
    followCapture: FollowCapture;
    later: (work: () => void, ms: number) => () => void; // a timer; returns the way to stop it
    onDone: (capture: Capture) => void;
}

export type CapturesModel = ReturnType<typeof createCaptures>;

export function createCaptures({ client, followCapture, later, onDone }: CapturesParts) {
    const store = createStore<Captures>(() => NOTHING);
    const stops = new Map<string, () => void>();

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
            if (!again) store.setState((s) => ({ problems: { ...s.problems, [id]: problem } }));
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
            store.setState((s) => ({ problems: { ...s.problems, [id]: problem } }));
            return;
        }
        if (!stops.has(id)) return; // over already
        stops.set(id, followCapture(id, take, () => void poll(id)));
    }

    async function submit(link: string): Promise<string | null> {
        store.setState({ submitting: true, problem: null });
        try {
            const { id } = await client.call('POST /api/v1/captures', { body: { url: linkToSend(link) } });
            store.setState({ submitting: false, current: id });
            void follow(id);
            return id;
        } catch (error) {
            store.setState({ submitting: false, problem: toProblem(error) });
            return null;
        }
    }

    async function cancel(id: string): Promise<void> {
        try {
            await client.call('DELETE /api/v1/captures/{id}', { path: { id } });
            if (!stops.has(id)) void follow(id);
        } catch (error) {
            store.setState({ problem: toProblem(error) });
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

    // After a reload: one that is still under way gets its card back.
    async function resume(): Promise<void> {
        if (store.getState().current) return;
        await loadRecent();
        const running = store.getState().recent.find((c) => !isOver(c));
        if (!running || store.getState().current) return;
        store.setState({ current: running.id });
        void follow(running.id);
    }

    return {
        store,
        submit,
        follow,
        cancel,
        resume,
        loadRecent,
        // Some capture changed: only a list that was looked at is read again.
        renew: async (): Promise<void> => {
            if (store.getState().recentStatus === 'ready') await loadRecent();
        },
        dismiss: () => store.setState({ current: null, problem: null }),
        forgetProblem: () => store.setState({ problem: null }),
        clear: () => {
            for (const id of [...stops.keys()]) unfollow(id);
            store.setState(NOTHING, true);
        },
    };
}
