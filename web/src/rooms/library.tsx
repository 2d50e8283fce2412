// The library: the capture box, and under it everything captured, newest first.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Problem } from '../api/problem.ts';
import type { Summary } from '../model/library.ts';
import { EXPORT_IDS_MAX } from '../model/exports.ts';
import { providerName } from '../model/provider.ts';
import { count, day, exact, period } from '../model/time.ts';
import { useStore, useWhenNear } from '../ui/hooks.ts';
import { Waiting } from '../ui/parts.tsx';
import { CaptureBox } from './capture_box.tsx';
import { useApp } from './context.ts';
import { ExportPanel } from './export_panel.tsx';
import { step, useKeys } from './keys.ts';
import { ProblemNotice } from './problem_notice.tsx';
import { useTitle } from './shell.tsx';

type Chosen = ReadonlySet<string>;
interface Choosing {
    chosen: Chosen | null; // null: nothing is chosen now
    toggle: (id: string) => void;
}

function Row({ item, chosen = null, toggle }: { item: Summary } & Partial<Choosing>) {
    return (
        <li class={chosen ? 'choosable' : undefined}>
            {chosen && <input type="checkbox" aria-label={`Choose ${item.title || 'Untitled'}`} checked={chosen.has(item.id)} onChange={() => toggle?.(item.id)} />}
            <a class="row-link" href={`/c/${item.id}`}>
                <span class={`provider provider-${item.provider}`} aria-hidden="true" />
                <span class="row-main">
                    <span class="row-title">{item.title || 'Untitled'}</span>
                    <span class="row-meta">
                        {item.shared_by && <>from {item.shared_by} · </>}{providerName(item.provider)}{item.model && ` · ${item.model}`} · {count(item.message_count, 'message')}
                    </span>
                </span>
                <time class="row-side" dateTime={item.captured_at} title={`Captured ${exact(item.captured_at)}`}>{day(item.created_at ?? item.captured_at)}</time>
            </a>
        </li>
    );
}

// What is chosen goes out together.
function ChoosingBar({ chosen, set }: { chosen: Chosen | null; set: (chosen: Chosen | null) => void }) {
    const [exporting, setExporting] = useState(false);
    if (!chosen) return <button type="button" class="quiet" onClick={() => set(new Set())}>Choose …</button>;
    const many = chosen.size > EXPORT_IDS_MAX;
    return (
        <div class="row" role="group" aria-label="Chosen conversations">
            <span role="status">{count(chosen.size, 'conversation')} chosen{many && ` (at most ${EXPORT_IDS_MAX} at once)`}</span>
            <button type="button" class="primary" disabled={!chosen.size || many} onClick={() => setExporting(true)}>Export …</button>
            <button type="button" onClick={() => set(null)}>Done</button>
            {exporting && <ExportPanel ids={[...chosen]} what={count(chosen.size, 'conversation')} close={() => setExporting(false)} />}
        </div>
    );
}

interface Group {
    name: string;
    items: Summary[];
}

function grouped(items: Summary[], now: Date): Group[] {
    const groups: Group[] = [];
    for (const item of items) {
        const name = `Captured ${period(item.captured_at, now)}`;
        const last = groups[groups.length - 1];
        if (last?.name === name) last.items.push(item);
        else groups.push({ name, items: [item] });
    }
    return groups;
}

const SHARED_SHOWN = 5;

// What others share with us, above our own: it is what came from somebody.
function SharedWithMe({ items }: { items: Summary[] }) {
    const [all, setAll] = useState(false);
    if (!items.length) return null;
    const shown = all ? items : items.slice(0, SHARED_SHOWN);
    return (
        <section aria-label="Shared with me">
            <h2 class="shelf-name">Shared with me</h2>
            <ul class="plain-list">{shown.map((item) => <Row key={item.id} item={item} />)}</ul>
            {items.length > shown.length && <button type="button" class="quiet" onClick={() => setAll(true)}>All {items.length}</button>}
        </section>
    );
}

// `onAdd`: asked for, and whether it failed. Rows may come, by the feed, before the answer does.
function Empty({ onAdd }: { onAdd: (failed: boolean) => void }) {
    const { library } = useApp();
    const [problem, setProblem] = useState<Problem | null>(null);
    const [busy, setBusy] = useState(false);
    const sample = async () => {
        setBusy(true);
        onAdd(false);
        const failed = await library.addSample();
        setProblem(failed);
        setBusy(false);
        if (failed) onAdd(true);
    };
    return (
        <section class="empty" aria-label="The library is empty">
            <h2>No conversations yet</h2>
            <ol class="how">
                <li>Open a conversation in ChatGPT or Claude and choose <strong>Share</strong>.</li>
                <li>Copy the link that it gives you.</li>
                <li>Paste it above. It is captured in a minute and stays yours.</li>
            </ol>
            <p>Or <a href="/imports">import the export</a> that a provider sends you: everything at once.</p>
            <p>Or look around first: <button type="button" aria-disabled={busy || undefined} onClick={() => void (busy || sample())}>{busy ? 'Adding …' : 'Add three sample conversations'}</button></p>
            {problem && <ProblemNotice problem={problem} />}
        </section>
    );
}

export function LibraryRoom() {
    const { library, view } = useApp();
    const { items, shared, cursor, status, problem, failed } = useStore(library.store, (s) => s);
    const shortcuts = useStore(view.store, (s) => s.shortcuts);
    const [chosen, setChosen] = useState<Chosen | null>(null);
    const toggle = (id: string) => setChosen((was) => {
        const now = new Set(was);
        if (!now.delete(id)) now.add(id);
        return now;
    });
    const end = useRef<HTMLDivElement>(null);
    const toFirst = useRef(false); // the first row, when it comes, is to have the focus: the button that asked for it has gone
    useTitle('Library');
    useEffect(() => {
        const first = toFirst.current && document.querySelector<HTMLElement>('.shelf .row-link');
        if (!first) return;
        toFirst.current = false;
        first.focus();
    });
    useEffect(() => void library.reload(), []);
    useWhenNear(end, () => {
        if (!problem) void library.more();
    }, `${items.length} ${status}`);
    useKeys(shortcuts, { j: () => step('.shelf .row-link', 1), k: () => step('.shelf .row-link', -1) });

    const now = new Date();
    return (
        <div class="column">
            <h1 tabIndex={-1} class="visually-hidden">Library</h1>
            <CaptureBox />
            {problem && failed === 'first' && <ProblemNotice problem={problem} retry={() => void library.load()} />}
            {!items.length && (status === 'loading' || status === 'idle') && <Waiting what="Loading the library" />}
            {!items.length && status === 'ready' && !problem && <Empty onAdd={(failed) => (toFirst.current = !failed)} />}
            {items.length > 0 && <div class="choosing-bar"><ChoosingBar chosen={chosen} set={setChosen} /></div>}
            <div class="shelf">
                <SharedWithMe items={shared ?? []} />
                {grouped(items, now).map((group) => (
                    <section key={group.name} aria-label={group.name}>
                        <h2 class="shelf-name">{group.name}</h2>
                        <ul class="plain-list">{group.items.map((item) => <Row key={item.id} item={item} chosen={chosen} toggle={toggle} />)}</ul>
                    </section>
                ))}
            </div>
            <div ref={end} />
            {status === 'more' && <Waiting what="Loading more" />}
            {problem && failed === 'more' && <ProblemNotice problem={problem} retry={() => void library.more()} />}
            {items.length > 0 && <p class="small shelf-end">{!cursor && status === 'ready' && <>That is all. </>}<a href="/captures">Recent captures</a> · <a href="/imports">Import files</a></p>}
        </div>
    );
}
