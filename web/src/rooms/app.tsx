// Which screen is shown: by the address, and by whether somebody is signed in.
import type { ComponentType } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { isPublic, type Route } from '../model/route.ts';
import { useStore } from '../ui/hooks.ts';
import { Notice, Waiting } from '../ui/parts.tsx';
import { CaptureRoom, CapturesRoom } from './captures.tsx';
import { useApp } from './context.ts';
import { LibraryRoom } from './library.tsx';
import { LoginRoom } from './login.tsx';
import { NotFound } from './not_found.tsx';
import { ReaderRoom } from './reader.tsx';
import { SearchRoom } from './search.tsx';
import { SetupRoom } from './setup.tsx';
import { Shell } from './shell.tsx';

// What few visits need is loaded when it is first asked for. The focus, which found no heading on the way here, goes to it then.
function LaterRoom({ load }: { load: () => Promise<ComponentType> }) {
    const { navigation } = useApp();
    const [Loaded, setLoaded] = useState<ComponentType | null>(null);
    const [lost, setLost] = useState(false);
    useEffect(() => void load().then((room) => setLoaded(() => room), () => setLost(true)), []);
    useEffect(() => {
        if (Loaded && navigation.store.getState().visit > 1 && !document.activeElement?.closest('main')) document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
    }, [Loaded]);
    if (lost) return <Notice tone="wrong" action={{ label: 'Load it again', run: () => location.reload() }}><p>This part of the page could not be loaded.</p></Notice>;
    return Loaded ? <Loaded /> : <Waiting what="Loading" />;
}

const loadSettings = () => import('./settings.tsx').then((m) => m.SettingsRoom);

function LaterImportRoom({ id }: { id: string }) {
    const { imports } = useApp();
    return <LaterRoom load={() => Promise.all([import('./imports.tsx'), imports()]).then(([m, model]) => () => <m.ImportRoom id={id} model={model} />)} />;
}

function Room({ route }: { route: Route }) {
    switch (route.name) {
    case 'setup': return <SetupRoom token={route.token} />;
    case 'login': return <LoginRoom next={route.next} token={route.token ?? ''} />;
    case 'library': return <LibraryRoom />;
    case 'conversation': return <ReaderRoom id={route.id} messageId={route.messageId} q={route.q ?? ''} />;
    case 'search': return <SearchRoom question={route.question} />;
    case 'captures': return <CapturesRoom />;
    case 'capture': return <CaptureRoom id={route.id} />;
    case 'imports': return <LaterImportRoom id="" />;
    case 'import': return <LaterImportRoom id={route.id} />;
    case 'settings': return <LaterRoom load={loadSettings} />;
    case 'unknown': return <NotFound what="page" />;
    }
}

// Signed out on a guarded screen: to the login and back afterwards. Signed in on the login: on to where it was meant.
function useGuard(): void {
    const { session, navigation } = useApp();
    const phase = useStore(session.store, (s) => s.phase);
    const { route } = useStore(navigation.store, (s) => s);
    useLayoutEffect(() => {
        if (phase === 'signed_out' && !isPublic(route)) {
            const here = route.name === 'library' ? '' : location.pathname + location.search + location.hash;
            navigation.go({ name: 'login', next: here }, { replace: true });
        } else if (phase === 'setup' && route.name !== 'setup') {
            navigation.go({ name: 'setup', token: '' }, { replace: true });
        } else if (phase === 'signed_in' && route.name === 'setup') {
            navigation.go({ name: 'library' }, { replace: true });
        }
    }, [phase, route]);
}

const screenOf = (route: Route): string => `${route.name} ${'id' in route ? route.id : ''}`;

// On another screen the focus goes to its heading and the page to where it was left (or to its top). What is shown may
// still be growing, so the old place is tried again for a second.
function useArrival(): void {
    const { navigation } = useApp();
    const place = useStore(navigation.store, (s) => s);
    const first = useRef(true);
    const screen = screenOf(place.route);
    useEffect(() => {
        if (first.current) {
            first.current = false;
            return;
        }
        if ('messageId' in place.route && place.route.messageId && place.scrollY === null) return; // the reader goes to the message
        // A screen that is there to be typed into has put the focus already, and one that is come back to where it was.
        if (!document.activeElement?.matches('main input, main .hit')) document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
        const wanted = place.scrollY ?? 0;
        const until = performance.now() + 1_000;
        let frame = 0;
        const move = () => {
            window.scrollTo(0, wanted);
            if (Math.abs(window.scrollY - wanted) > 2 && performance.now() < until) frame = requestAnimationFrame(move);
        };
        move();
        return () => cancelAnimationFrame(frame);
    }, [screen, place.visit]);
}

export function AppRoot() {
    const { session, view, navigation } = useApp();
    const phase = useStore(session.store, (s) => s.phase);
    const theme = useStore(view.store, (s) => s.theme);
    const route = useStore(navigation.store, (s) => s.route);
    useGuard();
    useArrival();
    useLayoutEffect(() => {
        document.documentElement.dataset['theme'] = theme;
    }, [theme]);

    if (phase === 'starting') return <Shell bare><Waiting what="Loading" /></Shell>;
    if (phase === 'unreachable') {
        return (
            <Shell bare>
                <h1 tabIndex={-1}>The server cannot be reached</h1>
                <Notice tone="wrong" action={{ label: 'Try again', run: () => void session.start() }}>
                    <p>Is <code>vivim serve</code> running, and is this machine online?</p>
                </Notice>
            </Shell>
        );
    }
    if (!isPublic(route) && phase !== 'signed_in') return <Shell bare>{null}</Shell>;
    return <Shell bare={isPublic(route)}><Room route={route} key={screenOf(route)} /></Shell>;
}
