// Puts the client together: store, server, models, screens. Everything knows only what it is handed here.
import { render } from 'preact';
import { createClient } from './api/client.ts';
import { openSocket } from './api/socket.ts';
import { createAccount } from './model/account.ts';
import { createCaptures } from './model/captures.ts';
import { createLibrary } from './model/library.ts';
import { createLive, type LiveModel } from './model/live.ts';
import { createMembers } from './model/members.ts';
import { createNews } from './model/news.ts';
import { createReader } from './model/reader.ts';
import { createSearch } from './model/search.ts';
import { createSession } from './model/session.ts';
import { createView } from './model/view.ts';
import { AppRoot } from './rooms/app.tsx';
import { AppContext, type App } from './rooms/context.ts';
import { createNavigation } from './rooms/navigation.ts';
import { createConversationCache } from './store/conversations.ts';
import { openDatabase } from './store/database.ts';
import { createStateStore } from './store/state.ts';
import { createRenderer } from './ui/render/renderer.ts';
import './style/base.css';
import './style/frame.css';
import './style/rooms.css';
import './style/reading.css';

const later = (work: () => void, ms: number) => {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
};

const IDLE_MS = 5 * 60_000;

// Away: the page is hidden, or nothing was touched for five minutes.
function watchAttention(live: LiveModel): void {
    let cancel = () => {};
    const here = () => {
        cancel();
        live.setAway(document.hidden);
        cancel = later(() => live.setAway(true), IDLE_MS);
    };
    for (const name of ['pointerdown', 'keydown', 'wheel', 'visibilitychange']) document.addEventListener(name, here, { passive: true });
    here();
}

async function compose(): Promise<App> {
    const database = await openDatabase();
    const state = createStateStore(database);
    const cache = createConversationCache(database);
    const client = createClient({ fetch: (url, init) => fetch(url, init), onSignedOut: () => session.expire() });
    const library = createLibrary(client);
    const reader = createReader({ client, cache, now: () => Date.now() });
    const search = createSearch({ client, later });
    const account = createAccount(client);
    const members = createMembers(client);
    const news = createNews({ library, reader, later });
    const live = createLive({
        open: openSocket, state, later,
        onChanges: news.take, onGap: news.everything, onWithdrawn: news.withdrawn, onSignedOut: () => session.expire(),
    });
    const captures = createCaptures({
        client, openStream: (url) => new EventSource(url), followLive: live.followCapture, later, onDone: () => void library.load(),
    });
    const session = createSession({
        client,
        state,
        wipe: async () => {
            for (const model of [library, reader, search, account, captures, members, live]) model.clear();
            await cache.clear();
        },
    });
    const view = createView(state);
    await view.load();
    session.store.subscribe(({ phase, user }) => {
        if (phase === 'signed_in' && user) void live.start(user.id);
        else live.stop();
    });
    watchAttention(live);
    return { session, view, library, live, members, captures, reader, search, account, renderer: createRenderer(), navigation: createNavigation() };
}

const root = document.getElementById('app');
if (!root) throw new Error('the page has no #app');
const app = await compose();
render(<AppContext.Provider value={app}><AppRoot /></AppContext.Provider>, root);
await app.session.start();
