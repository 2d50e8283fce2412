// Puts the client together: store, server, models, screens. Everything knows only what it is handed here.
import { render } from 'preact';
import { createClient } from './api/client.ts';
import { openSocket } from './api/socket.ts';
import { createAccount } from './model/account.ts';
import { createCaptures } from './model/captures.ts';
import { conversationMarkdown, exportSize } from './model/exports.ts';
import type { ImportsModel } from './model/imports.ts';
import { createLibrary } from './model/library.ts';
import { createLive } from './model/live.ts';
import { createPlaces } from './model/places.ts';
import { createPresence } from './model/presence.ts';
import { createQueue } from './model/queue.ts';
import { createReader } from './model/reader.ts';
import { createSearch } from './model/search.ts';
import { createSearches } from './model/searches.ts';
import { createSession } from './model/session.ts';
import { createSharing } from './model/sharing.ts';
import { createStorage } from './model/storage.ts';
import { createView } from './model/view.ts';
import { AppRoot } from './rooms/app.tsx';
import { watchAttention } from './rooms/attention.ts';
import { AppContext, type App } from './rooms/context.ts';
import { createNavigation } from './rooms/navigation.ts';
import { createTaking } from './rooms/taking.ts';
import { createChangeStore } from './store/changes.ts';
import { createConversationCache } from './store/conversations.ts';
import { openDatabase } from './store/database.ts';
import { createStateStore } from './store/state.ts';
import { createProgress } from './sync/captures.ts';
import { createConnection } from './sync/connection.ts';
import { keepFocus } from './ui/focus.ts';
import { createRenderer } from './ui/render/renderer.ts';
import './style/base.css';
import './gen/providers.css';
import './style/frame.css';
import './style/rooms.css';
import './style/search.css';
import './style/reading.css';

const later = (work: () => void, ms: number) => {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
};

// The page is there before its connection: the socket's code is loaded after the first paint.
const painted = () => new Promise<void>((resolve) => {
    if (document.hidden) setTimeout(resolve);
    else requestAnimationFrame(() => setTimeout(resolve));
});

async function compose(): Promise<App> {
    const database = await openDatabase();
    const state = createStateStore(database);
    const cache = createConversationCache(database);
    const changes = createChangeStore(database);
    const client = createClient({ fetch: (url, init) => fetch(url, init), onSignedOut: () => session.expire() });
    const connection = createConnection({ open: async () => (await painted(), openSocket()), later });
    const library = createLibrary(client);
    const reader = createReader({ client, cache, now: () => Date.now() });
    const search = createSearch({ client, later });
    const searches = createSearches(state);
    const places = createPlaces(client);
    const account = createAccount(client);
    const sharing = createSharing(client);
    const followCapture = createProgress({
        connection, openStream: (url) => new EventSource(url), read: (id) => client.call('GET /api/v1/captures/{id}', { path: { id } }),
    });
    const captures = createCaptures({ client, followCapture, later, onDone: () => void library.load() });
    const queue = createQueue({ client, captures, state });
    const presence = createPresence({
        connection, later, me: () => session.store.getState().user?.id ?? '',
        onRefused: (id) => void reader.check(id),
    });
    const session = createSession({
        client,
        state,
        wipe: async () => {
            for (const model of [library, reader, search, places, account, queue, captures, sharing, presence]) model.clear();
            (await importing)?.clear();
            await Promise.all([cache.clear(), changes.clear(), searches.clear()]);
        },
    });
    const live = createLive({ connection, changes, later, session, library, reader, captures, account, sharing });
    watchAttention(presence.attend, live.retry);
    let importing: Promise<ImportsModel> | null = null;
    const imports = () => (importing ??= Promise.all([import('./model/imports.ts'), import('./sync/uploads.ts')]).then(([model, sync]) => {
        const upload = sync.createUploader({ fetch: (url, init) => fetch(url, init), begun: sessionStorage, sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) });
        return model.createImports({ client, upload, later });
    }));
    const view = createView(state);
    await Promise.all([view.load(), searches.load()]);
    const renderer = createRenderer();
    const taking = createTaking({
        reader, renderer, conversationMarkdown: (id) => conversationMarkdown(client, id),
        write: async (text) => navigator.clipboard.writeText(text), // there is none but in a secure context
    });
    return { session, view, library, captures, queue, reader, search, searches, places, account, sharing, presence, live, renderer, navigation: createNavigation(), storage: createStorage(client), imports, exportSize: (wish) => exportSize(client, wish), ...taking };
}

const root = document.getElementById('app');
if (!root) throw new Error('the page has no #app');
const app = await compose();
keepFocus(root);
render(<AppContext.Provider value={app}><AppRoot /></AppContext.Provider>, root);
await app.session.start();
