// What is said beside a conversation, for people: a sentence for each kind, and behind it the places it is about.
import { FINDINGS } from '../gen/findings.ts';
import { readBlock, type Block } from './blocks.ts';
import type { Conversation, Message } from './reader.ts';

export interface Said {
    code: string;
    warning: boolean;
    words: string;
    places: string[]; // what it is about: a name, an address; none where the sentence says all
}

// A code of a newer server is still better than nothing.
export const findingWords = (code: string): string => FINDINGS[code] ?? `${code.replace(/_/g, ' ')}.`;

// Each kind once, warnings first, in the order in which they were found.
export function saidOf(findings: Conversation['findings']): Said[] {
    const kinds = new Map<string, Said>();
    for (const { code, level, detail } of findings) {
        const said = kinds.get(code) ?? { code, warning: level === 'warning', words: findingWords(code), places: [] };
        kinds.set(code, said);
        if (detail && !said.places.includes(detail)) said.places.push(detail);
    }
    const all = [...kinds.values()];
    return [...all.filter((s) => s.warning), ...all.filter((s) => !s.warning)];
}

// Is this block what a finding is about? Of an address the finding has no more than what may be shown of it.
function isAbout(block: Block, { code }: Said, place: string): boolean {
    switch (block.type) {
    case 'image': return /^(image|media)_/.test(code) && block.sourceUrl.split('?', 1)[0]?.slice(0, 300) === place;
    case 'file': return /^(media|attachment)_/.test(code) && block.name === place;
    case 'artifact': return code.startsWith('artifact_') && block.title !== '' && place.includes(block.title);
    case 'unknown': return code.startsWith('unmodelled_') && block.raw.includes(place);
    default: return false;
    }
}

// The message that it is about, of those that have been read; null: not known.
export function placeOf(said: Said, place: string, messages: Message[]): Message | null {
    return messages.find((m) => m.blocks.some((b) => isAbout(readBlock(b), said, place))) ?? null;
}
