// Where the words of a search stand in a text. Which words they are says the server, by what it marked in the snippets: a
// stem or a corrected word is marked here as it stands there.
import type { Hit } from './search.ts';
import { segments } from './highlights.ts';

const FORMS_MAX = 300;
const FORM_CHARS_MAX = 80;
const LETTER = /[\p{L}\p{N}\p{Extended_Pictographic}]/u;
// Of these scripts every piece is found, so none has to begin or end a word.
const DENSE = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]/u;

interface Folded {
    text: string; // words with one space between
    at: number[]; // of each UTF-16 unit of it, where it came from
}

export function fold(text: string): Folded {
    const out: string[] = [];
    const at: number[] = [];
    let from = 0;
    for (const point of text) {
        for (const c of point.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()) {
            const put = LETTER.test(c) ? c : ' ';
            if (put === ' ' && (out.length === 0 || out.at(-1) === ' ')) continue;
            for (let i = 0; i < put.length; i++) at.push(from);
            out.push(put);
        }
        from += point.length;
    }
    at.push(text.length);
    return { text: out.join(''), at };
}

const wordOf = (text: string): string => fold(text).text.trim();

export function formsOf(hits: readonly Pick<Hit, 'snippet' | 'highlights' | 'words'>[]): string[] {
    const forms = new Set<string>();
    for (const hit of hits) {
        for (const s of segments(hit.snippet, hit.highlights)) if (s.marked) forms.add(wordOf(s.text));
        for (const word of hit.words) forms.add(wordOf(word));
    }
    return [...forms].filter((f) => f && f.length <= FORM_CHARS_MAX && !/^[a-z0-9]$/.test(f)).slice(0, FORMS_MAX);
}

export type Find = (text: string) => [start: number, end: number][];

// The longest form wins where two stand at one place.
export function finder(given: readonly string[]): Find {
    const forms = given.filter(Boolean);
    if (!forms.length) return () => [];
    const word = '[\\p{L}\\p{N}]';
    const guarded = [...forms].sort((a, b) => b.length - a.length).map((form) => {
        const points = Array.from(form);
        return `${DENSE.test(points[0] ?? '') ? '' : `(?<!${word})`}${form}${DENSE.test(points.at(-1) ?? '') ? '' : `(?!${word})`}`;
    });
    const pattern = new RegExp(guarded.join('|'), 'gu');
    return (text) => {
        const folded = fold(text);
        return [...folded.text.matchAll(pattern)].map((m) => {
            const last = m.index + m[0].length - 1;
            let next = last + 1;
            while (next < folded.at.length - 1 && folded.at[next] === folded.at[last]) next++; // one character became several
            const start = folded.at[m.index] ?? 0;
            const end = folded.at[next] ?? text.length;
            return [start, end] as [number, number];
        });
    };
}
