// One capture on its way: its steps, how far it is, and what to do when it ended otherwise than hoped.
import { isOver, mayRetry, reason, sentence, steps, whatNext, type Capture, type Step } from '../model/phases.ts';
import { howToUnshare, providerName } from '../model/provider.ts';
import { useThrottled } from '../ui/hooks.ts';
import { CheckIcon, CrossIcon } from '../ui/icons.tsx';

const SAID_EVERY_MS = 2_000;
const STATE_WORD: Record<Step['state'], string> = { done: 'done', now: 'under way', later: '', failed: 'failed' };

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
        const where = howToUnshare(capture.provider);
        return (
            <>
                {capture.outcome === 'partial' && <p>The page did not give everything; what it gave is there, marked as partial.</p>}
                <p class="small">Your link is still public: whoever has it can read the conversation at {providerName(capture.provider)}.{where && ` To end that: ${where}`}</p>
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
    onCancel: () => void;
    onRetry: () => void;
    onDismiss?: () => void;
}

export function CaptureCard({ capture, onCancel, onRetry, onDismiss }: CardProps) {
    const over = isOver(capture);
    const said = useThrottled(sentence(capture), SAID_EVERY_MS);
    const { done, total } = capture.progress;
    const counted = total ? `${done} of ${total}` : done ? String(done) : '';
    return (
        <section class={`capture capture-${capture.status}`} aria-label={`Capture from ${providerName(capture.provider)}`}>
            <p class="visually-hidden" role="status" aria-live="polite">{over ? sentence(capture) : said}</p>
            <div class="capture-head">
                <h2>{over ? sentence(capture) : `Capturing from ${providerName(capture.provider)}`}</h2>
                <p class="capture-url">{capture.url}</p>
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
