// What was pasted, each capture with how far it is: one as a card with its steps, several as a list in which those on their
// way show theirs.
import { useRef } from 'preact/hooks';
import { isOver, mayRetry, type Capture } from '../model/phases.ts';
import { publicNote } from '../model/provider.ts';
import type { Entry } from '../model/queue.ts';
import { count } from '../model/time.ts';
import { useStore } from '../ui/hooks.ts';
import { CaptureCard, CaptureLine } from './capture_card.tsx';
import { useApp } from './context.ts';
import { ProblemNotice } from './problem_notice.tsx';

type Shown = Entry & { capture: Capture | undefined };

function summary(shown: Shown[]): string {
    const n = (test: (c: Capture) => boolean) => shown.filter((e) => e.capture && test(e.capture)).length;
    const waiting = shown.filter((e) => !e.capture || e.capture.status === 'queued').length;
    return [[n((c) => c.status === 'running'), 'under way'], [waiting, 'waiting'], [n((c) => c.status === 'done'), 'captured'],
        [n((c) => c.status === 'failed'), 'not captured'], [n((c) => c.status === 'cancelled'), 'cancelled']]
        .filter(([many]) => many).map(([many, what]) => `${many} ${what}`).join(', ');
}

// That the links are still public, once for each provider.
function StillPublic({ shown }: { shown: Shown[] }) {
    const providers = [...new Set(shown.flatMap((e) => (e.capture?.status === 'done' ? [e.capture.provider] : [])))];
    return <>{providers.map((p) => <p key={p} class="small">{publicNote(p)}</p>)}</>;
}

function Many({ shown, close }: { shown: Shown[]; close: (url: string | null) => void }) {
    const { captures, queue } = useApp();
    const going = shown.filter((e) => !e.problem && (!e.capture || !isOver(e.capture)));
    const again = shown.filter((e) => e.problem || (e.capture && mayRetry(e.capture)));
    return (
        <section class="capture" aria-label="Captures">
            <div class="capture-head">
                <h2>{count(shown.length, 'link')}</h2>
                <p class="small" role="status">{summary(shown)}</p>
            </div>
            <ul class="plain-list capture-list">
                {shown.map((e) => (
                    <li key={e.url}>
                        {e.capture && !isOver(e.capture) && e.capture.status === 'running'
                            ? <CaptureCard capture={e.capture} level={3} onCancel={() => void captures.cancel(e.capture?.id ?? '')} onRetry={() => undefined} />
                            : <CaptureLine url={e.url} capture={e.capture} problem={e.problem} onRetry={() => void queue.retry([e])}
                                onCancel={() => e.id && void captures.cancel(e.id)} onDismiss={() => close(e.url)} />}
                    </li>
                ))}
            </ul>
            <StillPublic shown={shown} />
            <div class="row">
                {going.length > 0 && <button type="button" onClick={() => void queue.cancelAll()}>Cancel all</button>}
                {again.length > 1 && <button type="button" onClick={() => void queue.retry(again)}>Try {count(again.length, 'link')} again</button>}
                {going.length < shown.length && <button type="button" onClick={() => close(null)}>{going.length ? 'Close what is over' : 'Close'}</button>}
            </div>
        </section>
    );
}

// onEmpty: the last one was closed, and the focus with it.
export function CaptureQueue({ onEmpty }: { onEmpty: () => void }) {
    const { captures, queue } = useApp();
    const entries = useStore(queue.store, (s) => s.entries), byId = useStore(captures.store, (s) => s.byId);
    const problems = useStore(captures.store, (s) => s.problems);
    const box = useRef<HTMLDivElement>(null);
    const shown = entries.map((e): Shown => ({ ...e, capture: e.id ? byId[e.id] : undefined, problem: e.problem ?? (e.id ? problems[e.id] ?? null : null) }));
    const close = (url: string | null) => {
        if (url === null) queue.dismissAll();
        else queue.dismiss(url);
        if (queue.store.getState().entries.length) box.current?.querySelector<HTMLElement>('button, a')?.focus();
        else onEmpty();
    };
    const [only, ...more] = shown;
    if (!only) return null;
    return (
        <div ref={box} tabIndex={-1}>
            {more.length ? <Many shown={shown} close={close} />
                : only.capture ? (
                    <CaptureCard capture={only.capture} onCancel={() => void captures.cancel(only.capture?.id ?? '')} onRetry={() => void queue.retry([only])}
                        onDismiss={() => close(only.url)} />
                ) : only.problem ? <ProblemNotice problem={only.problem} retry={() => void queue.retry([only])} /> : null}
        </div>
    );
}
