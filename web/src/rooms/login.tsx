import { useLayoutEffect, useState } from 'preact/hooks';
import type { Problem } from '../api/problem.ts';
import { parseRoute } from '../model/route.ts';
import { useStore } from '../ui/hooks.ts';
import { Field, Notice, Submit } from '../ui/parts.tsx';
import { useApp } from './context.ts';
import { ProblemNotice } from './problem_notice.tsx';
import { useTitle } from './shell.tsx';

export function LoginRoom({ next, token }: { next: string; token: string }) {
    const { session, navigation } = useApp();
    const phase = useStore(session.store, (s) => s.phase);
    const expired = useStore(session.store, (s) => s.expired);
    const [handle, setHandle] = useState('');
    const [password, setPassword] = useState('');
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState<Problem | null>(null);
    const [spent, setSpent] = useState(false); // the link: then the password is asked for
    useTitle('Sign in');

    useLayoutEffect(() => {
        if (phase !== 'signed_in') return;
        const to = new URL(next || '/', location.origin);
        navigation.go(parseRoute(to.pathname, to.search, to.hash), { replace: true });
    }, [phase]);

    const submit = async (event: Event) => {
        event.preventDefault();
        setBusy(true);
        setProblem(null);
        setProblem(await session.login(handle.trim(), password));
        setBusy(false);
    };
    const useLink = async (event: Event) => {
        event.preventDefault();
        setBusy(true);
        const failed = await session.loginByLink(token);
        setBusy(false);
        setProblem(failed);
        setSpent(failed?.field === 'token');
    };
    const wrong = (field: string) => (problem?.field === field ? problem.message : '');

    if (token && !spent) return (
        <form class="card-form" onSubmit={(e) => void useLink(e)}>
            <h1 tabIndex={-1}>Sign in</h1>
            <p class="lead">This link signs you in once, without the password.</p>
            {problem && <ProblemNotice problem={problem} />}
            <button type="submit" class="primary" disabled={busy}>{busy ? 'Signing in …' : 'Sign in'}</button>
        </form>
    );
    return (
        <form class="card-form" onSubmit={(e) => void submit(e)} noValidate>
            <h1 tabIndex={-1}>Sign in</h1>
            {expired && !problem && <Notice><p>You were signed out after a while. Sign in, and you are back where you were.</p></Notice>}
            {problem?.code === 'bad_login' && (
                <Notice tone="wrong"><p>The handle or the password is wrong. Forgotten? On the server, <code>vivim user passwd HANDLE</code> sets a new one, and <code>vivim user login-link HANDLE</code> prints a link that needs none.</p></Notice>
            )}
            {problem && problem.code !== 'bad_login' && !['handle', 'password'].includes(problem.field) && <ProblemNotice problem={problem} />}
            <Field label="Handle" name="handle" value={handle} onInput={setHandle} autocomplete="username" error={wrong('handle')} literal />
            <Field label="Password" name="password" type="password" value={password} onInput={setPassword} autocomplete="current-password" error={wrong('password')}
                take={problem?.code === 'bad_login' && problem} />
            <Submit busy={busy}>{busy ? 'Signing in …' : 'Sign in'}</Submit>
        </form>
    );
}
