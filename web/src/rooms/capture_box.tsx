// Paste a link: what it is is said at once, the server has the last word.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { judgeLink, providerName, type LinkVerdict } from '../model/provider.ts';
import { useStore } from '../ui/hooks.ts';
import { Submit } from '../ui/parts.tsx';
import { CaptureCard } from './capture_card.tsx';
import { useApp } from './context.ts';
import { ProblemNotice } from './problem_notice.tsx';

const EXAMPLES = ['chatgpt.com/share/…', 'claude.ai/share/…'];

function Hint({ verdict, id }: { verdict: LinkVerdict; id: string }) {
    const tone = verdict.kind === 'good' ? 'good' : verdict.kind === 'empty' || verdict.kind === 'typing' ? '' : 'warn';
    return (
        <p class={`capture-hint ${tone}`} id={id} aria-live="polite">
            {verdict.kind === 'good' && <>A share link of <strong>{providerName(verdict.provider)}</strong>.</>}
            {(verdict.kind === 'empty' || verdict.kind === 'typing') && <>Share links work: {EXAMPLES.map((e, i) => <>{i > 0 && ', '}<code key={e}>{e}</code></>)}</>}
            {'advice' in verdict && verdict.advice}
        </p>
    );
}

export function CaptureBox() {
    const { captures } = useApp();
    const { current, byId, submitting, problem } = useStore(captures.store, (s) => s);
    const [link, setLink] = useState('');
    const hint = useId();
    const input = useRef<HTMLInputElement>(null);
    const verdict = judgeLink(link);
    const capture = current ? byId[current] : undefined;

    useEffect(() => void captures.resume(), []);
    useEffect(() => {
        if (problem?.field === 'url') input.current?.focus();
    }, [problem]);

    const submit = async (event: Event) => {
        event.preventDefault();
        if (!link.trim()) return input.current?.focus();
        if (await captures.submit(link)) setLink('');
    };
    return (
        <section class="capture-box" aria-label="Capture a conversation">
            <form onSubmit={(e) => void submit(e)} noValidate>
                <label for="capture-link">Capture a conversation</label>
                <div class="capture-row">
                    <input ref={input} id="capture-link" name="url" type="text" inputMode="url" autocomplete="off" autocapitalize="none" spellcheck={false}
                        placeholder="Paste a share link" value={link} aria-describedby={hint} aria-invalid={problem ? true : undefined}
                        onInput={(e) => {
                            setLink(e.currentTarget.value);
                            if (problem) captures.forgetProblem();
                        }} />
                    <Submit busy={submitting}>{submitting ? 'Sending …' : 'Capture'}</Submit>
                </div>
                <Hint verdict={verdict} id={hint} />
            </form>
            {problem && (problem.status === 422 || problem.status === 403
                ? <div class="notice notice-wrong" role="alert"><p>{problem.message}</p></div>
                : <ProblemNotice problem={problem} />)}
            {capture && (
                <CaptureCard capture={capture} onCancel={() => void captures.cancel(capture.id)} onRetry={() => void captures.submit(capture.url)}
                    onDismiss={() => (input.current?.focus(), captures.dismiss())} />
            )}
        </section>
    );
}
