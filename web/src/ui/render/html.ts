// The few HTML elements that conversations hold within Markdown: raised and lowered text, keys, line breaks, folds. Without
// attributes, and in pairs that lie within one another as elements do; whatever else looks like HTML stays the text it is.
import type { CompileContext, HtmlExtension, Token } from 'micromark-util-types';

const NAMES = 'sup|sub|kbd|details|summary';
const TAG = new RegExp(`<(/?)(${NAMES})>|<br ?/?>`, 'gi');
const MARK = '\0'; // no text holds one: micromark makes U+FFFD of it
const MARKED = new RegExp(`${MARK}[^${MARK}]*${MARK}`, 'g');
const ELEMENT = new RegExp(`${MARK}(</?([a-z]+)[ /]*>)${MARK}|<(/?)([a-z0-9]+)(?:[^>"]|"[^"]*")*>`, 'gi');
const VOID = new Set(['br', 'hr', 'img', 'input']);
const DEPTH_MAX = 64; // elements within one another; keeps hostile text linear

function mark(this: CompileContext, token: Token): undefined {
    const text = this.sliceSerialize(token);
    let from = 0;
    for (const tag of text.matchAll(TAG)) {
        this.raw(this.encode(text.slice(from, tag.index)) + MARK + tag[0] + MARK);
        from = tag.index + tag[0].length;
    }
    this.raw(this.encode(text.slice(from)));
}

// For micromark: what may become an element is marked, all else of the HTML is escaped as ever.
export const markedHtml: HtmlExtension = { exit: { htmlTextData: mark, htmlFlowData: mark } };

interface Open {
    name: string;
    piece: number; // of what is marked; -1: an element that micromark wrote
}

// HTML with marks to HTML: a mark becomes an element where its other half stands in the same element, else it is text again.
export function settleHtml(html: string): string {
    if (!html.includes(MARK)) return html;
    const pieces: string[] = [];
    const open: Open[] = [];
    let from = 0;
    const escaped = (tag: string) => tag.replaceAll(MARK, '').replace('<', '&lt;').replace('>', '&gt;');
    for (const found of html.matchAll(ELEMENT)) {
        const [all, tag, marked = '', ends, written = ''] = found;
        pieces.push(html.slice(from, found.index));
        from = found.index + all.length;
        const at = pieces.push(tag ? escaped(tag) : all.replace(MARKED, escaped)) - 1; // the words of a picture hold marks, too
        if (!tag) {
            if (ends) while (open.length && open.pop()?.piece !== -1);
            else if (!VOID.has(written)) open.push({ name: written, piece: -1 });
            continue;
        }
        const name = marked.toLowerCase();
        if (name === 'br') pieces[at] = '<br>';
        else if (!tag.startsWith('</')) {
            if (open.length < DEPTH_MAX) open.push({ name, piece: at });
        } else pair(at, name);
    }

    function pair(at: number, name: string): void {
        let i = open.length - 1;
        while (i >= 0 && open[i]?.piece !== -1 && open[i]?.name !== name) i--;
        const other = open[i];
        if (!other || other.piece === -1) return;
        pieces[other.piece] = `<${name}>`;
        pieces[at] = `</${name}>`;
        open.length = i;
    }
    return pieces.join('') + html.slice(from);
}
