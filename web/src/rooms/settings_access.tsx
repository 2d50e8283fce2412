// Who and what may come in: the sessions of people, the tokens of programs.
import { useState } from 'preact/hooks';
import type { Problem } from '../api/problem.ts';
import type { LoginSession, Token } from '../model/account.ts';
import { day, exact } from '../model/time.ts';
import { useStore } from '../ui/hooks.ts';
import { Field, Notice } from '../ui/parts.tsx';
import { copyButton } from '../ui/render/decorate.ts';
import { useApp } from './context.ts';
import { ProblemNotice } from './problem_notice.tsx';

// "Firefox on Linux" out of a user agent; the whole is in the title.
export function device(agent: string): string {
    const browser = /Edg\//.test(agent) ? 'Edge' : /Firefox\//.test(agent) ? 'Firefox' : /Chrome\//.test(agent) ? 'Chrome'
        : /Safari\//.test(agent) ? 'Safari' : agent.split(/[ /]/)[0] || 'Unknown program';
    const system = /Android/.test(agent) ? 'Android' : /iPhone|iPad/.test(agent) ? 'iOS' : /Windows/.test(agent) ? 'Windows'
        : /Mac OS/.test(agent) ? 'macOS' : /Linux/.test(agent) ? 'Linux' : '';
    return system ? `${browser} on ${system}` : browser;
}

function SessionRow({ item, end }: { item: LoginSession; end: () => void }) {
    return (
        <li class="access-row">
            <span class="row-main" title={item.user_agent}><span>{device(item.user_agent)}{item.current && <span class="badge">this one</span>}</span>
                <span class="row-meta">{item.address} · last used {exact(item.last_used_at)}</span></span>
            {!item.current && <button type="button" onClick={end} aria-label={`End the session of ${device(item.user_agent)}`}>End</button>}
        </li>
    );
}

export function SessionList() {
    const { account } = useApp();
    const sessions = useStore(account.store, (s) => s.sessions);
    const [problem, setProblem] = useState<Problem | null>(null);
    if (!sessions.length) return null;
    return (
        <section aria-labelledby="sessions">
            <h2 id="sessions">Sessions</h2>
            <ul class="plain-list">
                {sessions.map((s) => <SessionRow key={s.id} item={s} end={async () => setProblem(await account.endSession(s.id))} />)}
            </ul>
            {sessions.length > 1 && <button type="button" onClick={async () => setProblem(await account.endOthers())}>End all others</button>}
            {problem && <ProblemNotice problem={problem} />}
        </section>
    );
}

function MadeToken({ token }: { token: Token }) {
    const { account } = useApp();
    const secret = token.token ?? '';
    return (
        <Notice tone="good" title={`The token “${token.name}”`}>
            <p>It is shown this once. Keep it like a password.</p>
            <p class="secret"><code>{secret}</code><span ref={(place) => { if (place && !place.firstChild) place.append(copyButton(() => secret)); }} /></p>
            <button type="button" onClick={account.hideMade}>I have copied it</button>
        </Notice>
    );
}

const SCOPES: [string, string][] = [['read', 'read'], ['write', 'write'], ['capture', 'capture'], ['admin', 'passwords, sessions, tokens']];

function NewToken() {
    const { account } = useApp();
    const [name, setName] = useState('');
    const [scopes, setScopes] = useState<string[]>(['read']);
    const [days, setDays] = useState('90');
    const [problem, setProblem] = useState<Problem | null>(null);
    const make = async (event: Event) => {
        event.preventDefault();
        const failed = await account.makeToken(name.trim(), scopes, Number(days) || null);
        setProblem(failed);
        if (!failed) setName('');
    };
    const toggle = (scope: string, on: boolean) => setScopes(on ? [...scopes, scope] : scopes.filter((s) => s !== scope));
    const wrong = (field: string) => (problem?.field === field ? problem.message : '');
    return (
        <form onSubmit={(e) => void make(e)} noValidate>
            <Field label="Name of a new token" name="name" value={name} onInput={setName} hint="What will use it: a script, an editor." error={wrong('name')} />
            <fieldset class="choices">
                <legend>It may</legend>
                {SCOPES.map(([scope, label]) => (
                    <label class="check" key={scope}><input type="checkbox" checked={scopes.includes(scope)} onChange={(e) => toggle(scope, e.currentTarget.checked)} /> {label}</label>
                ))}
            </fieldset>
            <Field label="Days until it ends" name="expires_days" type="number" value={days} onInput={setDays} hint="Empty: never." error={wrong('expires_days')} />
            <button type="submit" disabled={!scopes.length}>Make the token</button>
            {problem && !['name', 'expires_days'].includes(problem.field) && <ProblemNotice problem={problem} />}
        </form>
    );
}

export function TokenList() {
    const { account } = useApp();
    const { tokens, made } = useStore(account.store, (s) => s);
    const [problem, setProblem] = useState<Problem | null>(null);
    return (
        <section aria-labelledby="tokens">
            <h2 id="tokens">Tokens for programs</h2>
            {made && <MadeToken token={made} />}
            <ul class="plain-list">
                {tokens.map((t) => (
                    <li class="access-row" key={t.id}>
                        <span class="row-main"><span>{t.name} <code>{t.prefix}…</code></span>
                            <span class="row-meta">{t.scopes.join(', ')} · {t.expires_at ? `until ${day(t.expires_at)}` : 'never expires'} · {t.last_used_at ? `last used ${day(t.last_used_at)}` : 'never used'}</span></span>
                        <button type="button" onClick={async () => setProblem(await account.removeToken(t.id))} aria-label={`Remove the token ${t.name}`}>Remove</button>
                    </li>
                ))}
            </ul>
            {problem && <ProblemNotice problem={problem} />}
            <NewToken />
        </section>
    );
}
