// Where a conversation comes from, for its owner; and what came from one of several places told apart again.
import { useEffect, useState } from 'preact/hooks';
import type { Problem } from '../api/problem.ts';
import { safeUrl } from '../model/blocks.ts';
import type { Source } from '../model/reader.ts';
import { day, exact } from '../model/time.ts';
import { Confirm, Fold, Waiting } from '../ui/parts.tsx';
import { useApp } from './context.ts';
import { ProblemNotice } from './problem_notice.tsx';

const KIND: Record<string, string> = { share: 'Share link', export: 'Export', file: 'File' };

function SourceRow({ source, part }: { source: Source; part: (() => void) | null }) {
    const url = safeUrl(source.url ?? '');
    const name = KIND[source.kind] ?? source.kind;
    return (
        <li class="access-row">
            <span class="row-main">
                <span>{url ? <a href={url} target="_blank" rel="noopener noreferrer nofollow">{name}</a> : name}{source.account && ` of ${source.account}`}</span>
                <span class="row-meta">captured <time dateTime={source.captured_at} title={exact(source.captured_at)}>{day(source.captured_at)}</time></span>
            </span>
            {part && <button type="button" onClick={part} aria-label={`These are two conversations: part the one from ${url || name}`}>These are two conversations</button>}
        </li>
    );
}

function Sources({ version }: { version: number }) {
    const { reader, navigation } = useApp();
    const [sources, setSources] = useState<Source[] | null>(null);
    const [problem, setProblem] = useState<Problem | null>(null);
    const [asking, setAsking] = useState<Source | null>(null);
    const load = async () => {
        const found = await reader.sources();
        if ('items' in found) setSources(found.items);
        setProblem('problem' in found ? found.problem : null);
    };
    useEffect(() => void load(), [version]);
    const part = async (source: Source) => {
        setAsking(null);
        const made = await reader.split(source.id);
        if ('id' in made) navigation.go({ name: 'conversation', id: made.id, messageId: '' });
        else setProblem(made.problem);
    };
    if (!sources && !problem) return <Waiting what="Loading where it comes from" />;
    return (
        <>
            {sources && (
                <ul class="plain-list" aria-label="Where it comes from">
                    {sources.map((s) => <SourceRow key={s.id} source={s} part={sources.length > 1 ? () => setAsking(s) : null} />)}
                </ul>
            )}
            {problem && <ProblemNotice problem={problem} retry={() => void load()} />}
            {asking && (
                <Confirm title="Two conversations?" yes="Part them" onYes={() => void part(asking)} onNo={() => setAsking(null)}>
                    <p>What came from this {(KIND[asking.kind] ?? asking.kind).toLowerCase()} becomes a conversation of its own. The two stay apart when they are captured again.</p>
                </Confirm>
            )}
        </>
    );
}

export function SourcesFold({ version }: { version: number }) {
    return <Fold label="Where it comes from" tone="fold-quiet">{() => <Sources version={version} />}</Fold>;
}
