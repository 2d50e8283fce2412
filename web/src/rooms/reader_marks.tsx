// A conversation that a search led to: its words are marked, and a bar leads from one to the next, from place to place, and
// back to the results.
import type { RefObject } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { finder } from '../model/marks.ts';
import { ASK, same } from '../model/question.ts';
import type { Message } from '../model/reader.ts';
import { useStore } from '../ui/hooks.ts';
import { CrossIcon, DownIcon, UpIcon } from '../ui/icons.tsx';
import { goTo, mark, markOne, unmark } from '../ui/marks.ts';
import { useApp } from './context.ts';
import { useKeys } from './keys.ts';

const elementOf = (messageId: string) => document.getElementById(`m-${messageId}`);
const inside = (element: Element | null, range: Range) => !!element?.contains(range.startContainer);
const STILL_COMING = '.prose.source';

// What was found may stand in a fold: thinking, the output of a tool.
function openFolds(element: Element | null): boolean {
    const folds = element?.querySelectorAll<HTMLDetailsElement>('.message-body details.fold:not([open])') ?? [];
    for (const fold of folds) fold.open = true;
    return folds.length > 0;
}

// Text comes near, is rendered, is unfolded: marked again, once a frame at most.
function useWhenTextChanges(work: () => void, keys: unknown[]): void {
    useEffect(() => {
        const text = document.querySelector('.reader-text');
        let frame = 0;
        const soon = () => {
            frame ||= requestAnimationFrame(() => ((frame = 0), work()));
        };
        work();
        const observer = new MutationObserver(soon);
        if (text) observer.observe(text, { childList: true, subtree: true, characterData: true });
        text?.addEventListener('toggle', soon, true);
        return () => {
            cancelAnimationFrame(frame);
            observer.disconnect();
            text?.removeEventListener('toggle', soon, true);
        };
    }, keys);
}

interface MarksProps {
    id: string;
    q: string;
    messageId: string;
    messages: Message[];
    ranges: RefObject<Range[]>; // of all marks, in order: the way to the message stops at its first
}

export function MarksBar({ id, q, messageId, messages, ranges }: MarksProps) {
    const { places, search, navigation, view } = useApp();
    const { answered } = search.store.getState();
    const question = answered?.q === q ? answered : { ...ASK, q }; // with its filters, where it led here
    const found = useStore(places.store, (s) => s);
    const shortcuts = useStore(view.store, (s) => s.shortcuts);
    const [, again] = useState(0);
    const at = useRef(-1); // the mark that was gone to
    const unfolded = useRef('');
    const find = useMemo(() => finder(found.forms), [found.forms]);
    const ids = useMemo(() => messages.map((m) => m.id).filter((m) => found.messages.has(m)), [messages, found.messages]);
    useEffect(() => void places.open(id, question), [id, q]);
    useEffect(() => {
        at.current = -1;
    }, [messageId, q]);
    useEffect(() => () => {
        unmark();
        ranges.current = [];
    }, []);
    useWhenTextChanges(() => {
        const marked = mark(ids.flatMap((m) => elementOf(m)?.querySelector('.message-body') ?? []), find);
        ranges.current = marked;
        const target = messageId ? elementOf(messageId) : null;
        if (at.current < 0) at.current = marked.findIndex((r) => inside(target, r));
        if (at.current >= marked.length) at.current = marked.length - 1;
        markOne(marked[at.current]);
        if (at.current < 0 && ids.includes(messageId) && unfolded.current !== messageId && !target?.querySelector(STILL_COMING)) {
            unfolded.current = messageId;
            openFolds(target);
        }
        again((n) => n + 1);
    }, [find, ids, messageId]);

    const marks = ranges.current ?? [];
    const toMark = (by: 1 | -1) => {
        if (!marks.length) return;
        at.current = at.current < 0 ? (by > 0 ? 0 : marks.length - 1) : (at.current + by + marks.length) % marks.length;
        const range = marks[at.current];
        markOne(range);
        if (range) goTo(range);
        again((n) => n + 1);
    };
    const current = marks[at.current];
    const here = Math.max(ids.indexOf(messageId), current ? ids.findIndex((m) => inside(elementOf(m), current)) : -1);
    const toPlace = (by: 1 | -1) => {
        const next = ids[here < 0 ? (by > 0 ? 0 : ids.length - 1) : (here + by + ids.length) % ids.length];
        if (next) navigation.rewrite({ name: 'conversation', id, messageId: next, q });
    };
    useKeys(shortcuts, { n: () => toMark(1), N: () => toMark(-1), m: () => toPlace(1), M: () => toPlace(-1) });

    const back = (event: MouseEvent) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || !same(answered, question)) return;
        event.preventDefault();
        navigation.backTo({ name: 'search', question });
    };
    const step = (what: string, n: number, of: number, to: (by: 1 | -1) => void) => (
        <div class="marks-step" role="group" aria-label={`${what}s`}>
            <button type="button" class="bar-button" aria-label={`Previous ${what.toLowerCase()}`} disabled={of < 1} onClick={() => to(-1)}><UpIcon /></button>
            <span class="marks-count">{what} {n > 0 && `${n.toLocaleString()}/`}{of.toLocaleString()}</span>
            <button type="button" class="bar-button" aria-label={`Next ${what.toLowerCase()}`} disabled={of < 1} onClick={() => to(1)}><DownIcon /></button>
        </div>
    );
    return (
        <div class="marks-bar" role="region" aria-label={`Found by ${q}`}>
            {found.ready && !marks.length && !ids.length ? <span class="marks-none">None of the words stands here</span> : (
                <>
                    {step('Word', at.current + 1, marks.length, toMark)}
                    {ids.length > 1 && step('Place', here + 1, ids.length, toPlace)}
                </>
            )}
            <a class="button marks-back" href={`/search?q=${encodeURIComponent(q)}`} onClick={back}>Results</a>
            <button type="button" class="bar-button" aria-label="Mark nothing" onClick={() => navigation.rewrite({ name: 'conversation', id, messageId })}><CrossIcon /></button>
        </div>
    );
}
