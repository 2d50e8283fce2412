// The change feed of the server, with nothing missed: what comes live, and after an interruption what came meanwhile, by
// the last cursor that was heard of. The cursor is kept between visits.
import type { Change, Changes, Failure, Socket } from '../api/socket.ts';
import type { StateStore } from '../store/state.ts';

const NAME = 'cursor';
const isFailure = (answer: object): answer is Failure => 'error' in answer;

export interface FeedParts {
    state: StateStore;
    onChanges: (items: Change[]) => void;
    // The cursor is too old, or there is none: what is shown must be read from the rows again.
    onGap: () => void;
}

export type Feed = ReturnType<typeof createFeed>;

export function createFeed({ state, onChanges, onGap }: FeedParts) {
    let cursor: string | undefined;

    function keep(next: string): void {
        cursor = next;
        void state.write(NAME, next);
    }

    async function catchUp(socket: Socket): Promise<void> {
        for (let more = true; more && cursor;) {
            const answer = await socket.ask('changes', { after: cursor });
            if (isFailure(answer)) {
                if (answer.error.code === 'cursor_expired') cursor = undefined;
                break;
            }
            if (answer.items.length) onChanges(answer.items);
            keep(answer.cursor);
            more = answer.more;
        }
    }

    return {
        // After `ready`, which says up to where the rows are known to whoever reads them now.
        async ready(socket: Socket, head: string): Promise<void> {
            cursor ??= await state.read<string>(NAME);
            if (!socket.recovered) await catchUp(socket);
            if (cursor) return;
            keep(head);
            onGap();
        },
        async heard(socket: Socket, changes: Changes): Promise<void> {
            if (changes.more) return catchUp(socket);
            onChanges(changes.items);
            keep(changes.cursor);
        },
        clear(): void {
            cursor = undefined;
            void state.remove(NAME);
        },
    };
}
