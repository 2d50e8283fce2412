// The blocks of a message (vivim.conversation/1) as they are read: every field is checked, because they come from
// whatever a provider wrote. What does not look like its type is shown as `unknown`, never dropped.
import type { Schemas } from '../api/types.ts';

export type Block =
    | { type: 'text'; markdown: string }
    | { type: 'code'; language: string; code: string }
    | { type: 'table'; header: string[]; rows: string[][] }
    | { type: 'math'; tex: string; display: boolean }
    | { type: 'mermaid'; code: string }
    | { type: 'image'; sha256: string; sourceUrl: string; alt: string; width: number; height: number }
    | { type: 'file'; name: string; mediaType: string; sha256: string }
    | { type: 'tool_call'; name: string; input: string }
    | { type: 'tool_result'; content: string; isError: boolean }
    | { type: 'thinking'; text: string; summary: string }
    | { type: 'citation'; url: string; title: string; end: number | null }
    | { type: 'artifact'; kind: string; title: string; content: string }
    | { type: 'unknown'; raw: string };

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);
const cells = (value: unknown): string[] => (Array.isArray(value) ? value.map(text) : []);

// Text as it stands; anything else as indented JSON. JSON inside a string is indented too.
export function pretty(value: unknown): string {
    if (value === undefined || value === null) return '';
    if (typeof value !== 'string') return JSON.stringify(value, null, 2);
    if (!/^\s*[[{]/.test(value)) return value;
    try {
        return JSON.stringify(JSON.parse(value), null, 2);
    } catch {
        return value;
    }
}

export function readBlock(raw: Schemas['Block']): Block {
    switch (raw.type) {
    case 'text': return { type: 'text', markdown: text(raw['markdown']) };
    case 'code': return { type: 'code', language: text(raw['language']), code: text(raw['code']) };
    case 'table': return { type: 'table', header: cells(raw['header']), rows: Array.isArray(raw['rows']) ? raw['rows'].map(cells) : [] };
    case 'math': return { type: 'math', tex: text(raw['tex']), display: raw['display'] === true };
    case 'mermaid': return { type: 'mermaid', code: text(raw['code']) };
    case 'image': return {
        type: 'image', sha256: text(raw['sha256']).replace(/^sha256:/, ''), sourceUrl: text(raw['source_url']), alt: text(raw['alt']),
        width: number(raw['width']) ?? 0, height: number(raw['height']) ?? 0,
    };
    case 'file': return { type: 'file', name: text(raw['name']), mediaType: text(raw['media_type']), sha256: text(raw['sha256']).replace(/^sha256:/, '') };
    case 'tool_call': return { type: 'tool_call', name: text(raw['name']), input: pretty(raw['arguments']) };
    case 'tool_result': return { type: 'tool_result', content: pretty(raw['content']), isError: raw['is_error'] === true };
    case 'thinking': return { type: 'thinking', text: text(raw['text']), summary: text(raw['summary']) };
    case 'citation': return { type: 'citation', url: text(raw['url']), title: text(raw['title']), end: number(raw['end']) };
    case 'artifact': return { type: 'artifact', kind: text(raw['kind']), title: text(raw['title']), content: text(raw['content']) };
    default: return { type: 'unknown', raw: pretty(raw['raw'] ?? raw) };
    }
}

// One line that stands for the message: for the outline and for titles. At most `max` code points.
export function firstLine(blocks: Schemas['Block'][], max = 90): string {
    for (const raw of blocks) {
        const block = readBlock(raw);
        const source = block.type === 'text' ? block.markdown : block.type === 'code' ? block.code : block.type === 'file' ? block.name
            : block.type === 'image' ? block.alt || 'Picture' : '';
        const line = source.replace(/```[^\n]*\n?/g, ' ').replace(/^[#>\s]+/gm, '').replace(/[*`]+/g, '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/\s+/g, ' ').trim();
        if (!line) continue;
        const points = Array.from(line);
        return points.length > max ? `${points.slice(0, max - 1).join('').trimEnd()}…` : line;
    }
    return '';
}

// An address that a link may carry: http and https alone.
export function safeUrl(url: string): string {
    return /^https?:\/\/[^\s]+$/i.test(url) ? url : '';
}
