// Search as you type. Arrows go from the box into the results, j and k through them, Enter opens at the message, Escape leads
// back to the box.
import { useEffect, useRef } from 'preact/hooks';
import { filtered, same, withoutFields, type Question } from '../model/question.ts';
import { hintWords } from '../model/reasons.ts';
import type { Search } from '../model/search.ts';
import { count } from '../model/time.ts';
import { useStore, useThrottled, useWhenNear } from '../ui/hooks.ts';
import { SearchIcon } from '../ui/icons.tsx';
import { Notice, Waiting } from '../ui/parts.tsx';
import { useApp } from './context.ts';
import { step, useKeys } from './keys.ts';
import { ProblemNotice } from './problem_notice.tsx';
import { Filters } from './search_filters.tsx';
import { Results } from './search_results.tsx';
import { SearchStart } from './search_start.tsx';
import { useTitle } from './shell.tsx';

const HITS = '.hit';

function summaryOf({ answered, groups, cursor, tookMs, status, problem, similar }: Search): string {
    if (!answered || problem || status === 'loading') return '';
    if (!groups.length) return `Nothing for ${answered.q}`;
    const places = groups.reduce((sum, g) => sum + g.count, 0);
    const many = groups.length > 1 && places > groups.length ? `${count(places, 'place')} in ${count(groups.length, 'conversation')}` : count(places, 'place');
    const ms = tookMs === null ? '' : ` in ${tookMs < 10 ? tookMs.toFixed(1) : Math.round(tookMs)} ms`;
    return `${cursor ? 'The first ' : ''}${many}${ms}${similar || answered.newest ? '' : ', by words alone'}`;
}

function Summary({ change }: { change: (question: Question) => void }) {
    const { search, searches } = useApp();
    const state = useStore(search.store, (s) => s);
    const saved = useStore(searches.store, () => state.answered && searches.isSaved(state.answered));
    const text = summaryOf(state);
    const { answered, question } = state;
    return (
        <div class="search-bar">
            <p class="search-summary" aria-hidden="true">{text || ' '}</p>
            <p class="visually-hidden" role="status">{useThrottled(text, 1_000)}</p>
            {answered && (
                <div class="row">
                    <span class="pair" role="group" aria-label="Order">
                        <button type="button" class="chip" aria-pressed={!question.newest} onClick={() => change({ ...question, newest: false })}>Best first</button>
                        <button type="button" class="chip" aria-pressed={question.newest} title="What has all the words, the newest first" onClick={() => change({ ...question, newest: true })}>Newest first</button>
                    </span>
                    <button type="button" class="chip" aria-pressed={!!saved} onClick={() => searches.toggle(answered)}>{saved ? 'Saved' : 'Save'}<span class="visually-hidden"> this search</span></button>
                </div>
            )}
        </div>
    );
}

function Said({ change }: { change: (question: Question) => void }) {
    const { corrections, hints, question, answered } = useStore(useApp().search.store, (s) => s);
    return (
        <>
            {corrections.length > 0 && (
                <p class="corrected">
                    Showing results for {corrections.map((c, i) => <>{i > 0 && ', '}<strong>{c.to}</strong></>)}.{' '}
                    <button type="button" class="link-button" onClick={() => change({ ...question, exact: true })}>Search instead for {corrections.map((c) => c.from).join(', ')}</button>
                </p>
            )}
            {answered?.exact && <p class="corrected">Exactly as typed. <button type="button" class="link-button" onClick={() => change({ ...question, exact: false })}>Correct words that stand nowhere</button></p>}
            {hints.map((h) => <p key={`${h.code} ${h.field}`} class="corrected">{hintWords(h)}{h.code === 'date_alone' && <> <button type="button" class="link-button" onClick={() => change({ ...question, exact: true })}>Search for the words</button></>}</p>)}
        </>
    );
}

function Nothing({ question, change }: { question: Question; change: (question: Question) => void }) {
    const narrowed = Object.keys(question.by).length > 0;
    const words = withoutFields(question.q);
    const loose = question.q.replace(/["“”„«»＂]/g, ' ').replace(/\s+/g, ' ').trim();
    return (
        <div class="empty">
            <h2>Nothing found</h2>
            {narrowed && <p>The filters may be too narrow. <button type="button" onClick={() => change({ ...question, by: {} })}>Search without filters</button></p>}
            {question.newest && <p>Newest first shows only what has all the words. <button type="button" onClick={() => change({ ...question, newest: false })}>Best first</button></p>}
            {words && words !== question.q && <p>The filters among the words may be too narrow. <button type="button" onClick={() => change({ ...question, q: words })}>Search for {words}</button></p>}
            {loose !== question.q && <p>What stands in quotes must be there as it is written. <button type="button" onClick={() => change({ ...question, q: loose })}>Search without quotes</button></p>}
            <p>Other words for the same thing may find it; <code>word*</code> finds longer words too. New captures can be found a moment after they are stored.</p>
        </div>
    );
}

const focusHit = (key: string) => key && document.querySelector<HTMLElement>(`.hit[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });

// What the server says of a query that it refuses, but for one that was pasted whole.
const LONG_CHARS = 600;
const refusal = (q: string, message: string) => (q.length > LONG_CHARS ? 'That is more than a search reads. A sentence or two of it, or the words that matter, will do.' : message);

export function SearchRoom({ question }: { question: Question }) {
    const { search, searches, navigation, view } = useApp();
    const state = useStore(search.store, (s) => s);
    const shortcuts = useStore(view.store, (s) => s.shortcuts);
    const visit = useStore(navigation.store, (s) => s.visit);
    const box = useRef<HTMLInputElement>(null);
    const end = useRef<HTMLDivElement>(null);
    const comeBack = useRef<number | null>(null);
    useTitle(state.answered ? `${state.answered.q} · Search` : 'Search');
    // The address says what is searched for when the room is entered; from then on the box does. What was left stands as it was.
    useEffect(() => {
        const { answered, status, problem, opened } = search.store.getState();
        const stands = same(answered, question) && status === 'ready' && !problem;
        search.set(question, !stands);
        if (!question.q) box.current?.focus();
        else if (stands && opened) focusHit(opened);
        else comeBack.current = navigation.store.getState().scrollY ?? (visit === 1 ? history.state?.scrollY ?? null : null);
    }, [visit]);
    // The page was loaded anew meanwhile: as far as it can be, all stands as it was once the answer is there.
    useEffect(() => {
        const y = comeBack.current;
        if (y === null || state.status !== 'ready' || !state.answered) return;
        comeBack.current = null;
        focusHit(String(history.state?.opened ?? ''));
        scrollTo(0, y);
    }, [state.status]);
    useWhenNear(end, () => {
        if (!state.problem) void search.more();
    }, `${state.groups.length} ${state.status}`);
    useKeys(shortcuts, { j: () => step(HITS, 1), k: () => step(HITS, -1), Escape: () => box.current?.focus() });

    const change = (wanted: Question, now = true) => {
        search.set(wanted, now);
        navigation.rewrite({ name: 'search', question: { ...wanted, q: wanted.q.trim() } });
    };
    // Other words are another search: what was filtered and corrected in the last one stays only while there are words.
    const type = (q: string, now = false) => change({ ...state.question, q, exact: false, ...(q.trim() ? {} : { by: {} }) }, now);
    const send = (event: Event) => {
        event.preventDefault();
        searches.used(state.question);
        change(state.question);
    };
    const onBoxKey = (event: KeyboardEvent) => {
        if (event.key === 'ArrowDown') event.preventDefault(), step(HITS, 1);
        if (event.key === 'Escape' && state.question.q) event.preventDefault(), type('');
    };
    const onListKey = (event: KeyboardEvent) => {
        if (event.key === 'Escape') event.preventDefault(), box.current?.focus();
        if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
        event.preventDefault();
        const first = document.querySelector(HITS);
        if (event.key === 'ArrowUp' && first === document.activeElement) box.current?.focus();
        else step(HITS, event.key === 'ArrowDown' ? 1 : -1);
    };
    const { problem, answered, groups } = state;
    return (
        <div class="search">
            <h1 tabIndex={-1} class="visually-hidden">Search</h1>
            <form role="search" class="search-form" onSubmit={send}>
                <label class="visually-hidden" for="search-box">Search everything captured</label>
                <SearchIcon />
                <input ref={box} id="search-box" type="search" name="q" value={state.question.q} placeholder="What do you remember of it?" autocomplete="off"
                    spellcheck={false} enterkeyhint="search" onInput={(e) => type(e.currentTarget.value)} onKeyDown={onBoxKey} />
            </form>
            {!state.question.q.trim() ? <SearchStart choose={(q) => (change(q), box.current?.focus())} /> : (
                <div class="search-body">
                    <Filters question={state.question} facets={state.facets} inTitle={groups[0]?.title ?? ''} choose={(name, value) => change(filtered(state.question, name, value))} clear={() => change({ ...state.question, by: {} })} />
                    <div class="search-main">
                        <Summary change={change} />
                        {problem && (problem.status === 422 ? <Notice tone="wrong"><p>{refusal(state.question.q, problem.message)}</p></Notice>
                            : <ProblemNotice problem={problem} retry={() => search.set(state.question, true)} />)}
                        <Said change={change} />
                        {state.status === 'loading' && !groups.length && <Waiting what="Searching" />}
                        {answered && state.status === 'ready' && !problem && !groups.length && <Nothing question={answered} change={change} />}
                        {answered && <Results groups={groups} answered={answered} stale={state.status === 'loading'} onKeyDown={onListKey} only={(id) => change(filtered(state.question, 'in', id))} />}
                        <div ref={end} />
                        {state.status === 'more' && <Waiting what="Loading more" />}
                    </div>
                </div>
            )}
        </div>
    );
}
