// Dates for people, in their own language and time zone.

const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const MONTH = new Intl.DateTimeFormat(undefined, { month: 'long', year: 'numeric' });

function parsed(time: string | null | undefined): Date | null {
    const date = time ? new Date(time) : null;
    return date && !Number.isNaN(date.getTime()) ? date : null;
}

// To compare: as text "…:33Z" would come after "…:33.016Z" (a fraction of zero is not written). An unknown time comes first.
export const millis = (time: string | null | undefined): number => parsed(time)?.getTime() ?? 0;

const shown = (format: Intl.DateTimeFormat, time: string | null | undefined): string => {
    const date = parsed(time);
    return date ? format.format(date) : '';
};

export const day = (time: string | null | undefined): string => shown(DAY, time);
export const exact = (time: string | null | undefined): string => shown(EXACT, time);

// When it was, as the end of a sentence: the heading a row stands under in a list that is newest first.
export function period(time: string | null | undefined, now: Date): string {
    const date = parsed(time);
    if (!date) return 'at an unknown time';
    const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
    const dayMs = 86_400_000;
    if (date.getTime() >= midnight) return 'today';
    if (date.getTime() >= midnight - dayMs) return 'yesterday';
    if (date.getTime() >= midnight - 6 * dayMs) return 'this week';
    return `in ${MONTH.format(date)}`;
}

export const count = (n: number, one: string, many = `${one}s`): string => `${n.toLocaleString()} ${n === 1 ? one : many}`;
