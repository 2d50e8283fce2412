// Settings: how it looks, who is signed in where, tokens for programs, the password.
import { useEffect, useState } from 'preact/hooks';
import type { Problem } from '../api/problem.ts';
import type { Theme } from '../model/view.ts';
import { useStore } from '../ui/hooks.ts';
import { Field, Notice, Waiting } from '../ui/parts.tsx';
import { useApp } from './context.ts';
import { ExportPanel } from './export_panel.tsx';
import { ProblemNotice } from './problem_notice.tsx';
import { SessionList, TokenList } from './settings_access.tsx';
import { StorageUsed } from './settings_storage.tsx';
import { useTitle } from './shell.tsx';

const THEMES: [Theme, string][] = [['system', 'As the system'], ['light', 'Light'], ['dark', 'Dark']];

function Looks() {
    const { view } = useApp();
    const { theme, shortcuts } = useStore(view.store, (s) => s);
    return (
        <section aria-labelledby="looks">
            <h2 id="looks">Reading</h2>
            <fieldset class="choices">
                <legend>Colours</legend>
                {THEMES.map(([value, label]) => (
                    <label class="check" key={value}><input type="radio" name="theme" value={value} checked={theme === value} onChange={() => view.setTheme(value)} /> {label}</label>
                ))}
            </fieldset>
            <label class="check"><input type="checkbox" checked={shortcuts} onChange={(e) => view.setShortcuts(e.currentTarget.checked)} /> <span>Keyboard shortcuts (<kbd>/</kbd> <kbd>j</kbd> <kbd>k</kbd> …; <kbd>?</kbd> lists them)</span></label>
        </section>
    );
}

function Visibility() {
    const { presence } = useApp();
    const invisible = useStore(presence.store, (s) => s.invisible);
    const [problem, setProblem] = useState<Problem | null>(null);
    return (
        <section aria-labelledby="visibility">
            <h2 id="visibility">Who sees that you are here</h2>
            <label class="check">
                <input type="checkbox" checked={invisible === true} disabled={invisible === null}
                    onChange={async (e) => setProblem(await presence.setInvisible(e.currentTarget.checked))} /> Be invisible
            </label>
            <p class="small">{invisible === null
                ? 'It can be changed as soon as there is a connection.'
                : 'Otherwise those who share a conversation with you see that you have it open, and when you were last here.'}</p>
            {problem && <ProblemNotice problem={problem} />}
        </section>
    );
}

function Password() {
    const { account } = useApp();
    const [before, setBefore] = useState('');
    const [after, setAfter] = useState('');
    const [problem, setProblem] = useState<Problem | null>(null);
    const [done, setDone] = useState(false);
    const save = async (event: Event) => {
        event.preventDefault();
        setDone(false);
        const failed = await account.changePassword(before, after);
        setProblem(failed);
        if (failed) return;
        setBefore('');
        setAfter('');
        setDone(true);
    };
    const wrong = (field: string) => (problem?.field === field ? problem.message : '');
    return (
        <section aria-labelledby="password">
            <h2 id="password">Password</h2>
            <form onSubmit={(e) => void save(e)} noValidate>
                <Field label="Current password" name="old_password" type="password" value={before} onInput={setBefore} autocomplete="current-password" error={wrong('old_password')} />
                <Field label="New password" name="new_password" type="password" value={after} onInput={setAfter} autocomplete="new-password" error={wrong('new_password')} />
                <button type="submit">Change the password</button>
                <p class="small">Every other session ends.</p>
                {problem && !['old_password', 'new_password'].includes(problem.field) && <ProblemNotice problem={problem} />}
                {done && <Notice tone="good"><p role="status">Changed.</p></Notice>}
            </form>
        </section>
    );
}

function TakeAll() {
    const [exporting, setExporting] = useState(false);
    return (
        <section aria-labelledby="export">
            <h2 id="export">Export</h2>
            <p>Everything in this library is yours: take it out whenever you like, in forms that read without VIVIM.</p>
            <button type="button" onClick={() => setExporting(true)}>Export everything …</button>
            {exporting && <ExportPanel what="everything" close={() => setExporting(false)} />}
        </section>
    );
}

export function SettingsRoom() {
    const { account, session, navigation } = useApp();
    const user = useStore(session.store, (s) => s.user);
    const { status, problem, sessions } = useStore(account.store, (s) => s);
    const [leaving, setLeaving] = useState<Problem | null>(null);
    useTitle('Settings');
    useEffect(() => void account.load(), []);
    const signOut = async () => {
        const failed = await session.logout();
        setLeaving(failed);
        if (!failed) navigation.go({ name: 'login', next: '' }, { replace: true });
    };
    return (
        <div class="column settings">
            <h1 tabIndex={-1}>Settings</h1>
            <section aria-labelledby="account">
                <h2 id="account">Account</h2>
                <p>Signed in as <strong>{user?.handle}</strong>{user?.admin && ', who runs this server'}.</p>
                <button type="button" onClick={() => void signOut()}>Sign out</button>
                <p class="small">What was kept on this device for reading is wiped.</p>
                {leaving && <ProblemNotice problem={leaving} />}
            </section>
            <TakeAll />
            <Looks />
            <Visibility />
            {problem && <ProblemNotice problem={problem} retry={() => void account.load()} />}
            {status === 'loading' && !sessions.length && <Waiting what="Loading sessions and tokens" />}
            <SessionList />
            <TokenList />
            <Password />
            <StorageUsed />
        </div>
    );
}
