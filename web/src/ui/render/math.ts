// TeX to MathML, which the browser sets itself: no fonts to load and no style attributes, which the page's policy forbids.
import katex from 'katex';
import { texSource } from './markdown.ts';

export function renderMath(tex: string, display: boolean): string {
    try {
        const html = katex.renderToString(tex, {
            output: 'mathml', displayMode: display, throwOnError: true, strict: 'ignore', trust: false, maxExpand: 500, maxSize: 40,
        });
        // MathML Core knows no widths relative to the content ("+0.6em"): browsers would take them as absolute and overlap.
        // The source inside <annotation> is for programs that copy; the sanitiser would let its text stand beside the formula.
        return html.replace(/<annotation[^>]*>[\s\S]*?<\/annotation>/g, '').replace(/<\/?semantics>/g, '')
            .replace(/ (?:width|height|depth)="[+-][^"]*"/g, '');
    } catch {
        return texSource(tex, display);
    }
}
