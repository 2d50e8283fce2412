// The one-time link of the first start: it creates the account that owns this server.
import { useState } from 'preact/hooks';
import type { Problem } from '../api/problem.ts';
import { Field, Notice, Submit } from '../ui/parts.tsx';
import { useApp } from './context.ts';
import { ProblemNotice } from './problem_notice.tsx';
import { useTitle } from './shell.tsx';

// A pasted link or the token alone.
const tokenOf = (text: string): string => text.trim().split('#').pop() ?? '';

export function SetupRoom({ token: given }: { token: string }) {
    const { session, navigation } = useApp();
    const [pasted, setPasted] = useState('');
    const [handle, setHandle] = useState('');
    const [password, setPassword] = useState('');
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState<Problem | null>(null);
    useTitle('Set up');

    const submit = async (event: Event) => {
        event.preventDefault();
        setBusy(true);
        setProblem(null);
        const failed = await session.setup(given || tokenOf(pasted), handle.trim(), password);
        setBusy(false);
        if (failed) setProblem(failed);
        else navigation.go({ name: 'library' }, { replace: true });
    };
    const wrong = (field: string) => (problem?.field === field ? problem.message : '');
    const spent = problem && (problem.field === 'token' || problem.code === 'gone' || problem.status === 409);

    return (
        <form class="card-form" onSubmit={(e) => void submit(e)} noValidate>
            <h1 tabIndex={-1}>Create the owner account</h1>
            <p class="lead">This link works once and for 30 minutes. It makes the account that owns this server; nobody else can use it afterwards.</p>
            {spent && (
                <Notice tone="wrong" title="This link cannot be used any more">
                    <p>{problem.message} Restart <code>vivim serve</code>: while there is no account, it prints a new link. If there is one, <a href="/login">sign in</a>.</p>
                </Notice>
            )}
            {problem && !spent && !['handle', 'password'].includes(problem.field) && <ProblemNotice problem={problem} />}
            {!given && (
                <Field label="One-time link" name="token" value={pasted} onInput={setPasted}
                    hint={<>The server printed it in the terminal when it started: <code>…/setup#…</code></>} />
            )}
            <Field label="Handle" name="handle" value={handle} onInput={setHandle} autocomplete="username" error={wrong('handle')}
                hint="2 to 32 of a–z, 0–9, - and _, beginning with a letter." literal />
            <Field label="Password" name="password" type="password" value={password} onInput={setPassword} autocomplete="new-password"
                error={wrong('password')} hint="At least 8 characters. A few words in a row are easy to remember and hard to guess." />
            <Submit busy={busy}>{busy ? 'Creating …' : 'Create the account'}</Submit>
        </form>
    );
}
