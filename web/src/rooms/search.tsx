// Search as you type. Arrows go from the box into the results, j and k through them, Enter opens at the message.
import { useEffect, useRef } from 'preact/hooks';
import { segments } from '../model/highlights.ts';
import { providerName } from '../model/provider.ts';
import { hrefOf } from '../model/route.ts';
import type { Hit } from '../model/search.ts';
import { count, day } from '../model/time.ts';
import { useStore, useThrottled, useWhenNear } from '../ui/hooks.ts';
import { SearchIcon } from '../ui/icons.tsx';
import { Notice, Waiting } from '../ui/parts.tsx';
import { useApp } from './context.ts';
import { step, useKeys } from './keys.ts';
import { ProblemNotice } from './problem_notice.tsx';
import { useTitle } from './shell.tsx';

const HINTS: [string, string][] = [
    ['"group commit"', 'these words in a row'], ['-draft', 'without this word'], ['data*', 'words that begin so'], ['provider:claude', 'from one provider'],
    ['role:user', 'only questions'], ['after:2026-01-01', 'from that day on'],
];
const HITS = '.hit';

function HitRow({ hit }: { hit: Hit }) {
    const id = hit.conversation_id ?? hit.id;
    const who = hit.role === 'user' ? 'User' : hit.role === 'assistant' ? providerName(hit.provider) : hit.role;
    return (
        <li>
            <a class="hit" href={hrefOf({ name: 'conversation', id, messageId: hit.message_id ?? '' })}>
                <span class="hit-title">{hit.title || 'Untitled'}</span>
                <span class="hit-snippet">{segments(hit.snippet, hit.highlights).map((s, i) => (s.marked ? <mark key={i}>{s.text}</mark> : s.text))}</span>
                <span class="row-meta"><span class={`provider provider-${hit.provider ?? 'none'}`} aria-hidden="true" />{[providerName(hit.provider), who !== providerName(hit.provider) && who, day(hit.created_at)].filter(Boolean).join(' · ')}</span>
            </a>
        </li>
    );
}

function Hints({ choose }: { choose: (example: string) => void }) {
    return (
        <div class="hints">
            <p>Every word has to be there. Case and accents make no difference. Also:</p>
            <ul>{HINTS.map(([example, what]) => <li key={example}><button type="button" class="chip" onClick={() => choose(example)}><code>{example}</code></button><span>{what}</span></li>)}</ul>
        </div>
    );
}

function Summary() {
    const { search } = useApp();
    const { answered, items, cursor, tookMs, status, problem } = useStore(search.store, (s) => s);
    const text = !answered || problem || status === 'loading' ? '' : items.length === 0 ? `Nothing for ${answered}`
        : `${cursor ? `The first ${items.length}` : count(items.length, 'result')}${tookMs !== null ? ` in ${tookMs < 10 ? tookMs.toFixed(1) : Math.round(tookMs)} ms` : ''}`;
    return <><p class="search-summary" aria-hidden="true">{text || ' '}</p><p class="visually-hidden" role="status">{useThrottled(text, 1_000)}</p></>;
}

export function SearchRoom({ q }: { q: string }) {
    const { search, navigation, view } = useApp();
    const state = useStore(search.store, (s) => s);
    const shortcuts = useStore(view.store, (s) => s.shortcuts);
    const visit = useStore(navigation.store, (s) => s.visit);
    const box = useRef<HTMLInputElement>(null);
    const end = useRef<HTMLDivElement>(null);
    useTitle(state.answered ? `${state.answered} · Search` : 'Search');
    // The address says what is searched for when the room is entered; from then on the box does.
    useEffect(() => {
        search.setQuery(q, true);
        if (!q) box.current?.focus();
    }, [visit]);
    useWhenNear(end, () => {
        if (!state.problem) void search.more();
    }, `${state.items.length} ${state.status}`);
    useKeys(shortcuts, { j: () => step(HITS, 1), k: () => step(HITS, -1) });

    const type = (text: string, now = false) => {
        search.setQuery(text, now);
        navigation.rewrite({ name: 'search', q: text.trim() });
    };
    const onBoxKey = (event: KeyboardEvent) => {
        if (event.key === 'ArrowDown') event.preventDefault(), step(HITS, 1);
        if (event.key === 'Escape' && state.q) event.preventDefault(), type('');
    };
    const onListKey = (event: KeyboardEvent) => {
        if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
        event.preventDefault();
        const first = document.querySelector(HITS);
        if (event.key === 'ArrowUp' && first === document.activeElement) box.current?.focus();
        else step(HITS, event.key === 'ArrowDown' ? 1 : -1);
    };
    const { problem } = state;
    return (
        <div class="column">
            <h1 tabIndex={-1} class="visually-hidden">Search</h1>
            <form role="search" class="search-form" onSubmit={(e) => (e.preventDefault(), type(state.q, true))}>
                <label class="visually-hidden" for="search-box">Search everything captured</label>
                <SearchIcon />
                <input ref={box} id="search-box" type="search" name="q" value={state.q} placeholder="Search everything captured" autocomplete="off" spellcheck={false}
                    onInput={(e) => type(e.currentTarget.value)} onKeyDown={onBoxKey} />
            </form>
            <Summary />
            {problem && (problem.status === 422 ? <Notice tone="wrong"><p>{problem.message}</p></Notice>
                : <ProblemNotice problem={problem} retry={() => search.setQuery(state.q, true)} />)}
            {state.status === 'loading' && !state.items.length && <Waiting what="Searching" />}
            {!state.q.trim() && <Hints choose={(example) => (type(example), box.current?.focus())} />}
            {state.answered && state.status === 'ready' && !problem && !state.items.length && (
                <div class="empty">
                    <h2>Nothing found</h2>
                    <p>Fewer words find more; <code>word*</code> finds longer words too. New captures can be found a moment after they are stored.</p>
                </div>
            )}
            <ul class={`plain-list hits${state.status === 'loading' ? ' stale' : ''}`} onKeyDown={onListKey}>
                {state.items.map((hit) => <HitRow key={`${hit.kind} ${hit.id}`} hit={hit} />)}
            </ul>
            <div ref={end} />
            {state.status === 'more' && <Waiting what="Loading more" />}
        </div>
    );
}
