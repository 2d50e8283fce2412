// The recent captures, and one of them by its address.
import { useEffect } from 'preact/hooks';
import { isOver, outcomeWords, reason, sentence, titleOf } from '../model/phases.ts';
import { providerName } from '../model/provider.ts';
import { exact } from '../model/time.ts';
import { useStore } from '../ui/hooks.ts';
import { Waiting } from '../ui/parts.tsx';
import { address, CaptureCard } from './capture_card.tsx';
import { useApp } from './context.ts';
import { NotFound } from './not_found.tsx';
import { ProblemNotice } from './problem_notice.tsx';
import { useTitle } from './shell.tsx';

export function CaptureRoom({ id }: { id: string }) {
    const { captures, navigation } = useApp();
    const capture = useStore(captures.store, (s) => s.byId[id]);
    const problem = useStore(captures.store, (s) => s.problems[id]);
    useTitle('Capture');
    useEffect(() => {
        if (!capture || !isOver(capture)) void captures.follow(id);
    }, [id]);

    if (problem?.status === 404) return <NotFound what="capture" />;
    const retry = async () => {
        const next = capture && (await captures.again(capture));
        if (next) navigation.go({ name: 'capture', id: next });
    };
    return (
        <div class="column">
            <h1 tabIndex={-1}>Capture</h1>
            {problem && <ProblemNotice problem={problem} retry={() => void captures.follow(id)} />}
            {!capture && !problem && <Waiting what="Loading the capture" />}
            {capture && <CaptureCard capture={capture} onCancel={() => void captures.cancel(id)} onRetry={() => void retry()} />}
            <p><a href="/captures">All captures</a></p>
        </div>
    );
}

export function CapturesRoom() {
    const { captures } = useApp();
    const { recent, recentStatus, recentProblem } = useStore(captures.store, (s) => s);
    useTitle('Captures');
    useEffect(() => void captures.loadRecent(), []);
    return (
        <div class="column">
            <h1 tabIndex={-1}>Captures</h1>
            {recentProblem && <ProblemNotice problem={recentProblem} retry={() => void captures.loadRecent()} />}
            {recentStatus === 'loading' && !recent.length && <Waiting what="Loading the list" />}
            {recentStatus === 'ready' && !recentProblem && !recent.length && <p>Nothing has been captured yet. <a href="/">Paste a link</a> in the library.</p>}
            <ul class="plain-list">
                {recent.map((c) => (
                    <li key={c.id}>
                        <a class="row-link" href={c.status === 'done' && c.conversation_id ? `/c/${c.conversation_id}` : `/captures/${c.id}`}>
                            <span class={`provider provider-${c.provider ?? 'none'}`} aria-hidden="true" />
                            <span class="row-main">
                                <span class={`row-title row-${c.status}`}>{titleOf(c) ?? sentence(c)}</span>
                                {c.result && <span class="row-meta row-words">{outcomeWords(c)}</span>}
                                {c.status === 'failed' && <span class="row-meta">{reason(c)}</span>}
                                <span class="row-meta row-address">{providerName(c.provider)} · {address(c.url)}</span>
                            </span>
                            <time class="row-side" dateTime={c.created_at}>{exact(c.created_at)}</time>
                        </a>
                    </li>
                ))}
            </ul>
        </div>
    );
}
