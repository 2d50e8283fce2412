// With whom a conversation is shared: by handle, to read or to edit, until it is withdrawn.
import { useEffect, useState } from 'preact/hooks';
import type { Problem } from '../api/problem.ts';
import type { Member, Role } from '../model/sharing.ts';
import { useStore } from '../ui/hooks.ts';
import { Dialog, Field, Waiting } from '../ui/parts.tsx';
import { useApp } from './context.ts';
import { ProblemNotice } from './problem_notice.tsx';

const ROLES: [Role, string][] = [['reader', 'Read'], ['editor', 'Read and rename']];
const MAY: Record<Role, string> = { reader: 'may read', editor: 'may read and rename' };

function MemberRow({ member, withdraw }: { member: Member; withdraw: () => void }) {
    return (
        <li class="access-row">
            <span class="row-main"><span>{member.handle}</span><span class="row-meta">{MAY[member.role]}</span></span>
            <button type="button" onClick={withdraw} aria-label={`Withdraw from ${member.handle}`}>Withdraw</button>
        </li>
    );
}

function ShareForm() {
    const { sharing } = useApp();
    const [handle, setHandle] = useState('');
    const [role, setRole] = useState<Role>('reader');
    const [problem, setProblem] = useState<Problem | null>(null);
    const share = async (event: Event) => {
        event.preventDefault();
        if (!handle.trim()) return;
        const failed = await sharing.share(handle.trim(), role);
        setProblem(failed);
        if (!failed) setHandle('');
    };
    // Whose handle it is nobody knows: the field is where it is mended.
    const wrong = problem && [404, 409, 422].includes(problem.status) ? (problem.status === 404 ? 'There is nobody with this handle.' : problem.message) : '';
    return (
        <form onSubmit={(e) => void share(e)} noValidate>
            <Field label="Handle" name="handle" value={handle} onInput={setHandle} literal hint="Of somebody on this server." error={wrong} />
            <fieldset class="choices">
                <legend>They may</legend>
                {ROLES.map(([value, label]) => (
                    <label class="check" key={value}><input type="radio" name="role" value={value} checked={role === value} onChange={() => setRole(value)} /> {label}</label>
                ))}
            </fieldset>
            <button type="submit" class="primary">Share</button>
            {problem && !wrong && <ProblemNotice problem={problem} />}
        </form>
    );
}

export function SharePanel({ id, close }: { id: string; close: () => void }) {
    const { sharing } = useApp();
    const { members, status, problem } = useStore(sharing.store, (s) => s);
    const [failed, setFailed] = useState<Problem | null>(null);
    useEffect(() => {
        void sharing.load(id);
        return sharing.clear;
    }, [id]);
    return (
        <Dialog title="Share this conversation" kind="share-panel" close={close}>
            {status === 'loading' && !members.length && <Waiting what="Loading the list" />}
            {members.length > 0 && (
                <ul class="plain-list" aria-label="Shared with">
                    {members.map((m) => <MemberRow key={m.handle} member={m} withdraw={async () => setFailed(await sharing.withdraw(m.handle))} />)}
                </ul>
            )}
            {problem && <ProblemNotice problem={problem} retry={() => void sharing.load(id)} />}
            {failed && <ProblemNotice problem={failed} />}
            <ShareForm />
            <p class="small">They see changes as they happen, and that you are here. What is withdrawn closes for them at once.</p>
            <button type="button" onClick={close}>Close</button>
        </Dialog>
    );
}
