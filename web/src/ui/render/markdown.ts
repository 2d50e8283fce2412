// Markdown to HTML. HTML inside the Markdown stays text (micromark's default) but for a few elements (html.ts), links keep
// http, https and mailto alone.
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { markedHtml, settleHtml } from './html.ts';
import { mathHtml, mathSyntax } from './math_syntax.ts';

export type RenderMath = (tex: string, display: boolean) => string;

const escape = (text: string): string => text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c);

// Until the formulas' own renderer is there, and where it fails: the source.
export const texSource: RenderMath = (tex, display) => `<code class="tex${display ? ' tex-display' : ''}">${escape(tex)}</code>`;

export function markdownToHtml(text: string, renderMath: RenderMath): string {
    return settleHtml(micromark(text, {
        extensions: [gfm(), mathSyntax],
        htmlExtensions: [gfmHtml(), markedHtml, mathHtml(renderMath)],
    }));
}
