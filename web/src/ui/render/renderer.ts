// Rendered fragments for the page: asks the worker, sanitises its answer, remembers it. A text that takes longer than
// TIMEOUT_MS loses its turn (the worker is ended and started anew); its source is shown instead.
import type { Answer, Work } from './protocol.ts';
import workerUrl from './worker.ts?worker&url';

export interface Renderer {
    // The fragment is the caller's own. null: show the source.
    render(work: Work): Promise<DocumentFragment | null>;
    idle(): Promise<void>; // all that was asked for until now is rendered, and stands in the page
}

const TIMEOUT_MS = 4_000;
const KEPT_UNITS = 4_000_000; // of remembered HTML, in UTF-16 units

interface Job {
    id: number;
    work: Work;
    done: (html: string | null) => void;
    fail: (why: Error) => void;
}

const keyOf = (work: Work): string =>
    `${work.kind}|${work.kind === 'code' ? work.language : work.kind === 'math' ? work.display : ''}|${work.text}`;

// Sanitiser and worker arrive in chunks of their own at the first use.
export function createRenderer(): Renderer {
    let worker: Worker | null = null;
    let jobs: Job[] = []; // the first one is the worker's
    let timer = 0;
    let next = 1;
    let keptUnits = 0;
    const kept = new Map<string, string | null>(); // oldest first
    const library = () => import('./sanitize.ts');

    function remember(key: string, html: string | null): void {
        kept.set(key, html);
        keptUnits += key.length + (html?.length ?? 0);
        for (const [old, value] of kept) {
            if (keptUnits <= KEPT_UNITS) break;
            kept.delete(old);
            keptUnits -= old.length + (value?.length ?? 0);
        }
    }

    function finish(html: string | null): void {
        clearTimeout(timer);
        jobs.shift()?.done(html);
        if (jobs.length) hand();
    }

    function hand(): void {
        const job = jobs[0];
        if (!job || !worker) return;
        timer = window.setTimeout(() => {
            worker?.terminate();
            worker = null;
            begin().then(() => finish(null), giveUp);
        }, TIMEOUT_MS);
        worker.postMessage({ ...job.work, id: job.id });
    }

    async function begin(): Promise<void> {
        const { startWorker } = await library();
        if (worker) return;
        worker = startWorker(workerUrl);
        worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
            if (data.id === jobs[0]?.id) finish(data.html);
        });
        worker.addEventListener('error', giveUp);
    }

    // The worker's script did not load (offline, a new version): what waits is shown as its source, the next one tries again.
    function giveUp(): void {
        clearTimeout(timer);
        worker?.terminate();
        worker = null;
        const waiting = jobs;
        jobs = [];
        for (const job of waiting) job.fail(new Error('no rendering worker'));
    }

    function ask(work: Work): Promise<string | null> {
        return new Promise((done, fail) => {
            jobs.push({ id: next++, work, done, fail });
            if (jobs.length === 1) begin().then(hand, giveUp);
        });
    }

    async function render(work: Work): Promise<DocumentFragment | null> {
        const key = keyOf(work);
        let html = kept.get(key);
        if (html === undefined) {
            html = await ask(work);
            remember(key, html);
        }
        return html === null ? null : (await library()).toFragment(html);
    }

    let under = Promise.resolve<unknown>(null);
    return {
        render: (work) => {
            const asked = render(work).catch(() => null);
            under = Promise.all([under, asked]);
            return asked;
        },
        idle: async () => {
            for (let seen: unknown = null; seen !== under;) {
                seen = under;
                await under;
                await new Promise((done) => setTimeout(done)); // who asked has put it into the page
            }
        },
    };
}
