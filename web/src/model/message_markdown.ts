// One message as Markdown, for the clipboard; of a whole conversation the server makes it (src/exports/markdown.c).
import { readBlock, safeUrl, type Block } from './blocks.ts';
import { noteCitations, type Note } from './citations.ts';
import type { Message } from './reader.ts';

// A fence is longer than any run of backticks inside of it.
export function fence(language: string, code: string): string {
    const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map((run) => run[0].length));
    const line = '`'.repeat(longest + 1);
    return `${line}${language.replace(/[`\n\r]/g, '')}\n${code.replace(/\n$/, '')}\n${line}`;
}

const cell = (text: string): string => text.replace(/\r?\n/g, '<br>').replace(/(^|[^\\])((?:\\\\)*)\|/g, '$1$2\\|');
const row = (cells: string[]): string => `| ${cells.map(cell).join(' | ')} |`;
const words = (text: string): string => text.replace(/[\\`*_[\]<>]/g, '\\$&').replace(/\s+/g, ' ');
const link = (text: string, url: string): string => (safeUrl(url) ? `[${words(text)}](<${url.replace(/[<>]/g, encodeURIComponent)}>)` : words(text));

function blockMarkdown(block: Block): string {
    switch (block.type) {
    case 'text': return block.markdown.replace(/\uE000(\d+)\uE001/g, '[^$1]').trim();
    case 'code': return fence(block.language, block.code);
    case 'mermaid': return fence('mermaid', block.code);
    case 'table': return [row(block.header), `|${' --- |'.repeat(block.header.length)}`, ...block.rows.map(row)].join('\n');
    case 'math': return block.display ? `$$\n${block.tex.trim()}\n$$` : `$${block.tex}$`;
    case 'image': return link(block.alt || 'picture', block.sourceUrl);
    case 'file': return `File: ${words(block.name)}`;
    case 'artifact': return `**${words(block.title || 'Artifact')}**\n\n${fence(block.kind.split('/').pop() ?? '', block.content)}`;
    default: return ''; // thinking, tools: what one copies is the answer
    }
}

export function messageMarkdown(message: Message): string {
    const { blocks, notes } = noteCitations(message.blocks.map(readBlock));
    const sources = notes.map((n: Note) => `[^${n.number}]: ${link(n.title || n.url, n.url)}`).join('\n');
    return [...blocks.map(blockMarkdown), sources].filter(Boolean).join('\n\n');
}
