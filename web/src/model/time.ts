// Dates for people, in their own language and time zone.

const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const UTC_DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
const UTC_MONTH = new Intl.DateTimeFormat(undefined, { month: 'long', year: 'numeric', timeZone: 'UTC' });
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

// "2026", "2026-01", "2026-01-31": a year, a month, a day of the calendar.
export function calendar(date: string): string {
    return date.length === 4 ? date : (date.length === 7 ? UTC_MONTH : UTC_DAY).format(new Date(date.padEnd(10, '-01')));
}

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
