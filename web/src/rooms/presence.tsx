// Who else is in this conversation, and the panel that shares it.
import { useEffect, useState } from 'preact/hooks';
import type { Member } from '../model/members.ts';
import { useStore } from '../ui/hooks.ts';
import { Field, Fold } from '../ui/parts.tsx';
import { useApp } from './context.ts';
import { ProblemNotice } from './problem_notice.tsx';

const NOBODY: never[] = [];

// Present while the conversation is open.
export function People({ id }: { id: string }) {
    const { live } = useApp();
    const people = useStore(live.store, (s) => s.people[`conversation:${id}`]) ?? NOBODY;
    useEffect(() => live.lookAt(id), [id]);
    return (
        <div class="people" role="status" aria-live="polite">
            {people.length > 0 && <ul aria-label="Also here">{people.map((p) => (
                <li key={p.user_id} class={`person person-${p.status}`} title={`${p.handle} is ${p.status === 'away' ? 'away' : 'here'}`}>
                    <span class="person-dot" aria-hidden="true">{p.handle.slice(0, 2)}</span>
                    <span class="person-name">{p.handle}{p.status === 'away' && ' (away)'}</span>
                </li>
            ))}</ul>}
        </div>
    );
}

const ROLES: [Member['role'], string][] = [['reader', 'may read'], ['editor', 'may rename']];

function SharedWith({ member }: { member: Member }) {
    const { members } = useApp();
    return (
        <li class="row">
            <span><strong>{member.handle}</strong> {ROLES.find(([role]) => role === member.role)?.[1]}</span>
            <button type="button" class="quiet" onClick={() => void members.withdraw(member.handle)}>Stop sharing<span class="visually-hidden"> with {member.handle}</span></button>
        </li>
    );
}

export function SharePanel({ id }: { id: string }) {
    const { members } = useApp();
    const { id: shown, items, owned, problem } = useStore(members.store, (s) => s);
    const [handle, setHandle] = useState('');
    const [role, setRole] = useState<Member['role']>('reader');
    useEffect(() => void members.load(id), [id]);
    if (shown !== id || !owned) return null;
    const share = async (event: Event) => {
        event.preventDefault();
        if (await members.share(handle.trim().toLowerCase(), role)) setHandle('');
    };
    const wrong = problem?.field === 'handle' ? problem.message : '';
    return (
        <Fold label="Share" hint={items.length ? `with ${items.map((m) => m.handle).join(', ')}` : 'with another account of this server'} tone="fold-quiet">
            {() => (
                <>
                    {items.length > 0 && <ul class="plain-list">{items.map((m) => <SharedWith key={m.handle} member={m} />)}</ul>}
                    <form onSubmit={(e) => void share(e)} noValidate>
                        <Field label="Handle" name="share_handle" value={handle} onInput={setHandle} error={wrong} literal />
                        <fieldset class="choices">
                            <legend class="visually-hidden">What they may do</legend>
                            {ROLES.map(([value, label]) => <label class="check" key={value}><input type="radio" name="share_role" checked={role === value} onChange={() => setRole(value)} /> {label}</label>)}
                        </fieldset>
                        <button type="submit" class="primary" disabled={!handle.trim()}>Share</button>
                    </form>
                    {problem && !wrong && <ProblemNotice problem={problem} />}
                </>
            )}
        </Fold>
    );
}
