// Exports and files come in: a place to drop them, what would come of it, what came of it, and the way back.
import { useEffect, useRef, useState } from 'preact/hooks';
import { isUnderWay, type Given, type Import, type ImportItem, type ImportsModel } from '../model/imports.ts';
import { size } from '../model/size.ts';
import { count, exact } from '../model/time.ts';
import { useStore } from '../ui/hooks.ts';
import { Confirm, Notice, Waiting } from '../ui/parts.tsx';
import { given, givenOf } from './imports_given.ts';
import { ProblemNotice } from './problem_notice.tsx';
import { useTitle } from './shell.tsx';

function DropZone({ model, busy }: { model: ImportsModel; busy: boolean }) {
    const [over, setOver] = useState(false);
    const files = useRef<HTMLInputElement>(null), folder = useRef<HTMLInputElement>(null);
    const give = (list: Given[]) => void model.give(list);
    return (
        <section class={over ? 'drop-zone drop-over' : 'drop-zone'} aria-label="Files to import"
            onDragOver={(e) => (e.preventDefault(), setOver(true))} onDragLeave={() => setOver(false)}
            onDrop={(e) => {
                e.preventDefault();
                setOver(false);
                if (e.dataTransfer && !busy) void given(e.dataTransfer).then(give);
            }}>
            <h2>Drop an export here</h2>
            <p>The zip that ChatGPT, Claude, Gemini, Grok and others send you, single files of it, saved pages, or a folder of such. Nothing is stored before you have seen what would come in.</p>
            <div class="row">
                <button type="button" class="primary" aria-disabled={busy || undefined} onClick={() => busy || files.current?.click()}>Choose files</button>
                <button type="button" aria-disabled={busy || undefined} onClick={() => busy || folder.current?.click()}>Choose a folder</button>
            </div>
            <input ref={files} hidden type="file" multiple aria-label="Files" onChange={(e) => (give(givenOf(e.currentTarget.files)), (e.currentTarget.value = ''))} />
            <input ref={folder} hidden type="file" {...{ webkitdirectory: true }} aria-label="A folder" onChange={(e) => (give(givenOf(e.currentTarget.files)), (e.currentTarget.value = ''))} />
        </section>
    );
}

const SHOWN = [['new', 'new'], ['changed', 'changed'], ['unchanged', 'unchanged'], ['skipped', 'passed over'], ['failed', 'failed']] as const;

function Counts({ of }: { of: Import }) {
    return (
        <dl class="counts">
            {SHOWN.map(([key, label]) => <div key={key} class={`count count-${of.counts[key] ? key : 'none'}`}><dt>{label}</dt><dd>{of.counts[key].toLocaleString()}</dd></div>)}
        </dl>
    );
}

function Notes({ notes, more }: { notes: ImportItem[]; more: boolean }) {
    if (!notes.length) return null;
    return (
        <details class="import-notes" open={notes.length <= 10}>
            <summary>What was passed over, and why ({notes.length}{more && ', and more'})</summary>
            <ul class="plain-list">
                {notes.map((n) => (
                    <li key={n.number}>
                        <span class={`note-outcome note-${n.outcome}`}>{n.outcome === 'kept' ? 'stays' : n.outcome}</span>{' '}
                        {n.conversation_id && n.title ? <a href={`/c/${n.conversation_id}`}>{n.title}</a> : <span class="note-file">{n.file}{n.place ? `, number ${n.place}` : ''}</span>}
                        <span class="small">{n.reason}</span>
                    </li>
                ))}
            </ul>
        </details>
    );
}

function titleOf(i: Import): string {
    if (i.status === 'queued') return 'Waiting for its turn';
    if (i.status === 'running') return i.dry_run ? 'Looking what is in it' : 'Importing';
    if (i.status === 'undoing') return 'Undoing';
    if (i.status === 'undone') return 'Undone';
    if (i.status === 'cancelled') return 'Cancelled; what came in until then is there';
    if (i.status === 'failed') return 'Nothing was imported from it';
    return i.dry_run ? 'This would come in' : 'Imported';
}

function Undone({ of }: { of: Import }) {
    if (!of.undo) return null;
    return (
        <p>{count(of.undo.undone, 'conversation')} went to the trash, or back to what was there before.
            {of.undo.kept > 0 && ` ${count(of.undo.kept, 'conversation')} stayed, because something was done with it since.`}</p>
    );
}

function Card({ model, of }: { model: ImportsModel; of: Import }) {
    const { notes, moreNotes } = useStore(model.store, (s) => s);
    const [asking, setAsking] = useState(false);
    const { done, total } = of.progress;
    const came = of.counts.new + of.counts.changed;
    return (
        <section class="capture import" aria-label={`Import of ${of.label}`}>
            <div class="capture-head">
                <p class="visually-hidden" role="status">{titleOf(of)}</p>
                <h2>{titleOf(of)}</h2>
                <p class="capture-url">{of.label}{of.bytes > 0 && ` · ${size(of.bytes)}`}</p>
            </div>
            {isUnderWay(of) && (total ? <progress max={total} value={Math.min(done ?? 0, total)} aria-label="How far it is" /> : <progress aria-label="Under way" />)}
            {of.error && <p>{of.error.detail}</p>}
            <Counts of={of} />
            {of.media.count > 0 && <p class="small">{count(of.media.count, 'picture or file', 'pictures and files')}, {size(of.media.bytes)}</p>}
            <Undone of={of} />
            {!isUnderWay(of) && <Notes notes={notes} more={moreNotes} />}
            <div class="row">
                {of.can_be_taken && came > 0 && <button type="button" class="primary" onClick={() => void model.take(of.id)}>Import {count(came, 'conversation')}</button>}
                {of.can_be_taken && <button type="button" onClick={() => void model.discard(of.id)}>{came ? 'Leave it' : 'Close'}</button>}
                {(of.status === 'queued' || of.status === 'running') && <button type="button" onClick={() => void model.cancel(of.id)}>Cancel</button>}
                {!of.dry_run && of.status === 'done' && <a class="button primary" href="/">Open the library</a>}
                {!of.dry_run && came > 0 && !isUnderWay(of) && !of.undo && <button type="button" onClick={() => setAsking(true)}>Undo this import</button>}
            </div>
            {asking && (
                <Confirm title="Undo this import?" yes="Undo it" onNo={() => setAsking(false)} onYes={() => (setAsking(false), void model.undo(of.id))}>
                    <p>What it made goes to the trash for 30 days, what it changed goes back to what it was. What you have renamed, shared or captured since stays.</p>
                </Confirm>
            )}
        </section>
    );
}

function Recent({ model }: { model: ImportsModel }) {
    const { recent } = useStore(model.store, (s) => s);
    if (!recent.length) return null;
    return (
        <section aria-labelledby="recent-imports">
            <h2 class="shelf-name" id="recent-imports">Recent imports</h2>
            <ul class="plain-list">
                {recent.map((i) => (
                    <li key={i.id}>
                        <a class="row-link" href={`/imports/${i.id}`}>
                            <span class="provider" aria-hidden="true" />
                            <span class="row-main"><span class="row-title">{i.label}</span><span class="row-meta">{titleOf(i)} · {i.counts.new} new, {i.counts.changed} changed, {i.counts.unchanged} unchanged</span></span>
                            <span class="row-side">{exact(i.created_at)}</span>
                        </a>
                    </li>
                ))}
            </ul>
        </section>
    );
}

export function ImportRoom({ id, model }: { id: string; model: ImportsModel }) {
    const { sending, current, problem } = useStore(model.store, (s) => s);
    useTitle('Import');
    useEffect(() => {
        void model.loadRecent();
        if (id) void model.follow(id);
    }, [id]);
    useEffect(() => {
        if (current && !isUnderWay(current) && !current.dry_run) void model.loadRecent();
    }, [current?.status, current?.id]);
    const busy = sending !== null || (current !== null && isUnderWay(current));
    return (
        <div class="column">
            <h1 tabIndex={-1}>Import</h1>
            <DropZone model={model} busy={busy} />
            {problem && (problem.status === 404 ? <Notice tone="wrong"><p>There is no such import.</p></Notice> : <ProblemNotice problem={problem} />)}
            {sending && (
                <section class="capture import" aria-label="Sending">
                    <h2>Sending {count(sending.files, 'file')}</h2>
                    <progress max={sending.total || 1} value={sending.sent} aria-label="Sent" />
                    <p class="small">{size(sending.sent)} of {size(sending.total)}. If the connection breaks it goes on where it was.</p>
                    <button type="button" onClick={model.giveUp}>Cancel</button>
                </section>
            )}
            {id && !current && !problem && <Waiting what="Loading the import" />}
            {current && <Card key={current.id} model={model} of={current} />}
            <Recent model={model} />
        </div>
    );
}
