// What stands around every screen: the bar, the way past it, the list of keys.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ASK } from '../model/question.ts';
import type { Theme } from '../model/view.ts';
import { useStore } from '../ui/hooks.ts';
import { GearIcon, HalfIcon, Mark, MoonIcon, SearchIcon, SunIcon } from '../ui/icons.tsx';
import { Dialog } from '../ui/parts.tsx';
import { ConnectionLine } from './connection_line.tsx';
import { useApp } from './context.ts';
import { Here } from './here.tsx';
import { useKeys } from './keys.ts';

const NEXT_THEME: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };
const THEME_NAME: Record<Theme, string> = { system: 'as the system', light: 'light', dark: 'dark' };

function ThemeButton() {
    const { view } = useApp();
    const theme = useStore(view.store, (s) => s.theme);
    const label = `Colours: ${THEME_NAME[theme]}. Change to ${THEME_NAME[NEXT_THEME[theme]]}`;
    return (
        <button type="button" class="bar-button" aria-label={label} title={label} onClick={() => view.setTheme(NEXT_THEME[theme])}>
            {theme === 'light' ? <SunIcon /> : theme === 'dark' ? <MoonIcon /> : <HalfIcon />}
        </button>
    );
}

const KEYS: [string, string][] = [
    ['/', 'search'], ['j  k', 'next and previous message, row or result'], ['Enter', 'open it'], ['n  N', 'next and previous marked word'], ['m  M', 'next and previous place that was found'], ['g', 'back to the library'],
    ['c', 'paste a link'], ['?', 'this list'], ['Esc', 'close'],
];

function KeySheet({ close }: { close: () => void }) {
    return (
        <Dialog title="Keyboard shortcuts" kind="key-sheet" close={close}>
            <dl>{KEYS.map(([key, what]) => <div key={key}><dt>{key.split(/\s+/).map((k) => <kbd key={k}>{k}</kbd>)}</dt><dd>{what}</dd></div>)}</dl>
            <p class="small">They can be switched off in the settings.</p>
            <button type="button" onClick={close}>Close</button>
        </Dialog>
    );
}

function Bar() {
    const { navigation } = useApp();
    const name = useStore(navigation.store, (s) => s.route.name);
    const here = (...names: string[]) => (names.includes(name) ? 'page' : undefined);
    return (
        <header class="bar">
            <a class="brand" href="/" aria-label="VIVIM, to the library"><Mark /><span>VIVIM</span></a>
            <Here />
            <nav aria-label="Main">
                <a class="bar-link" href="/" aria-current={here('library')}>Library</a>
                <a class="bar-link bar-search" href="/search" aria-current={here('search')}><SearchIcon /><span>Search</span><kbd aria-hidden="true">/</kbd></a>
                <a class="bar-button" href="/settings" aria-current={here('settings')} aria-label="Settings" title="Settings"><GearIcon /></a>
                <ThemeButton />
            </nav>
        </header>
    );
}

function goToSearch(go: () => void): void {
    const box = document.querySelector<HTMLInputElement>('#search-box');
    if (box) box.select();
    else go();
}

export function Shell({ bare = false, children }: { bare?: boolean; children: ComponentChildren }) {
    const { view, navigation } = useApp();
    const shortcuts = useStore(view.store, (s) => s.shortcuts);
    const [keys, setKeys] = useState(false);
    useKeys(shortcuts && !bare, {
        '/': () => goToSearch(() => navigation.go({ name: 'search', question: ASK })),
        '?': () => setKeys(true),
        g: () => navigation.go({ name: 'library' }),
        c: () => {
            if (navigation.store.getState().route.name !== 'library') navigation.go({ name: 'library' });
            requestAnimationFrame(() => document.querySelector<HTMLInputElement>('#capture-link')?.focus());
        },
    });
    return (
        <>
            <button type="button" class="skip" onClick={() => document.querySelector<HTMLElement>('#main')?.focus()}>To the content</button>
            {bare
                ? <header class="bar bar-bare"><span class="brand"><Mark /><span>VIVIM</span></span><nav aria-label="Page"><ThemeButton /></nav></header>
                : <Bar />}
            <main id="main" tabIndex={-1} class={bare ? 'bare' : ''}>{children}</main>
            {!bare && <ConnectionLine />}
            {keys && <KeySheet close={() => setKeys(false)} />}
        </>
    );
}

// The screen's name in the window's title.
export function useTitle(title: string): void {
    useEffect(() => {
        document.title = title ? `${title} · VIVIM` : 'VIVIM';
    }, [title]);
}
