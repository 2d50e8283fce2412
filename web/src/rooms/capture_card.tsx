// One capture on its way: its steps, how far it is, and what to do when it ended otherwise than hoped. As a card, or as a line.
import type { Problem } from '../api/problem.ts';
import { isOver, mayRetry, outcomeWords, reason, sentence, steps, titleOf, whatNext, type Capture, type Step } from '../model/phases.ts';
import { judgeLink, providerName, publicNote } from '../model/provider.ts';
import { useThrottled } from '../ui/hooks.ts';
import { CheckIcon, CrossIcon } from '../ui/icons.tsx';

const SAID_EVERY_MS = 2_000;
const STATE_WORD: Record<Step['state'], string> = { done: 'done', now: 'under way', later: '', failed: 'failed' };

export const address = (url: string): string => url.replace('https://', '');

function StepItem({ step, detail }: { step: Step; detail: string }) {
    return (
        <li class={`step step-${step.state}`} aria-current={step.state === 'now' ? 'step' : undefined}>
            <span class="step-dot" aria-hidden="true">{step.state === 'done' ? <CheckIcon /> : step.state === 'failed' ? <CrossIcon /> : null}</span>
            <span>{step.label}{detail && <span class="step-detail"> {detail}</span>}</span>
            <span class="visually-hidden">{STATE_WORD[step.state]}</span>
        </li>
    );
}

function Ending({ capture, retry }: { capture: Capture; retry?: () => void }) {
    if (capture.status === 'done') {
        return (
            <>
                <p>{outcomeWords({ ...capture, outcome: 'ok' })}</p>
                {capture.outcome === 'partial' && <p>The page did not give everything; what it gave is there, marked as partial.</p>}
                <p class="small">{publicNote(capture.provider)}</p>
            </>
        );
    }
    return (
        <>
            {capture.status === 'failed' && <p>{reason(capture)}</p>}
            {capture.status === 'failed' && <p>{whatNext(capture.outcome)}</p>}
            {retry && mayRetry(capture) && <button type="button" class="primary" onClick={retry}>Try again</button>}
        </>
    );
}

interface CardProps {
    capture: Capture;
    level?: 2 | 3;
    onCancel: () => void;
    onRetry: () => void;
    onDismiss?: () => void;
}

export function CaptureCard({ capture, level = 2, onCancel, onRetry, onDismiss }: CardProps) {
    const over = isOver(capture);
    const said = useThrottled(sentence(capture), SAID_EVERY_MS);
    const { done, total } = capture.progress;
    const counted = total ? `${done} of ${total}` : done ? String(done) : '';
    const Heading = `h${level}` as const;
    return (
        <section class={`capture capture-${capture.status}`} aria-label={`Capture from ${providerName(capture.provider)}`}>
            <p class="visually-hidden" role="status" aria-live="polite">{over ? sentence(capture) : said}</p>
            <div class="capture-head">
                <Heading>{titleOf(capture) ?? (over ? sentence(capture) : `Capturing from ${providerName(capture.provider)}`)}</Heading>
                <p class="capture-url">{address(capture.url)}</p>
            </div>
            {!over && (total ? <progress max={total} value={done ?? 0} aria-label="How far it is" /> : <progress aria-label="Under way" />)}
            <ol class="steps">
                {steps(capture).map((step) => <StepItem key={step.phase} step={step} detail={step.state === 'now' ? counted : ''} />)}
            </ol>
            <Ending capture={capture} retry={onRetry} />
            <div class="row">
                {capture.status === 'done' && capture.conversation_id && <a class="button primary" href={`/c/${capture.conversation_id}`}>Open the conversation</a>}
                {!over && <button type="button" onClick={onCancel}>Cancel</button>}
                {over && onDismiss && <button type="button" onClick={onDismiss}>Close</button>}
            </div>
        </section>
    );
}

interface LineProps {
    url: string;
    capture: Capture | undefined; // not known yet, or not sent
    problem: Problem | null;      // why it could not be sent
    onCancel: () => void;
    onRetry: () => void;
    onDismiss: () => void;
}

// One of several that waits or is over. What it is called stands in the names of its buttons: they are many.
export function CaptureLine({ url, capture, problem, onCancel, onRetry, onDismiss }: LineProps) {
    const verdict = judgeLink(url), provider = capture?.provider ?? ('provider' in verdict ? verdict.provider : null);
    const name = (capture && titleOf(capture)) ?? address(url);
    const over = capture && isOver(capture);
    const words = problem ? problem.message : capture ? sentence({ ...capture, result: null }) : 'Sending …';
    return (
        <div class={`capture-line capture-${problem ? 'failed' : capture?.status ?? 'queued'}`}>
            <span class={`provider provider-${provider ?? 'none'}`} aria-hidden="true" />
            <div class="row-main">
                <span class="row-title">{capture?.status === 'done' && capture.conversation_id ? <a href={`/c/${capture.conversation_id}`}>{name}</a> : name}</span>
                <span class="row-meta row-words">{capture?.status === 'done' ? outcomeWords(capture) : words}</span>
                {capture?.status === 'failed' && <span class="row-meta">{reason(capture)} <a href={`/captures/${capture.id}`} aria-label={`More about ${name}`}>More</a></span>}
            </div>
            <div class="row">
                {(problem || (capture && mayRetry(capture))) && <button type="button" class="quiet" onClick={onRetry} aria-label={`Try ${name} again`}>Try again</button>}
                {!problem && !over && <button type="button" class="quiet" onClick={onCancel} aria-label={`Cancel ${name}`}>Cancel</button>}
                {(problem || over) && <button type="button" class="quiet" onClick={onDismiss} aria-label={`Close ${name}`}>Close</button>}
            </div>
        </div>
    );
}
