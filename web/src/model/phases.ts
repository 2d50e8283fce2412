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

export function steps(c: Capture): Step[] {
    const at = (PHASES as readonly string[]).indexOf(c.phase ?? 'check');
    return PHASES.map((phase, i) => ({
        phase,
        label: phaseLabel(phase),
        state: c.status === 'done' || i < at ? 'done' : i > at ? 'later' : c.status === 'failed' ? 'failed' : c.status === 'cancelled' ? 'later' : 'now',
    }));
}

// One sentence for the live region and the card's heading.
export function sentence(c: Capture): string {
    if (c.status === 'done') return c.outcome === 'partial' ? 'Captured, but not all of it.' : 'Captured.';
    if (c.status === 'failed') return 'The capture did not work.';
    if (c.status === 'cancelled') return 'The capture was cancelled.';
    if (c.status === 'queued' && c.position) return `Waiting: ${c.position === 1 ? 'next in line' : `number ${c.position} in line`}.`;
    const { done, total } = c.progress;
    return `${phaseLabel(c.phase ?? 'check')}${total ? `: ${done} of ${total}` : done ? `: ${done}` : ''}`;
}

const NEXT: Record<string, string> = {
    gone: 'The share was deleted, or the link is mistyped. Ask whoever shared it for a new link.',
    private: 'The page asks for a login. Open the chat, choose Share, and make the link public.',
    challenge: 'The provider wants to see a person. Try again in a few minutes.',
    rate_limited: 'The provider asks for a pause. Try again in a few minutes.',
    format_changed: 'The page was reached, but it is built in a way that is not known yet. The raw page is kept and can be read again after an update.',
    server_error: 'The provider could not be reached, or answered with an error. Try again in a few minutes.',
    timeout: 'The page took longer than a minute. Try again; very long conversations can need a second go.',
    blocked: 'It may not be reached from this server. Whoever runs it decides which addresses may.',
    too_large: 'The page is larger than what is taken.',
    invalid_url: 'Open the chat, choose Share, and paste the link that it gives you.',
    browser_failed: 'The browser on the server stopped. Try again; if it stays so, `vivim doctor` says what is missing.',
    crashed: 'Reading this page ended the server, three times. It is not tried again by itself; whoever runs the server finds more in its log.',
};
const AGAIN = new Set(['challenge', 'rate_limited', 'server_error', 'timeout', 'browser_failed']);

// Why it failed, in the server's words.
export const reason = (c: Capture): string => asSentence(c.error?.detail ?? '') || 'It ended without saying why.';

export const whatNext = (outcome: string | null): string => NEXT[outcome ?? ''] ?? 'Try again in a moment.';
// Does a second attempt stand a chance without anything else being done?
export const mayRetry = (c: Capture): boolean => c.status === 'cancelled' || (c.status === 'failed' && (AGAIN.has(c.outcome ?? '') || !NEXT[c.outcome ?? '']));
