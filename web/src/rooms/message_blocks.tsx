// The blocks of a message, each in its own way; everything comes from outside, so nothing here is HTML.
import { readBlock, safeUrl, type Block } from '../model/blocks.ts';
import { noteCitations, type Note } from '../model/citations.ts';
import { count } from '../model/time.ts';
import type { Message } from '../model/reader.ts';
import { Fold } from '../ui/parts.tsx';
import { Code, Formula, Markdown, tableMarkdown } from '../ui/rendered.tsx';
import type { Renderer } from '../ui/render/renderer.ts';

interface Around {
    conversationId: string;
    renderer: Renderer;
    noteHref: (n: number) => string;
}

const FOLDED_CODE = 100_000; // UTF-16 units; longer tool output is cut, with a word about it

function Outside({ url, children }: { url: string; children: preact.ComponentChildren }) {
    const href = safeUrl(url);
    return href ? <a href={href} target="_blank" rel="noopener noreferrer nofollow">{children}</a> : <>{children}</>;
}

// Stored pictures come from our own server; a picture that was not stored is a link, never fetched from elsewhere.
function Picture({ block, around }: { block: Extract<Block, { type: 'image' }>; around: Around }) {
    if (block.sha256) {
        return (
            <figure class="picture">
                <img src={`/api/v1/conversations/${around.conversationId}/media/${encodeURIComponent(block.sha256)}`} alt={block.alt} loading="lazy"
                    decoding="async" width={block.width || undefined} height={block.height || undefined} />
                {block.alt && <figcaption>{block.alt}</figcaption>}
            </figure>
        );
    }
    return (
        <p class="absent">
            <span class="absent-what">Picture, not stored</span>
            {block.alt && <span>{block.alt}</span>}
            {safeUrl(block.sourceUrl) && <Outside url={block.sourceUrl}>Open it at its source</Outside>}
        </p>
    );
}

function File({ block, around }: { block: Extract<Block, { type: 'file' }>; around: Around }) {
    const name = block.name || 'File';
    return (
        <p class="absent">
            <span class="absent-what">File</span>
            {block.sha256
                ? <a href={`/api/v1/conversations/${around.conversationId}/media/${encodeURIComponent(block.sha256)}`} download={name}>{name}</a>
                : <span>{name}</span>}
            {block.mediaType && <span class="small">{block.mediaType}</span>}
        </p>
    );
}

function Source({ text, language, label, around }: { text: string; language: string; label: string; around: Around }) {
    const cut = text.length > FOLDED_CODE;
    return (
        <>
            <Code code={cut ? text.slice(0, FOLDED_CODE) : text} language={language} label={label} renderer={around.renderer} />
            {cut && <p class="small">Cut here; the whole has {text.length.toLocaleString()} characters and is stored.</p>}
        </>
    );
}

const jsonOr = (text: string): string => (/^\s*[[{]/.test(text) ? 'json' : '');
const lines = (text: string): string => count(text.split('\n').length, 'line');

function Artifact({ block, around }: { block: Extract<Block, { type: 'artifact' }>; around: Around }) {
    const prose = /markdown|report|document|^$/i.test(block.kind);
    return (
        <Fold label={block.title || 'Artifact'} hint={block.kind || 'document'} tone="fold-artifact">
            {() => (prose
                ? <Markdown text={block.content} renderer={around.renderer} />
                : <Source text={block.content} language={block.kind.split('/').pop() ?? ''} label={block.kind} around={around} />)}
        </Fold>
    );
}

function BlockView({ block, around }: { block: Block; around: Around }) {
    const { renderer } = around;
    switch (block.type) {
    case 'text': return <Markdown text={block.markdown} renderer={renderer} noteHref={around.noteHref} />;
    case 'code': return <Code code={block.code} language={block.language} renderer={renderer} />;
    case 'mermaid': return <Code code={block.code} language="" label="diagram (mermaid)" renderer={renderer} />;
    case 'table': return <Markdown text={tableMarkdown(block.header, block.rows)} renderer={renderer} />;
    case 'math': return <Formula tex={block.tex} display={block.display} renderer={renderer} />;
    case 'image': return <Picture block={block} around={around} />;
    case 'file': return <File block={block} around={around} />;
    case 'thinking': return block.text
        ? <Fold label="Thinking" hint={block.summary} tone="fold-quiet">{() => <Markdown text={block.text} renderer={renderer} />}</Fold>
        : <p class="absent"><span class="absent-what">Thinking</span><span>{block.summary || 'not given by the provider'}</span></p>;
    case 'tool_call': return (
        <Fold label={`Tool: ${block.name || 'unnamed'}`} hint="call" tone="fold-quiet">
            {() => <Source text={block.input} language={jsonOr(block.input)} label="arguments" around={around} />}
        </Fold>
    );
    case 'tool_result': return (
        <Fold label={block.isError ? 'Tool failed' : 'Tool result'} hint={lines(block.content)} tone={block.isError ? 'fold-wrong' : 'fold-quiet'}>
            {() => <Source text={block.content} language={jsonOr(block.content)} label="result" around={around} />}
        </Fold>
    );
    case 'artifact': return <Artifact block={block} around={around} />;
    case 'unknown': return (
        <Fold label="Something this version does not understand" hint="kept as it came" tone="fold-quiet">
            {() => <Source text={block.raw} language={jsonOr(block.raw)} label="as stored" around={around} />}
        </Fold>
    );
    case 'citation': return null; // a note, below
    }
}

function hostOf(url: string): string {
    return /^https?:\/\/([^/?#]+)/i.exec(url)?.[1]?.replace(/^www\./, '') ?? '';
}

function Notes({ notes, messageId }: { notes: Note[]; messageId: string }) {
    if (!notes.length) return null;
    return (
        <ol class="notes" aria-label="Sources">
            {notes.map((note) => (
                <li key={note.number} id={`n-${messageId}-${note.number}`}>
                    <Outside url={note.url}>{note.title || note.url || 'Source without an address'}</Outside>
                    {note.title && hostOf(note.url) && <span class="small"> {hostOf(note.url)}</span>}
                </li>
            ))}
        </ol>
    );
}

export function MessageBlocks({ message, conversationId, renderer }: { message: Message; conversationId: string; renderer: Renderer }) {
    const { blocks, notes } = noteCitations(message.blocks.map(readBlock));
    const around: Around = { conversationId, renderer, noteHref: (n) => `#n-${message.id}-${n}` };
    return (
        <>
            {blocks.map((block, i) => <BlockView key={i} block={block} around={around} />)}
            <Notes notes={notes} messageId={message.id} />
        </>
    );
}
