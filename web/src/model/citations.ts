// Sources named in the text become numbered notes. A citation's place is given in code points of the text block
// before it; a mark (two private characters around the number) is set there and becomes a link after rendering.
import type { Block } from './blocks.ts';

export const MARK_OPEN = '\uE000';
export const MARK_CLOSE = '\uE001';

export interface Note {
    number: number;
    url: string;
    title: string;
}

export interface Noted {
    blocks: Block[]; // without the citations; marks set in the text
    notes: Note[];   // one for each address, numbered from 1 in order of appearance
}

// What a mark must not be set into: code, addresses, formulas. It goes to their end.
const CLOSED_RUN = /(`+)[\s\S]*?\1|\]\([^)\n]*\)|\$\$[\s\S]*?\$\$|\\\([\s\S]*?\\\)|<?https?:\/\/[^\s)>]+>?/g;

function placeOutside(markdown: string, at: number): number {
    for (const run of markdown.matchAll(CLOSED_RUN)) {
        if (run.index >= at) break;
        const end = run.index + run[0].length;
        if (at < end) return end;
    }
    return at;
}

function setMarks(markdown: string, marks: { at: number; number: number }[]): string {
    const clean = markdown.replace(/[\uE000\uE001]/g, ''); // ours alone, whatever the source holds
    if (!marks.length) return clean;
    const points = Array.from(clean);
    const offsets = marks.map((m) => {
        const before = points.slice(0, Math.max(0, Math.min(m.at, points.length))).join('');
        const units = before.trimEnd().length || before.length; // a mark stands at the word, not after the space
        return { at: placeOutside(clean, units), number: m.number };
    });
    let out = '', from = 0;
    for (const mark of offsets.sort((a, b) => a.at - b.at)) {
        out += `${clean.slice(from, mark.at)}${MARK_OPEN}${mark.number}${MARK_CLOSE}`;
        from = mark.at;
    }
    return out + clean.slice(from);
}

export function noteCitations(blocks: Block[]): Noted {
    const notes: Note[] = [];
    const kept: Block[] = [];
    const marks = new Map<Block, { at: number; number: number }[]>();
    let before: Block | null = null;
    for (const block of blocks) {
        if (block.type !== 'citation') {
            kept.push(block);
            if (block.type === 'text') before = block;
            continue;
        }
        let note = notes.find((n) => n.url === block.url && (n.url !== '' || n.title === block.title));
        if (!note) notes.push((note = { number: notes.length + 1, url: block.url, title: block.title }));
        else if (!note.title) note.title = block.title;
        if (before && block.end !== null) {
            const list = marks.get(before) ?? [];
            const found = note;
            if (!list.some((m) => m.at === block.end && m.number === found.number)) list.push({ at: block.end, number: note.number });
            marks.set(before, list);
        }
    }
    return {
        notes,
        blocks: kept.map((b) => (b.type === 'text' ? { ...b, markdown: setMarks(b.markdown, marks.get(b) ?? []) } : b)),
    };
}
