// Reading one conversation. All messages stand in the page (the browser's own search finds them); those far away cost
// nothing: the browser leaves out their layout (content-visibility) and their Markdown is rendered when they come near.
import type { RefObject, VNode } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { outline, type Message, type OutlineEntry } from '../model/reader.ts';
import { count } from '../model/time.ts';
import { useStore } from '../ui/hooks.ts';
import { Notice, Waiting } from '../ui/parts.tsx';
import { useApp } from './context.ts';
import { step, useKeys } from './keys.ts';
import { MessageView } from './message.tsx';
import { NotFound } from './not_found.tsx';
import { ProblemNotice } from './problem_notice.tsx';
import { ReaderHead } from './reader_head.tsx';
import { MarksBar } from './reader_marks.tsx';
import { useTitle } from './shell.tsx';

// Thousands of siblings cost time in every frame, even when the browser leaves their content out. In runs, it leaves out
// whole runs (measured with 5,000 messages: 50 ms a frame without them).
const RUN = 50;
const LOOK_AFTER_MS = 300;
const runsOf = <T,>(items: T[]): T[][] => Array.from({ length: Math.ceil(items.length / RUN) }, (_, i) => items.slice(i * RUN, (i + 1) * RUN));

function OutlineList({ entries }: { entries: OutlineEntry[] }) {
    return (
        <>
            {runsOf(entries).map((run, i) => (
                <ol key={i} class="run">{run.map((e) => <li key={e.id}><a href={`#m-${e.id}`}><span class="question-number">{e.number}</span>{e.text}</a></li>)}</ol>
            ))}
        </>
    );
}

// Beside the text where there is room, else folded under the title.
const WideOutline = ({ entries }: { entries: OutlineEntry[] }) => (
    <nav class="outline outline-wide" aria-label="Questions"><p class="outline-title">Questions</p><OutlineList entries={entries} /></nav>
);
const NarrowOutline = ({ entries }: { entries: OutlineEntry[] }) => (
    <details class="outline outline-narrow fold fold-quiet">
        <summary><span class="fold-label">{count(entries.length, 'question')}</span></summary>
        <nav aria-label="Questions"><OutlineList entries={entries} /></nav>
    </details>
);

// Goes to an element, and in a long one to its first mark, and stays there while what is above still grows, until the reader
// moves. `coming`: its marks are not there yet.
const STAY_MS = 1_500, WAIT_MS = 20_000;

function stayAt(target: HTMLElement, firstMark: () => Range | undefined, coming: () => boolean): () => void {
    const began = performance.now();
    let until = began + STAY_MS;
    let frame = 0;
    const stop = () => {
        cancelAnimationFrame(frame);
        for (const name of ['wheel', 'touchstart', 'keydown', 'pointerdown']) removeEventListener(name, stop);
    };
    const hold = () => {
        const now = performance.now();
        target.scrollIntoView({ block: 'start', behavior: 'instant' });
        const top = firstMark()?.getBoundingClientRect().top ?? 0;
        if (top > innerHeight * 0.6) scrollBy({ top: top - innerHeight / 3, behavior: 'instant' });
        if (coming() && now < began + WAIT_MS) until = now + STAY_MS;
        if (now < until) frame = requestAnimationFrame(hold);
        else stop();
    };
    for (const name of ['wheel', 'touchstart', 'keydown', 'pointerdown']) addEventListener(name, stop, { passive: true });
    target.focus({ preventScroll: true });
    hold();
    return stop;
}

// A message in the address is gone to once, as soon as it is there.
function useMessageInAddress(messageId: string, messages: Message[], q: string, ranges: RefObject<Range[]>): void {
    const { navigation, places } = useApp();
    const visit = useStore(navigation.store, (s) => s.visit);
    const reached = useRef('');
    const stop = useRef(() => {});
    useEffect(() => {
        const wish = `${visit} ${messageId}`;
        const target = messageId ? document.getElementById(`m-${messageId}`) : null;
        if (!target || reached.current === wish) return;
        reached.current = wish;
        stop.current();
        const firstMark = () => ranges.current?.find((r) => target.contains(r.startContainer));
        const coming = () => {
            const found = places.store.getState();
            return !!q && found.question?.q === q && found.ready && found.messages.has(messageId) && !firstMark();
        };
        stop.current = stayAt(target, firstMark, coming);
    }, [messageId, visit, messages.length]);
    useEffect(() => () => stop.current(), []);
}

function Messages({ messages, provider, conversationId, entries }: {
    messages: Message[]; provider: string; conversationId: string; entries: OutlineEntry[];
}) {
    const { renderer } = useApp();
    // The same node for the same message: a page that comes in later does not touch those before it.
    const nodes = useRef(new WeakMap<Message, VNode>());
    const numbers = useMemo(() => new Map(entries.map((e) => [e.id, e.number])), [entries]);
    const nodeOf = (message: Message, before: Message | undefined): VNode => {
        let node = nodes.current.get(message);
        if (!node) {
            const continued = before?.role === message.role && before.author === message.author && message.role !== 'user';
            node = <MessageView key={message.id} message={message} provider={provider} conversationId={conversationId}
                number={numbers.get(message.id) ?? null} continued={continued} renderer={renderer} />;
            nodes.current.set(message, node);
        }
        return node;
    };
    return <>{runsOf(messages).map((run, r) => <div key={r} class="run">{run.map((m, i) => nodeOf(m, messages[r * RUN + i - 1]))}</div>)}</>;
}

// Which message stands where one reads: near the top of the screen. Told when the scrolling rests.
function useLookedAt(id: string, there: boolean): void {
    const { presence } = useApp();
    useEffect(() => {
        if (!there) return;
        presence.open(id);
        let timer = 0;
        const look = () => {
            timer = 0;
            const column = document.querySelector('.reader-text')?.getBoundingClientRect();
            const found = column && document.elementFromPoint(column.left + column.width / 2, window.innerHeight / 3)?.closest('.message')?.id;
            if (found) presence.lookAt(found.slice('m-'.length));
        };
        const rest = () => {
            clearTimeout(timer);
            timer = window.setTimeout(look, LOOK_AFTER_MS);
        };
        rest();
        addEventListener('scroll', rest, { passive: true });
        return () => {
            clearTimeout(timer);
            removeEventListener('scroll', rest);
            presence.close();
        };
    }, [id, there]);
}

// What the browser prints by its own key is what it has rendered: ours renders all of it before.
function usePrintKey(there: boolean): void {
    const { print } = useApp();
    useEffect(() => {
        if (!there) return;
        const onKey = (event: KeyboardEvent) => {
            if (event.key !== 'p' || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
            event.preventDefault();
            void print();
        };
        addEventListener('keydown', onKey);
        return () => removeEventListener('keydown', onKey);
    }, [there]);
}

const ENDED = {
    withdrawn: ['This conversation is not shared with you any more', 'Whoever shared it has withdrawn it. It is no longer kept on this device either.'],
    deleted: ['This conversation was deleted', 'It went while you had it open.'],
} as const;

function Ended({ why }: { why: keyof typeof ENDED }) {
    const [title, sentence] = ENDED[why];
    return (
        <div class="column">
            <h1 tabIndex={-1}>{title}</h1>
            <p role="status">{sentence}</p>
            <p><a href="/">Back to the library</a></p>
        </div>
    );
}

export function ReaderRoom({ id, messageId, q }: { id: string; messageId: string; q: string }) {
    const { reader, view } = useApp();
    const state = useStore(reader.store, (s) => s);
    const shortcuts = useStore(view.store, (s) => s.shortcuts);
    const mine = state.id === id;
    const { conversation, messages, problem } = state;
    const entries = useMemo(() => outline(messages), [messages]);
    useTitle(mine ? conversation?.title ?? 'Conversation' : 'Conversation');
    useEffect(() => {
        void reader.open(id);
    }, [id]);
    const ranges = useRef<Range[]>([]);
    useMessageInAddress(messageId, mine ? messages : [], q, ranges);
    useLookedAt(id, mine && !!conversation);
    useKeys(shortcuts, { j: () => step('.message', 1), k: () => step('.message', -1) });

    usePrintKey(mine && !!conversation);

    if (mine && state.ended) return <Ended why={state.ended} />;
    if (mine && problem?.status === 404) return <NotFound what="conversation" />;
    const again = () => void reader.open(id, state.all);
    if (!mine || !conversation) {
        return (
            <div class="column">
                <h1 tabIndex={-1} class="visually-hidden">Conversation</h1>
                {mine && problem ? <ProblemNotice problem={problem} retry={again} /> : <Waiting what="Opening the conversation" />}
            </div>
        );
    }
    return (
        <div class={entries.length > 1 ? 'reader reader-outlined' : 'reader'}>
            {entries.length > 1 && <WideOutline entries={entries} />}
            <div class="reader-text">
                <ReaderHead conversation={conversation} />
                {entries.length > 1 && <NarrowOutline entries={entries} />}
                {state.offline && <Notice action={{ label: 'Try again', run: again }}><p>The server cannot be reached. This is the copy kept on this device.</p></Notice>}
                <Messages messages={messages} provider={conversation.provider} conversationId={conversation.id} entries={entries} />
                {problem && <ProblemNotice problem={problem} retry={messages.length ? () => void reader.more() : again} />}
                {!state.complete && !state.paused && !problem && <Waiting what="Loading more" />}
                {state.paused && <p><button type="button" onClick={() => void reader.more()}>Load more</button></p>}
                {state.complete && messages.length === 0 && <p>There are no visible messages.</p>}
            </div>
            {q && <MarksBar id={id} q={q} messageId={messageId} messages={messages} ranges={ranges} />}
        </div>
    );
}
