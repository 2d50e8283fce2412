// Who else has this conversation open: initials, and whether they look. A click goes to the message they are at.
import { initials, type Person } from '../model/presence.ts';
import { useStore, useThrottled } from '../ui/hooks.ts';
import { useApp } from './context.ts';

const SHOWN_MAX = 3;
const SAID_EVERY_MS = 2_000;
const TINTS = 6;

// Somebody has the same colour everywhere.
const tintOf = (userId: string): number => [...userId].reduce((sum, c) => sum + c.charCodeAt(0), 0) % TINTS;

function Dot({ person }: { person: Person }) {
    const label = `${person.handle}, ${person.status}`;
    const dot = (
        <>
            <span class={`here-dot tint-${tintOf(person.user_id)}`} aria-hidden="true">{initials(person.handle)}</span>
            <span class="here-name">{person.handle}</span>
        </>
    );
    const classes = `here-person here-${person.status}`;
    return person.message_id
        ? <a class={classes} href={`#m-${person.message_id}`} aria-label={`${label}: to the message they are at`} title={label}>{dot}</a>
        : <span class={classes} role="img" aria-label={label} title={label}>{dot}</span>;
}

export function Here() {
    const { presence } = useApp();
    const people = useStore(presence.store, (s) => s.people);
    const said = useThrottled(people.map((p) => (p.status === 'away' ? `${p.handle} (away)` : p.handle)).join(', '), SAID_EVERY_MS);
    const shown = people.length > SHOWN_MAX ? SHOWN_MAX - 1 : SHOWN_MAX; // the last place is the count's
    const hidden = people.slice(shown);
    return (
        <div class="here">
            <p class="visually-hidden" role="status">{said && `Also here: ${said}`}</p>
            {people.length > 0 && (
                <ul class="here-list plain-list" aria-label="Also here">
                    {people.slice(0, shown).map((p) => <li key={p.user_id}><Dot person={p} /></li>)}
                    {hidden.length > 0 && <li class="here-more" title={hidden.map((p) => p.handle).join(', ')}>+{hidden.length}</li>}
                </ul>
            )}
        </div>
    );
}
