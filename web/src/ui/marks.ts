// Words marked in text that is already shown. The browser draws them (CSS Custom Highlight API): nothing in the page changes, so
// what was rendered, selected or is read aloud stays as it is. A browser without it shows the text unmarked.
export type Find = (text: string) => [start: number, end: number][];

const ALL = 'found', ONE = 'found-now';
const TEXT_MAX = 500_000; // UTF-16 units of one element; what stands behind them is not marked
const BLOCKS = 'p, li, td, th, pre, blockquote, h1, h2, h3, h4, h5, h6, summary, figcaption, dt, dd, div';

const shown = (node: Text): boolean => {
    const closed = node.parentElement?.closest('details:not([open])');
    return !closed || !!node.parentElement?.closest('summary');
};

// Words may go on from one text node into the next of the same block.
function runsOf(root: Element): Text[][] {
    const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const runs: Text[][] = [];
    let block: Element | null | undefined = null;
    let length = 0;
    for (let node = walk.nextNode() as Text | null; node && length < TEXT_MAX; node = walk.nextNode() as Text | null) {
        if (!shown(node)) continue;
        const own = node.parentElement?.closest(BLOCKS);
        if (own === block) runs.at(-1)?.push(node);
        else runs.push([node]);
        block = own;
        length += node.length;
    }
    return runs;
}

function rangesOf(nodes: Text[], find: Find): Range[] {
    const starts: number[] = [];
    let text = '';
    for (const node of nodes) {
        starts.push(text.length);
        text += node.data;
    }
    let n = 0;
    const place = (offset: number, end: boolean): [Text, number] => {
        while (n + 1 < nodes.length && (starts[n + 1] ?? 0) + (end ? 0 : -1) < offset) n++;
        return [nodes[n] as Text, offset - (starts[n] ?? 0)];
    };
    return find(text).map(([start, end]) => {
        const range = new Range();
        range.setStart(...place(start, false));
        range.setEnd(...place(end, true));
        return range;
    });
}

const canMark = (): boolean => typeof Highlight === 'function' && !!CSS.highlights;

// Marks what `find` finds in these elements, in their order; what was marked before is not any more.
export function mark(elements: Element[], find: Find): Range[] {
    const ranges = elements.flatMap((e) => runsOf(e).flatMap((nodes) => rangesOf(nodes, find)));
    if (!canMark()) return ranges;
    if (ranges.length) CSS.highlights.set(ALL, new Highlight(...ranges));
    else CSS.highlights.delete(ALL);
    return ranges;
}

export function markOne(range: Range | undefined): void {
    if (!canMark()) return;
    if (!range) return void CSS.highlights.delete(ONE);
    const one = new Highlight(range);
    one.priority = 1;
    CSS.highlights.set(ONE, one);
}

export function unmark(): void {
    if (!canMark()) return;
    CSS.highlights.delete(ALL);
    CSS.highlights.delete(ONE);
}

// Into the upper half of the screen. What is skipped by layout has no place before its element has come near.
export function goTo(range: Range): void {
    const put = () => {
        const { top, height } = range.getBoundingClientRect();
        if (height && (top < innerHeight * 0.15 || top > innerHeight * 0.6)) scrollBy({ top: top - innerHeight / 3, behavior: 'instant' });
    };
    range.startContainer.parentElement?.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' });
    put();
    requestAnimationFrame(() => requestAnimationFrame(put));
}
