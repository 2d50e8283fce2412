// Why something was found, in words: from the parts of its score (docs/search.md has the formulas).
import type { Hit } from './search.ts';
import { calendar } from './time.ts';

const REASONS_MAX = 3;
const NEAR_DATE = 0.5;

const listed = (words: string[]): string => (words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`);

function ofWords(words: string[], all: boolean, together: boolean): string {
    if (words.length < 2) return words.length ? `the word ${words[0]}` : '';
    if (words.length === 2) return `${all ? 'both words' : listed(words)}${together ? ' together' : ''}`;
    return all ? 'all words' : listed(words.slice(0, 5));
}

export function reasons(hit: Hit): string[] {
    const part = (name: string) => hit.parts?.find((p) => p.name === name);
    const value = (name: string) => part(name)?.value ?? 0;
    const any = (...names: string[]) => names.some((name) => value(name) > 0);
    const none = hit.words.length === 0;
    const told = [
        ofWords(hit.words, value('cov') > 0.999, value('bi') > 0),
        hit.like && hit.like_of ? `similar: ${hit.like_of} ~ ${hit.like}` : none && hit.source === 'similar' ? 'similar words' : '',
        value('date') > NEAR_DATE ? 'near that date' : '',
        value('about') > 0 ? (hit.role === 'user' ? 'said by the user' : 'said by whom you name') : '',
        !none ? '' : any('nb1', 'nb2', 'semnb') ? 'beside a message that fits' : value('sess') > 0 ? 'from a talk about this' : '',
    ];
    return told.filter(Boolean).slice(0, REASONS_MAX);
}

const EXAMPLES: Record<string, string> = {
    role: 'user', from: 'me', in: '"a title"', provider: 'claude', model: 'opus', account: 'name', kind: 'message', has: 'code', is: 'shared', lang: 'en',
    before: '2026-01-31', after: 'yesterday', on: '2026-01-31', during: '"last March"',
};

// What somebody may have meant by what was not understood.
export function hintWords({ code, field, detail }: { code: string; field: string; detail: string }): string {
    switch (code) {
    case 'operator': return `${field} was searched as a word. Write ${detail} instead.`;
    case 'date_alone': return `Everything from ${detail.split(' ').map(calendar).join(' to ')}, the newest first.`;
    case 'filter_everywhere': return 'A filter beside OR holds for the whole search.';
    case 'no_value': return `${field}: wants its value right behind the colon, such as ${field}:${EXAMPLES[field.toLowerCase()] ?? 'value'}`;
    case 'no_kind': return `There is nothing of the kind ${field}, so that was left out. There are: ${detail}.`;
    case 'unknown_field': return detail && !/[ ,]/.test(detail) ? `${field}: is no filter, so it was searched as words. Did you mean ${detail}: ?` : `${field}: takes ${detail || 'another value'}. It was searched as words.`;
    case 'no_date': return `${field}:${detail} is no date that is understood, so it was searched as words. 2026-01-31, yesterday or "last March" are.`;
    case 'not_yet': return `${field}:${detail} cannot be asked for yet, so it was searched as words.`;
    case 'too_many_words': return `That is a long question: ${detail || 'the rare words were looked for, the others left out'}.`;
    default: return detail;
    }
}
