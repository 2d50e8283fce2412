// What a change that the server tells of means for what is shown.
import type { Change } from '../api/socket.ts';
import type { LibraryModel } from './library.ts';
import type { ReaderModel } from './reader.ts';

const TOGETHER_MS = 200; // news that comes in a row is looked at once

export interface NewsParts {
    library: Pick<LibraryModel, 'refresh' | 'loadShared' | 'forget'>;
    reader: Pick<ReaderModel, 'refresh' | 'withdraw'>;
    later: (work: () => void, ms: number) => () => void;
}

export function createNews({ library, reader, later }: NewsParts) {
    let waiting = false;
    const readAgain = () => {
        waiting = false;
        void library.refresh();
        void library.loadShared();
    };

    function one(change: Change): void {
        if (change.entity === 'conversation' && change.kind === 'deleted') library.forget(change.id);
        else if (change.entity === 'conversation') reader.refresh(change.id);
        else if (change.entity === 'access' && change.kind === 'deleted') reader.withdraw(change.id);
    }

    return {
        take(items: Change[]): void {
            for (const change of items) one(change);
            if (waiting || !items.some(({ entity }) => entity === 'conversation' || entity === 'access')) return;
            waiting = true;
            later(readAgain, TOGETHER_MS);
        },
        everything: readAgain,
        withdrawn(topic: string): void {
            if (topic.startsWith('conversation:')) reader.withdraw(topic.slice('conversation:'.length));
        },
    };
}
