// Sanitised Markdown made comfortable: code with a copy button, wide tables that scroll by themselves, pictures that are
// never fetched from other servers, notes that link, headings below those of the page. Elements only, no HTML.
import type { Renderer } from './renderer.ts';

export interface Decoration {
    renderer: Renderer;
    noteHref?: (number: number) => string; // where note n stands
}

const HEADING_TOP = 3; // the page has h1 (title) and h2 (who speaks)
const MARK = /\uE000(\d+)\uE001/g;

export function element<K extends keyof HTMLElementTagNameMap>(tag: K, className: string, ...children: (Node | string)[]): HTMLElementTagNameMap[K] {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children);
    return made;
}

// http and https leave the page in a tab of their own and tell nothing about where they were clicked.
export function outside(link: HTMLAnchorElement): HTMLAnchorElement {
    link.target = '_blank';
    link.rel = 'noopener noreferrer nofollow';
    return link;
}

function links(root: DocumentFragment): void {
    for (const link of root.querySelectorAll('a')) {
        if (/^(https?|mailto):/i.test(link.getAttribute('href') ?? '')) outside(link);
        else link.replaceWith(...link.childNodes); // anchors of the source point nowhere here
    }
}

function pictures(root: DocumentFragment): void {
    for (const image of root.querySelectorAll('img')) {
        const address = image.getAttribute('src') ?? '';
        const label = image.alt || 'Picture';
        if (!/^https?:/i.test(address)) {
            image.replaceWith(element('span', 'picture-link', label));
            continue;
        }
        const link = outside(element('a', 'picture-link', `Picture: ${label}`));
        link.href = address;
        image.replaceWith(link);
    }
}

// The highest heading of a text comes right below that of its message, the others keep their distance to it.
function headings(root: DocumentFragment): void {
    const all = [...root.querySelectorAll('h1, h2, h3, h4, h5, h6')];
    const levelOf = (heading: Element) => Number(heading.tagName[1]);
    const top = Math.min(...all.map(levelOf));
    for (const heading of all) {
        const level = levelOf(heading);
        const lower = document.createElement(`h${Math.min(6, level - top + HEADING_TOP)}`);
        lower.className = `md-h${level}`;
        lower.append(...heading.childNodes);
        heading.replaceWith(lower);
    }
}

// What has to be scrolled sideways can be reached with the keyboard; what fits is no stop on the way.
export function reachable(box: HTMLElement): void {
    requestAnimationFrame(() => {
        if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    });
}

function tables(root: DocumentFragment): void {
    for (const table of root.querySelectorAll('table')) {
        const box = element('div', 'scroll-x');
        box.tabIndex = 0;
        box.setAttribute('role', 'region');
        box.setAttribute('aria-label', 'Table');
        table.replaceWith(box);
        box.append(table);
    }
}

export function copyButton(text: () => string): HTMLButtonElement {
    const button = element('button', 'copy', 'Copy');
    button.type = 'button';
    button.addEventListener('click', () => {
        const say = (what: string) => {
            button.textContent = what;
            setTimeout(() => (button.textContent = 'Copy'), 1_500);
        };
        const write = navigator.clipboard?.writeText(text());
        if (!write) return say('Select and copy');
        write.then(() => say('Copied'), () => say('Not allowed'));
    });
    return button;
}

// A box for code: label, copy button, the code, highlighted when its language is known.
export function codeBox(code: string, label: string, language: string, renderer: Renderer): HTMLElement {
    const body = element('code', '', code);
    const pre = element('pre', '', body);
    pre.tabIndex = 0;
    const box = element('figure', 'code-box', element('figcaption', '', element('span', 'code-label', label || 'text'), copyButton(() => code)), pre);
    if (language) {
        void renderer.render({ kind: 'code', text: code, language }).then((fragment) => {
            if (fragment) body.replaceChildren(fragment);
        });
    }
    return box;
}

function code(root: DocumentFragment, renderer: Renderer): void {
    for (const pre of root.querySelectorAll('pre')) {
        const inner = pre.querySelector('code');
        const language = /language-(\S+)/.exec(inner?.className ?? '')?.[1] ?? '';
        const label = language === 'mermaid' ? 'diagram (mermaid)' : language;
        pre.replaceWith(codeBox((inner ?? pre).textContent.replace(/\n$/, ''), label, language, renderer));
    }
}

function displayMath(root: DocumentFragment): void {
    for (const math of root.querySelectorAll('math[display="block"]')) {
        const box = element('span', 'math-display scroll-x');
        math.replaceWith(box);
        box.append(math);
        reachable(box);
    }
}

function noteMarks(root: DocumentFragment, noteHref: (number: number) => string): void {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const marked: Text[] = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (/\uE000\d+\uE001/.test(node.nodeValue ?? '')) marked.push(node as Text);
    }
    for (const node of marked) {
        const text = node.data;
        const parts: Node[] = [];
        let from = 0;
        for (const mark of text.matchAll(MARK)) {
            const link = element('a', '', mark[1] ?? '');
            link.href = noteHref(Number(mark[1]));
            link.setAttribute('aria-label', `Source ${mark[1]}`);
            parts.push(document.createTextNode(text.slice(from, mark.index)), element('sup', 'note-mark', link));
            from = mark.index + mark[0].length;
        }
        parts.push(document.createTextNode(text.slice(from)));
        node.replaceWith(...parts);
    }
}

export function decorate(root: DocumentFragment, { renderer, noteHref }: Decoration): DocumentFragment {
    links(root);
    pictures(root);
    headings(root);
    code(root, renderer);
    tables(root);
    displayMath(root);
    if (noteHref) noteMarks(root, noteHref);
    for (const box of root.querySelectorAll('input')) box.setAttribute('aria-label', box.checked ? 'done' : 'open');
    return root;
}
