// The steps of a capture, and what each end of one means for the person who waits.
import { asSentence } from '../api/problem.ts';
import type { Schemas } from '../api/types.ts';

export type Capture = Schemas['Capture'];

export const PHASES = ['check', 'queue', 'navigate', 'load', 'extract', 'validate', 'store'] as const;

const LABELS: Record<string, string> = {
    check: 'Check the link', queue: 'Wait for a browser', navigate: 'Open the page', load: 'Load the conversation',
    extract: 'Read the messages', validate: 'Check what was read', store: 'Put it into the library',
};
export const phaseLabel = (phase: string): string => LABELS[phase] ?? phase;

export const isOver = (c: Capture): boolean => c.status === 'done' || c.status === 'failed' || c.status === 'cancelled';

export interface Step {
    phase: string;
    label: string;
    state: 'done' | 'now' | 'later' | 'failed';
}

// The server says in which step a capture came to its end: what stands before it happened, and nothing behind it.
export function steps(c: Capture): Step[] {
    const at = (PHASES as readonly string[]).indexOf(c.phase ?? 'check');
    return PHASES.map((phase, i) => ({
        phase,
        label: phaseLabel(phase),
        state: c.status === 'done' || i < at ? 'done' : i > at ? 'later' : c.status === 'failed' ? 'failed' : c.status === 'cancelled' ? 'later' : 'now',
    }));
}

interface End {
    words: string; // what it was, in short
    next: string;  // the way on
    again?: boolean; // a second attempt stands a chance without anything else being done
}
const ENDS: Record<string, End> = {
    gone: { words: 'the share does not exist', next: 'The share was deleted, or the link is mistyped. Ask whoever shared it for a new link.' },
    private: { words: 'it needs a login', next: 'The page asks for a login. Open the chat, choose Share, and make the link public.' },
    challenge: { words: 'the provider asked for a person', next: 'The provider wants to see a person. Try again in a few minutes.', again: true },
    rate_limited: { words: 'the provider asked for a pause', next: 'The provider asks for a pause. Try again in a few minutes.', again: true },
    format_changed: {
        words: 'the page was not understood',
        next: 'The page was reached, but it is built in a way that is not known yet. The raw page is kept and can be read again after an update.',
    },
    server_error: { words: 'the provider answered with an error', next: 'The provider could not be reached, or answered with an error. Try again in a few minutes.', again: true },
    timeout: { words: 'the page did not load in time', next: 'The page took longer than a minute. Try again; very long conversations can need a second go.', again: true },
    blocked: { words: 'it may not be reached', next: 'It may not be reached from this server. Whoever runs it decides which addresses may.' },
    too_large: { words: 'the page is too large', next: 'The page is larger than what is taken.' },
    invalid_url: { words: 'it is no share link', next: 'Open the chat, choose Share, and paste the link that it gives you.' },
    browser_failed: { words: 'the browser failed', next: 'The browser on the server stopped. Try again; if it stays so, `vivim doctor` says what is missing.', again: true },
    crashed: {
        words: 'reading it ended the server',
        next: 'Reading this page ended the server, three times. It is not tried again by itself; whoever runs the server finds more in its log.',
    },
};
const end = (c: Capture): End => ENDS[c.outcome ?? ''] ?? { words: 'it ended without saying why', next: 'Try again in a moment.', again: true };

// How it ended or how far it is, in few words: "new: 12 messages", "not captured: it needs a login".
export function outcomeWords(c: Capture): string {
    if (c.status === 'done') return (c.result?.words ?? 'captured') + (c.outcome === 'partial' ? '; not all of it was there' : '');
    if (c.status === 'failed') return `not captured: ${end(c).words}`;
    if (c.status === 'cancelled') return 'cancelled';
    if (c.status === 'queued') return c.position && c.position > 1 ? `Waiting: number ${c.position} in line` : 'Waiting: next in line';
    const { done, total } = c.progress;
    return phaseLabel(c.phase ?? 'check') + (total ? `: ${done} of ${total}` : done ? `: ${done}` : '');
}

export const titleOf = (c: Capture): string | null => (c.result ? c.result.title || 'Untitled' : null);

// One sentence for the live region and the card's heading.
export function sentence(c: Capture): string {
    const words = asSentence(outcomeWords(c));
    return isOver(c) && c.result ? `${titleOf(c)}: ${outcomeWords(c)}.` : isOver(c) ? words : words.replace(/\.$/, '');
}

// Why it failed, in the server's words.
export const reason = (c: Capture): string => asSentence(c.error?.detail ?? '') || 'It ended without saying why.';

export const whatNext = (outcome: string | null): string => (ENDS[outcome ?? '']?.next ?? 'Try again in a moment.');
export const mayRetry = (c: Capture): boolean => c.status === 'cancelled' || (c.status === 'failed' && (end(c).again ?? false));
