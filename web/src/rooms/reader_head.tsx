// Above the messages: what this conversation is, where it came from, and what its owner may do with it.
import type { RefObject } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Problem } from '../api/problem.ts';
import { safeUrl } from '../model/blocks.ts';
import { placeOf, saidOf, type Said } from '../model/findings.ts';
import { providerName } from '../model/provider.ts';
import type { Conversation } from '../model/reader.ts';
import { count, day, exact } from '../model/time.ts';
import { useStore } from '../ui/hooks.ts';
import { OutIcon } from '../ui/icons.tsx';
import { Confirm, Field, Fold } from '../ui/parts.tsx';
import { useApp } from './context.ts';
import { ExportPanel } from './export_panel.tsx';
import { ProblemNotice } from './problem_notice.tsx';
import { SharePanel } from './share_panel.tsx';
import { SourcesFold } from './sources_fold.tsx';
import { COPIED } from './taking.ts';

const STRATEGY: Record<string, string> = {
    network: "the provider's own data", embedded: 'data embedded in the page', dom: 'the page as it was shown', generic: 'the text of the page',
};

function Rename({ title, done }: { title: string; done: () => void }) {
    const { reader } = useApp();
    const [value, setValue] = useState(title);
    const [problem, setProblem] = useState<Problem | null>(null);
    const save = async (event: Event) => {
        event.preventDefault();
        const failed = await reader.rename(value.trim());
        setProblem(failed);
        if (!failed) done();
    };
    return (
        <form class="rename" onSubmit={(e) => void save(e)} noValidate>
            <Field label="Title" name="title" value={value} onInput={setValue} take error={problem?.field === 'title' ? problem.message : ''} />
            <div class="row"><button type="submit" class="primary">Save</button><button type="button" onClick={done}>Cancel</button></div>
            {problem && problem.field !== 'title' && <ProblemNotice problem={problem} />}
        </form>
    );
}

function Tools({ conversation, rename, renamer }: { conversation: Conversation; rename: () => void; renamer: RefObject<HTMLButtonElement | null> }) {
    const { role } = conversation; // ours, or what another lets us do with theirs
    const { reader, library, navigation } = useApp();
    const [sharing, setSharing] = useState(false);
    const all = useStore(reader.store, (s) => s.all);
    const [asking, setAsking] = useState(false);
    const [problem, setProblem] = useState<Problem | null>(null);
    const remove = async () => {
        setAsking(false);
        const failed = await reader.remove();
        if (failed) return setProblem(failed);
        library.forget(conversation.id);
        navigation.go({ name: 'library' }, { replace: true });
    };
    return (
        <div class="row tools">
            <label class="check"><input type="checkbox" checked={all} onChange={(e) => void reader.open(conversation.id, e.currentTarget.checked)} /> Hidden messages and other branches</label>
            <TakeOut conversation={conversation} />
            {role === 'owner' && <button type="button" class="quiet" onClick={() => setSharing(true)}>Share …</button>}
            {(role === 'owner' || role === 'editor') && <button ref={renamer} type="button" class="quiet" onClick={rename}>Rename</button>}
            {role === 'owner' && <button type="button" class="quiet" onClick={() => setAsking(true)}>Delete …</button>}
            {sharing && <SharePanel id={conversation.id} close={() => setSharing(false)} />}
            {asking && (
                <Confirm title="Delete this conversation?" yes="Delete" onYes={() => void remove()} onNo={() => setAsking(false)}>
                    <p>“{conversation.title || 'Untitled'}” is removed from the library, with its pictures and all that was kept of its captures. Its share link can be captured again while it exists.</p>
                </Confirm>
            )}
            {problem && <ProblemNotice problem={problem} />}
        </div>
    );
}

// What it is about, and where that stands.
function Place({ said, place }: { said: Said; place: string }) {
    const { reader } = useApp();
    const message = placeOf(said, place, useStore(reader.store, (s) => s.messages));
    return <li>{place}{message && <> <a href={`#m-${message.id}`} aria-label={`Show the message with ${place}`}>Show</a></>}</li>;
}

const SAID_MS = 1_500;

// One click: the conversation as Markdown is in the clipboard.
function CopyMarkdown({ id }: { id: string }) {
    const { copyConversation } = useApp();
    const [said, setSaid] = useState('');
    const copy = async () => {
        const word = await copyConversation(id);
        setSaid(word);
        setTimeout(() => setSaid(''), SAID_MS * (word === COPIED ? 1 : 4));
    };
    return (
        <>
            <button type="button" class="quiet" onClick={() => void copy()}>{said || 'Copy as Markdown'}</button>
            <span class="visually-hidden" role="status">{said}</span>
        </>
    );
}

function TakeOut({ conversation }: { conversation: Conversation }) {
    const { print } = useApp();
    const [exporting, setExporting] = useState(false);
    return (
        <>
            <CopyMarkdown id={conversation.id} />
            <button type="button" class="quiet" onClick={() => setExporting(true)}>Export …</button>
            <button type="button" class="quiet" onClick={() => void print()}>Print</button>
            {exporting && <ExportPanel ids={[conversation.id]} what="this conversation" close={() => setExporting(false)} />}
        </>
    );
}

function Findings({ conversation }: { conversation: Conversation }) {
    const said = saidOf(conversation.findings);
    if (!said.length) return null;
    const warnings = said.filter((s) => s.warning).length;
    return (
        <Fold label={count(said.length, 'note')} hint={warnings ? `about this capture, ${count(warnings, 'warning')}` : 'about this capture'} tone="fold-quiet">
            {() => (
                <ul class="findings">
                    {said.map((s) => (
                        <li key={s.code}>
                            {s.warning && <strong>Warning: </strong>}{s.words}
                            {s.places.length > 0 && <ul>{s.places.map((place) => <Place key={place} said={s} place={place} />)}</ul>}
                        </li>
                    ))}
                </ul>
            )}
        </Fold>
    );
}

export function ReaderHead({ conversation }: { conversation: Conversation }) {
    const [renaming, setRenaming] = useState(false);
    const renamer = useRef<HTMLButtonElement>(null);
    const renamed = () => {
        renamer.current?.focus();
        setRenaming(false);
    };
    const source = safeUrl(conversation.source_url ?? '');
    const how = STRATEGY[conversation.source.strategy ?? ''];
    return (
        <header class="reader-head">
            <p class="kicker"><span class={`provider provider-${conversation.provider}`} aria-hidden="true" />{providerName(conversation.provider)}{conversation.model && ` · ${conversation.model}`}</p>
            <h1 tabIndex={-1}>{conversation.title || 'Untitled'}</h1>
            {renaming && <Rename title={conversation.title ?? ''} done={renamed} />}
            <p class="reader-meta">
                {conversation.created_at && <span><time dateTime={conversation.created_at} title={exact(conversation.created_at)}>{day(conversation.created_at)}</time></span>}
                <span>{count(conversation.message_count, 'message')}</span>
                <span title={how && `From ${how}`}>captured <time dateTime={conversation.captured_at}>{day(conversation.captured_at)}</time></span>
                {source && <a href={source} target="_blank" rel="noopener noreferrer nofollow">Source <OutIcon /></a>}
            </p>
            {conversation.shared_by && <p class="reader-meta">Shared by {conversation.shared_by}; you may {conversation.role === 'editor' ? 'read and rename it' : 'read it'}.</p>}
            {conversation.outcome === 'partial' && <p class="badge">Partial: the page did not give everything</p>}
            {conversation.source.strategy === 'generic' && <p class="badge">Read without knowing the site: who says what is a guess</p>}
            <Findings conversation={conversation} />
            {conversation.role === 'owner' && <SourcesFold key={conversation.id} version={conversation.version} />}
            <Tools conversation={conversation} rename={() => setRenaming(true)} renamer={renamer} />
        </header>
    );
}
