// The change feed: everything that happened to what this account owns or may read, each change at least once, in order.
// What came is in the browser's store before anybody hears of it. After a connection that was lost for longer, what was
// missed is asked for by the cursor; where the server does not know that any more, everything has to be read again.
import { toProblem } from '../api/problem.ts';
import type { Change, Changes } from '../api/socket.ts';
import type { ChangeStore } from '../store/changes.ts';
import type { Connection } from './connection.ts';

export type News = { everything: true } | { everything: false; items: Change[] };

export interface FeedParts {
    connection: Connection;
    store: ChangeStore;
    later: (work: () => void, ms: number) => () => void;
    onNews: (news: News) => void;
}

const AGAIN_MS = 5_000;

// What is not to be kept: deleted, or the right to it was withdrawn.
export const goneConversations = (items: Change[]): string[] =>
    items.filter((i) => i.kind === 'deleted' && (i.entity === 'conversation' || i.entity === 'access')).map((i) => i.id);

export function createFeed({ connection, store, later, onNews }: FeedParts) {
    let cursor: string | null = null;
    let head = '';         // the cursor of the last `ready`
    let asking = false;
    let missed = false;    // something came while the past was being asked for
    let generation = 0;
    let written = Promise.resolve();
    let leave = () => {};
    let stopTimer = () => {};

    // In the store first, one after the other; then told.
    function take(at: string, news: News): void {
        const mine = generation;
        cursor = at;
        written = written.then(async () => {
            if (mine !== generation) return;
            await store.take(at, news.everything ? [] : goneConversations(news.items));
            if (mine === generation && (news.everything || news.items.length)) onNews(news);
        });
    }

    async function pages(mine: number): Promise<void> {
        let page: Changes;
        do {
            missed = false;
            page = await connection.ask('changes', { after: cursor ?? head });
            if (mine !== generation) return;
            take(page.cursor, { everything: false, items: page.items });
        } while (page.more || missed);
    }

    async function catchUp(): Promise<void> {
        if (asking) {
            missed = true;
            return;
        }
        const mine = generation;
        asking = true;
        stopTimer();
        try {
            await pages(mine);
        } catch (error) {
            if (mine !== generation) return;
            const { code, status } = toProblem(error);
            if (code === 'cursor_expired' || code === 'bad_input') take(head, { everything: true });
            else if (status !== 0 || connection.store.getState().phase === 'on') stopTimer = later(() => void catchUp(), AGAIN_MS);
        } finally {
            if (mine === generation) asking = false;
        }
    }

    connection.on('ready', (ready) => {
        head = ready.cursor;
        // Never heard of anything: what is on the screen may have been read a moment before this.
        if (cursor === null) take(head, { everything: true });
    });
    connection.on('change', (page) => {
        if (asking || page.more) void catchUp();
        else if (cursor !== null) take(page.cursor, { everything: false, items: page.items });
    });

    return {
        start: async (): Promise<void> => {
            const mine = ++generation;
            asking = missed = false;
            const known = await store.read();
            if (mine !== generation) return;
            cursor = known;
            leave = connection.join('feed', { joined: () => void (cursor !== null && catchUp()) });
        },
        stop: (): void => {
            generation++;
            stopTimer();
            leave();
            leave = () => {};
            cursor = null;
        },
    };
}
