// What the server tells, brought to where it is shown: the library, the open conversation, captures, sessions, members.
import { createStore } from 'zustand/vanilla';
import type { Change } from '../api/socket.ts';
import type { ChangeStore } from '../store/changes.ts';
import type { Connection } from '../sync/connection.ts';
import { createFeed, goneConversations, type News } from '../sync/feed.ts';
import { idIn, type Entity } from '../sync/topic.ts';
import type { AccountModel } from './account.ts';
import type { CapturesModel } from './captures.ts';
import type { LibraryModel } from './library.ts';
import type { ReaderModel } from './reader.ts';
import type { SessionModel } from './session.ts';
import type { SharingModel } from './sharing.ts';

export interface Live {
    trouble: boolean; // not connected for longer than a blink
}

export interface LiveParts {
    connection: Connection;
    changes: ChangeStore;
    later: (work: () => void, ms: number) => () => void;
    session: SessionModel;
    library: LibraryModel;
    reader: ReaderModel;
    captures: CapturesModel;
    account: AccountModel;
    sharing: SharingModel;
}

const BLINK_MS = 4_000;

export type LiveModel = ReturnType<typeof createLive>;

export function createLive({ connection, changes, later, session, library, reader, captures, account, sharing }: LiveParts) {
    const store = createStore<Live>(() => ({ trouble: false }));
    let stopTimer: (() => void) | null = null;

    const me = (): string => session.store.getState().user?.id ?? '';

    // A connection that comes back at once is nobody's business.
    function watch(): void {
        const { phase } = connection.store.getState();
        if (phase === 'on' || phase === 'off') {
            stopTimer?.();
            stopTimer = null;
            store.setState({ trouble: false });
        } else {
            stopTimer ??= later(() => store.setState({ trouble: true }), BLINK_MS);
        }
    }
    connection.store.subscribe(watch);
    connection.on('unsubscribed', ({ topic }) => {
        const id = idIn(topic, 'conversation');
        if (id) reader.end(id);
    });
    connection.on('signed_out', () => session.expire());
    connection.on('refused', (problem) => {
        if (problem.code === 'unauthenticated') session.expire();
    });

    function toLibrary(items: Change[]): void {
        const conversations = items.filter((i) => i.entity === 'conversation');
        const gone = new Set(goneConversations(items));
        for (const id of gone) library.forget(id);
        const mine = conversations.filter((i) => i.owner_id === me() && i.kind !== 'deleted');
        if (mine.length) void library.renew([...new Set(mine.map((i) => i.id))]);
        if (items.some((i) => i.entity === 'access') || conversations.some((i) => i.owner_id !== me())) void library.loadShared();
    }

    function toReader(items: Change[]): void {
        const { id, conversation } = reader.store.getState();
        const about = items.filter((i) => i.id === id && (i.entity === 'conversation' || i.entity === 'access'));
        const last = about[about.length - 1];
        if (!last) return;
        if (last.kind === 'deleted') reader.end(id, last.entity === 'access' ? 'withdrawn' : 'deleted');
        else if (!conversation) void reader.open(id); // it could not be read before
        else void reader.renew(id);
    }

    function hear(news: News): void {
        if (news.everything) {
            if (library.store.getState().status !== 'idle') void library.reload();
            else void library.loadShared();
            void reader.renew(reader.store.getState().id);
            return;
        }
        const touches = (...entities: Entity[]) => news.items.some((i) => entities.includes(i.entity));
        toLibrary(news.items);
        toReader(news.items);
        if (touches('capture')) void captures.renew();
        if (touches('session', 'token')) void account.renew();
        if (touches('grant')) void sharing.renew();
    }

    const feed = createFeed({ connection, store: changes, later, onNews: hear });
    const isIn = () => session.store.getState().phase === 'signed_in';
    let running = false;

    // Connected as long as somebody is signed in.
    function follow(): void {
        if (isIn() === running) return;
        running = isIn();
        if (running) {
            void feed.start();
            connection.start();
        } else {
            connection.stop();
            feed.stop();
        }
    }
    session.store.subscribe(follow);

    return { store, retry: connection.retry };
}
