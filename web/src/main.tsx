// Puts the client together: store, server, models, screens. Everything knows only what it is handed here.
import { render } from 'preact';
import { createClient } from './api/client.ts';
import { createAccount } from './model/account.ts';
import { createCaptures } from './model/captures.ts';
import { createLibrary } from './model/library.ts';
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

async function compose(): Promise<App> {
    const database = await openDatabase();
    const state = createStateStore(database);
    const cache = createConversationCache(database);
    const client = createClient({ fetch: (url, init) => fetch(url, init), onSignedOut: () => session.expire() });
    const library = createLibrary(client);
    const reader = createReader({ client, cache, now: () => Date.now() });
    const search = createSearch({ client, later });
    const account = createAccount(client);
    const captures = createCaptures({ client, openStream: (url) => new EventSource(url), later, onDone: () => void library.load() });
    const session = createSession({
        client,
        state,
        wipe: async () => {
            for (const model of [library, reader, search, account, captures]) model.clear();
            await cache.clear();
        },
    });
    const view = createView(state);
    await view.load();
    return { session, view, library, captures, reader, search, account, renderer: createRenderer(), navigation: createNavigation() };
}

const root = document.getElementById('app');
if (!root) throw new Error('the page has no #app');
const app = await compose();
render(<AppContext.Provider value={app}><AppRoot /></AppContext.Provider>, root);
await app.session.start();
