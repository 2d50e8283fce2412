// Paste links, with or without text around them: what they are is said at once, the server has the last word.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { linksIn } from '../model/links.ts';
import { judgeLink, providerName, type LinkVerdict } from '../model/provider.ts';
import type { Refused } from '../model/queue.ts';
import { count } from '../model/time.ts';
import { useStore } from '../ui/hooks.ts';
import { Submit } from '../ui/parts.tsx';
import { CaptureQueue } from './capture_queue.tsx';
import { useApp } from './context.ts';

const EXAMPLES = ['chatgpt.com/share/…', 'claude.ai/share/…'];
const LINES_MAX = 6;

function One({ verdict }: { verdict: LinkVerdict }) {
    return (
        <>
            {verdict.kind === 'good' && <>A share link of <strong>{providerName(verdict.provider)}</strong>.</>}
            {(verdict.kind === 'empty' || verdict.kind === 'typing') && <>Share links work: {EXAMPLES.map((e, i) => <>{i > 0 && ', '}<code key={e}>{e}</code></>)}</>}
            {'advice' in verdict && verdict.advice}
        </>
    );
}

// Several: how many there are of whom, and each that cannot be captured with the reason.
function Many({ text }: { text: string }) {
    const { links, twice } = linksIn(text);
    const good = links.filter((l) => l.verdict.kind === 'good'), bad = links.filter((l) => 'advice' in l.verdict);
    const names = new Map<string, number>();
    for (const { verdict } of good) if (verdict.kind === 'good') names.set(providerName(verdict.provider), (names.get(providerName(verdict.provider)) ?? 0) + 1);
    return (
        <>
            <strong>{count(good.length, 'share link')}</strong>{good.length > 0 && `: ${[...names].map(([name, n]) => `${n} of ${name}`).join(', ')}`}.
            {twice > 0 && ` ${twice === 1 ? 'One stands there twice; it' : `${twice} stand there more than once; each`} is taken once.`}
            {bad.length > 0 && <span class="hint-list">{bad.map(({ url, verdict }) => <span key={url}><code>{url.replace('https://', '')}</code> {'advice' in verdict && verdict.advice}</span>)}</span>}
        </>
    );
}

function Hint({ text, id }: { text: string; id: string }) {
    const { links, twice } = linksIn(text);
    const many = links.length > 1 || twice > 0, verdict = links[0]?.verdict ?? judgeLink(links.length ? '' : text);
    const warn = many ? links.some((l) => 'advice' in l.verdict) : 'advice' in verdict;
    const good = many ? links.some((l) => l.verdict.kind === 'good') : verdict.kind === 'good';
    return (
        <p class={`capture-hint ${warn ? 'warn' : good ? 'good' : ''}`} id={id} aria-live="polite">
            {many ? <Many text={text} /> : <One verdict={verdict} />}
        </p>
    );
}

// What the server did not take, each with its reason; a page of no known provider can be read all the same.
function RefusedNotice({ refused }: { refused: Refused[] }) {
    const { queue } = useApp();
    const isOther = (url: string) => judgeLink(url).kind === 'unknown';
    return (
        <div class="notice notice-wrong" role="alert">
            {refused.length > 1 && <p class="notice-title">{count(refused.length, 'link')} could not be taken</p>}
            {refused.map(({ url, problem }) => (
                <div key={url}>
                    <p>{url && <><code class="capture-url">{url.replace('https://', '')}</code><br /></>}{problem.message}</p>
                    {isOther(url) && problem.code === 'invalid_url' && (
                        <p class="row"><button type="button" onClick={() => void queue.readAnyway(url)}>Read it anyway</button>
                            <span class="small">What is said by whom is then guessed from the page.</span></p>
                    )}
                </div>
            ))}
        </div>
    );
}

export function CaptureBox() {
    const { queue } = useApp();
    const { sending, refused } = useStore(queue.store, (s) => s);
    const [text, setText] = useState('');
    const hint = useId();
    const input = useRef<HTMLTextAreaElement>(null);

    useEffect(() => void queue.resume(), []);
    const wrong = refused.length > 0;
    useEffect(() => {
        if (wrong) input.current?.focus();
    }, [refused]);

    const submit = async (event: Event) => {
        event.preventDefault();
        if (!text.trim()) return input.current?.focus();
        if (await queue.submit(text)) setText('');
    };
    return (
        <section class="capture-box" aria-label="Capture conversations">
            <form onSubmit={(e) => void submit(e)} noValidate>
                <label for="capture-link">Capture a conversation</label>
                <div class="capture-row">
                    <textarea ref={input} id="capture-link" name="url" inputMode="url" autocomplete="off" autocapitalize="none" spellcheck={false}
                        rows={Math.min(LINES_MAX, text.split('\n').length)} placeholder="Paste a share link, or several"
                        value={text} aria-describedby={hint} aria-invalid={wrong && text ? true : undefined}
                        onKeyDown={(e) => {
                            if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) e.currentTarget.form?.requestSubmit(), e.preventDefault();
                        }}
                        onInput={(e) => {
                            setText(e.currentTarget.value);
                            if (wrong) queue.forgetRefused();
                        }} />
                    <Submit busy={sending}>{sending ? 'Sending …' : 'Capture'}</Submit>
                </div>
                <Hint text={text} id={hint} />
            </form>
            {wrong && <RefusedNotice refused={refused} />}
            <CaptureQueue onEmpty={() => input.current?.focus()} />
        </section>
    );
}
