// Elements of a page, read into blocks of the normal form (src/archive/dom_format.md): for runner.js, which is injected together
// with it. A page may hold anything: nothing here throws for what it holds, nests without end or takes longer than READ_MS.
function reader(recipe, finding) {
    'use strict';
    const DIAGRAM = /^(graph|flowchart|sequenceDiagram|classDiagram|stateDiagram|erDiagram|journey|gantt|pie|quadrantChart|requirementDiagram|gitGraph|C4\w+|mindmap|timeline|zenuml)\b/;
    const TEXT_MAX = 4e6, TOTAL_MAX = 24e6; // UTF-16 units: of one text block, of all that is read
    const BLOCKS_MAX = 4900; // of a message: what the normal form takes, and a little less
    const DEPTH_MAX = 200, QUOTE_MAX = 12, COLUMNS_MAX = 256;
    const READ_MS = 14000; // the whole of it; the browser waits longer for the answer
    const started = Date.now();
    // --- the document: properties by their own getters, for a form's fields hide those of the form ----------------------
    const getter = (owner, name) => { const { get } = Object.getOwnPropertyDescriptor(owner.prototype, name); return (node) => get.call(node); };
    const method = (owner, name) => { const f = owner.prototype[name]; return (node, ...values) => f.apply(node, values); };
    const kindOf = getter(Node, 'nodeType'), wholeText = getter(Node, 'textContent'), isConnected = getter(Node, 'isConnected');
    const firstChild = getter(Node, 'firstChild'), nextSibling = getter(Node, 'nextSibling'), parentOf = getter(Node, 'parentElement');
    const localName = getter(Element, 'localName'), shadowOf = getter(Element, 'shadowRoot');
    const childCount = getter(Element, 'childElementCount'), attribute = method(Element, 'getAttribute'), contains = method(Node, 'contains'), position = method(Node, 'compareDocumentPosition');
    const tried = (f, otherwise) => { try { return f(); } catch { return otherwise; } };
    const matching = method(Element, 'matches'), closestTo = method(Element, 'closest');
    const within = { doc: method(Document, 'querySelectorAll'), el: method(Element, 'querySelectorAll') };
    const matches = (el, selector) => Boolean(selector) && tried(() => matching(el, selector), false);
    const closest = (el, selector) => (selector ? tried(() => closestTo(el, selector), null) : null);
    const all = (root, selector) => (selector ? tried(() => [...(kindOf(root) === 9 ? within.doc : within.el)(root, selector)], []) : []);
    const first = (root, selector) => all(root, selector)[0] ?? null;
    function children(node) {
        const list = [];
        const shadow = kindOf(node) === 1 ? shadowOf(node) : null;
        const slotted = kindOf(node) === 1 && localName(node) === 'slot' ? tried(() => [...node.assignedNodes()], []) : [];
        if (slotted.length) return slotted;
        for (let c = firstChild(shadow ?? node); c; c = nextSibling(c)) list.push(c);
        return list;
    }
    const styleOf = (el) => tried(() => getComputedStyle(el), null);
    const before = (a, b) => Boolean(position(a, b) & Node.DOCUMENT_POSITION_FOLLOWING);

    // A page may be as large as it likes; the time and the words are not.
    let nodes = 0, total = 0, late = false;
    function spent() {
        if (!late && (++nodes & 511) === 0 && Date.now() - started > READ_MS) {
            late = true;
            finding('text_lost', 'the page is too large to be read in time: its end is missing');
        }
        return late;
    }
    const isLate = () => late;

    // --- what is no content, and where lines end -------------------------------------------------------------------------
    const NOTHING = new Set(['script', 'style', 'svg', 'template', 'noscript', 'iframe', 'canvas', 'audio', 'video', 'object', 'select', 'datalist', 'meter',
        'progress', 'head']);
    const BLOCK = new Set(['p', 'div', 'section', 'article', 'main', 'header', 'footer', 'aside', 'nav', 'figure', 'figcaption', 'address', 'fieldset', 'form',
        'dl', 'dt', 'dd', 'details', 'summary', 'hgroup', 'center', 'li', 'body', 'legend', 'caption', 'tr', 'tbody', 'thead', 'tfoot', 'ul', 'ol', 'table',
        'blockquote', 'pre', 'hr', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'menu', 'search', 'optgroup', 'option', 'dialog', 'textarea']);
    const skipped = [...(recipe.skip ?? []), '.katex-mathml ~ .katex-html'].join(', ');
    const thoughtOf = new WeakMap(), labels = new WeakSet(); // reasoning that no selector names, and what stands above it
    const isHidden = (el) => (attribute(el, 'hidden') ?? 'until-found') !== 'until-found' || labels.has(el) || matches(el, skipped);
    const isThought = (el) => thoughtOf.has(el) || matches(el, recipe.thinking);
    // What the page does not show is not read, unless it is the source of something that it draws.
    const unseen = new WeakMap(); // asked when an element is read, and when its words are counted
    function isUnseen(el) {
        if (unseen.has(el)) return unseen.get(el);
        const s = styleOf(el), is = s !== null && (s.display === 'none' || s.visibility === 'hidden') && first(el, 'pre, code, .cm-editor, math') === null && !isThought(el);
        unseen.set(el, is);
        return is;
    }
    const breaks = (el, tag) => BLOCK.has(tag) || ((tag === 'span' || tag === 'a' || tag.includes('-')) && styleOf(el)?.display === 'block'
        && !/flex|grid/.test(styleOf(parentOf(el) ?? el)?.display ?? ''));
    // Of the space in a text node: '' none is kept, 'lines' the line feeds, 'all'. By class where the page's styles are not there.
    function keepsSpace(el) {
        const space = styleOf(el)?.whiteSpace ?? '', named = attribute(closest(el, '[class*="whitespace-pre"]') ?? el, 'class') ?? '';
        if (space === 'pre-line' || /whitespace-pre-line/.test(named)) return 'lines';
        return /^(pre|break-spaces)/.test(space) || /whitespace-pre/.test(named) ? 'all' : '';
    }

    // TeX once: KaTeX also prints MathML and HTML.
    function tex(el) {
        const note = first(el, 'annotation[encoding="application/x-tex"]');
        return note ? wholeText(note) : attribute(el, 'data-math');
    }
    const isMath = (el) => matches(el, '.katex, .katex-display, .math-block, .math-inline, [data-math], math') && tex(el) !== null;
    const isDisplay = (el) => closest(el, '.katex-display, .math-block') !== null || attribute(el, 'display') === 'block';

    // Plain text with the line breaks of the layout: of code, of titles, and to count words.
    function plain(el, leaveOut = () => false, depth = 0) {
        if (spent()) return '';
        if (kindOf(el) === 3) return el.data;
        if (kindOf(el) !== 1 && kindOf(el) !== 11) return '';
        if (depth > DEPTH_MAX) return wholeText(el);
        const tag = localName(el) ?? '';
        if (tag === 'br') return '\n';
        if (NOTHING.has(tag) || leaveOut(el)) return '';
        let s = '';
        for (const c of children(el)) {
            const piece = plain(c, leaveOut, depth + 1);
            if (kindOf(c) === 1 && breaks(c, localName(c)) && piece) s += (s && !s.endsWith('\n') ? '\n' : '') + piece + (piece.endsWith('\n') ? '' : '\n');
            else s += kindOf(c) === 1 && /^(td|th|rt|math)$/.test(localName(c)) ? ` ${piece} ` : piece;
        }
        return s;
    }
    const oneLine = (s) => s.replace(/\s+/g, ' ').trim();
    // What it is called by: also of an element that is left out elsewhere, as a button is.
    const nameOf = (el) => oneLine(plain(el, (e) => e !== el && isHidden(e))) || oneLine(plain(el));

    // --- Markdown of running text: escaped where it would mean something, and only there ----------------------------------
    // A citation holds its place in the text by two noncharacters and its number, until the text is whole.
    const CITED = /\uFDD0(\d+)\uFDD1/g;
    const isSpace = (c) => c !== undefined && /\s/.test(c), isWord = (c) => c !== undefined && /[\p{L}\p{N}]/u.test(c);
    const own = (s) => s.replace(/[\uFDD0\uFDD1]/g, '\uFFFD');
    function escape(s) {
        if (!/[\\`*_<&~\]$]/.test(s)) return s;
        const money = !/\$(?=\S)[^$]*[^$\s]\$(?!\d)/.test(s) && !s.includes('$$');
        return s.replace(/[\\`*_<&~\]$]/g, (c, i) => {
            const a = s[i - 1], b = s[i + 1];
            const means = c === '`' || (c === '\\' ? b === undefined || /[!-/:-@[-`{-~\n]/.test(b)
                : c === '*' ? !(isSpace(a) && isSpace(b))
                : c === '_' ? !(isWord(a) && isWord(b)) && !(isSpace(a) && isSpace(b))
                : c === '<' ? b !== undefined && /[a-zA-Z/!?]/.test(b)
                : c === '&' ? /^&(#\d+|#[xX][\da-fA-F]+|\w+);/.test(s.slice(i, i + 40))
                : c === '~' ? a === '~' || b === '~'
                : c === ']' ? b !== undefined && '([:'.includes(b)
                : !money);
            return means ? `\\${c}` : c;
        });
    }
    const lineStarts = (s) => s.split('\n').map((l) => l.trim()
        .replace(/^(#{1,6}(?=\s|$)|[-+*](?=\s|$)|>|=+$|--+$|[|:][|: -]*$|~~~)/, '\\$1')
        .replace(/^(\d{1,9})([.)])(?=\s|$)/, '$1\\$2')).join('\n');
    function codeSpan(s) {
        const text = s.replace(/\s*\n\s*/g, ' ');
        const ticks = '`'.repeat(Math.max(0, ...(text.match(/`+/g) ?? []).map((t) => t.length)) + 1);
        return /^`|`$/.test(text) || (/^ .* $/.test(text) && text.trim()) ? `${ticks} ${text} ${ticks}` : ticks + text + ticks;
    }
    const target = (url) => (/^[^()]*(\([^()]*\)[^()]*)*$/.test(url) ? url : url.replace(/[()]/g, (c) => (c === '(' ? '%28' : '%29'))).replace(/[\s<>]/g, encodeURIComponent);
    const fence = (language, code) => {
        const ticks = '`'.repeat(Math.max(2, ...(code.match(/`+/g) ?? []).map((t) => t.length)) + 1);
        return `${ticks}${language ?? ''}\n${code.replace(/\n$/, '')}\n${ticks}`;
    };
    const row = (cells) => `| ${cells.map((c) => c.replace(/\n/g, '<br>').replace(/\|/g, '\\|')).join(' | ')} |`;
    const MARKDOWN = {
        text: (b) => b.markdown, code: (b) => fence(b.language, b.code), mermaid: (b) => fence('mermaid', b.code), math: (b) => `\\[${b.tex}\\]`,
        table: (b) => [row(b.header), `|${' --- |'.repeat(b.header.length)}`, ...b.rows.map(row)].join('\n'),
        image: (b) => `![${escape(b.alt ?? '')}](${target(b.source_url)})`, thinking: (b) => b.text,
    };
    const markdownOf = (blocks) => blocks.map((b) => MARKDOWN[b.type]?.(b)).filter(Boolean).join('\n\n');

    // --- blocks -----------------------------------------------------------------------------------------------------------
    function linkOf(el) {
        const url = attribute(el, 'data-pplx-citation-url') ?? tried(() => (localName(el) === 'a' ? el.href : first(el, 'a[href]')?.href), null);
        if (/^https?:/.test(url ?? '')) return { url, title: nameOf(el) || null };
        const index = recipe.sources && (attribute(el, recipe.sources.index) ?? tried(() => attribute(first(el, `[${recipe.sources.index}]`), recipe.sources.index), null));
        if (!index) return null;
        const source = all(document, recipe.sources.links)[Number(index) - 1];
        if (!source) finding('citation_unresolved', `a mark names source ${String(index).slice(0, 20)}, which the page does not list`, 'note');
        return source ? { url: source.href, title: nameOf(source).slice(0, 500) || null } : null;
    }

    // inner: of an item, a quote, a cell, whose text becomes a part of another: its citations stay marks in it.
    function walker(blocks, cited = [], inner = false) {
        let line = [];  // running text, in pieces
        let text = [];  // whole paragraphs of the text block in the making
        let made = 0;   // blocks and paragraphs so far: did an element give more than running text?
        function push(block) {
            made++;
            if (total > TOTAL_MAX) return finding('text_lost', 'the page holds more text than is kept');
            total += JSON.stringify(block).length;
            blocks.push(block);
        }
        function paragraph(s, tight = false) {
            if (!s.trim()) return;
            if (!s.replace(CITED, '').trim()) return void text.push(s.trim());
            made++;
            text.push(text.length ? (tight ? '\n' : '\n\n') : '', s);
        }
        const close = () => { const s = line.join('').replace(/[ \t]*\n[ \t]*/g, '\n').replace(/ {2,}/g, ' ').trim().replace(/ ((?:\uFDD0\d+\uFDD1)+)$/gm, '$1'); line = []; paragraph(lineStarts(s)); };
        // Citations stand behind the text in which they are; their place in it is counted in code points.
        function settle(s) {
            const here = [];
            let points = 0, last = 0, bare = '';
            for (const m of s.matchAll(CITED)) {
                const piece = s.slice(last, m.index);
                for (const _ of piece) points++;
                bare += piece;
                last = m.index + m[0].length;
                const c = cited[Number(m[1])];
                if (c && !here.some((h) => h.url === c.url && h.start === points)) here.push({ type: 'citation', ...c, start: points, end: points });
            }
            return { bare: bare + s.slice(last), here };
        }
        function flush() {
            close();
            const whole = text.join(''), { bare: markdown, here } = inner ? { bare: whole, here: [] } : settle(whole);
            text = [];
            if (inner) { if (markdown) push({ type: 'text', markdown }); return; }
            for (let rest = markdown; rest; rest = rest.slice(TEXT_MAX)) push({ type: 'text', markdown: rest.slice(0, TEXT_MAX) });
            here.forEach((c) => push(markdown ? c : { ...c, start: -1, end: -1 }));
        }
        const add = (block) => { flush(); push(block); };
        const inside = (el, depth, quotes, list = children(el)) => {
            const parts = [], w = walker(parts, cited, true);
            for (const c of list) w.block(c, depth + 1, quotes);
            w.finish();
            return parts;
        };
        // Running text within: what mark() makes of it, unless it gave blocks (then those stand, and the rest as it is).
        function marked(node, depth, quotes, mark) {
            const at = line.length, count = made;
            for (const c of children(node)) block(c, depth + 1, quotes);
            if (made !== count || line.length <= at) return;
            const s = line.splice(at).join('');
            const lead = /^(?:\s|\uFDD0\d+\uFDD1)*/.exec(s)[0], core = s.slice(lead.length).replace(/(?:\s|\uFDD0\d+\uFDD1)*$/, '');
            line.push(core ? lead + mark(core) + s.slice(lead.length + core.length) : s);
        }
        function heading(node, depth, quotes, before, after = '') {
            const at = text.length;
            close();
            const from = text.length;
            for (const c of children(node)) block(c, depth + 1, quotes);
            const s = line.join('').replace(/\s+/g, ' ').trim().replace(/ ((?:\uFDD0\d+\uFDD1)+)$/, '$1');
            if (text.length > from || text.length < at) return close(); // it holds blocks
            line = [];
            if (s.replace(CITED, '').trim()) paragraph(before + (after && s.includes(after) ? s.replaceAll(after, '') : s) + after);
            else line.push(s);
        }

        // What the page writes above code that is its alone: a label, or a class around it.
        function labelOf(pre) {
            for (let el = parentOf(pre), n = 0; el && n < 4; el = parentOf(el), n++) {
                if (childCount(el) > 8 || all(el, 'pre, .cm-editor').length > 1) return null;
                const label = first(el, recipe.codeLabel), name = label && nameOf(label);
                if (name && /^[A-Za-z][\w+#. -]{0,20}$/.test(name)) return name;
                const known = /(?:^|\s)language-([\w+#.-]+)/.exec(attribute(el, 'class') ?? '')?.[1];
                if (known) return known;
            }
            return null;
        }
        const codeText = (el) => plain(el, (e) => matches(e, 'button, .cm-gutters, .sr-only'));
        function code(pre) {
            const editor = matches(pre, '.cm-content') ? pre : first(pre, '.cm-content') ?? (matches(pre, '.cm-editor') ? pre : null);
            const parts = editor ? [editor] : outermost(all(pre, 'code'));
            const element = parts[0] ?? pre;
            const named = [element, pre, ...all(pre, '[class*="language-"]')].map((e) => /(?:^|\s)language-([\w+#.-]+)/.exec(attribute(e, 'class') ?? '')?.[1]).find(Boolean);
            const ownText = (e) => children(e).filter((n) => kindOf(n) === 3).map((n) => n.data).join('').trim();
            const heading = named ? null : all(pre, 'div, span').filter((e) => !contains(element, e) || element === pre).map(ownText)
                .find((t) => /^[A-Za-z][\w+#.-]{0,20}$/.test(t) && !/^(Copy|Run|Download|Edit)$/.test(t));
            const lines = editor ? all(editor, '.cm-line') : [];
            let source = lines.length ? lines.map((l) => codeText(l).replace(/\n$/, '')).join('\n') : parts.length > 1 ? parts.map(codeText).join('\n') : codeText(element);
            const truncated = first(pre, '.cm-gap') !== null;
            if (truncated) finding('code_truncated', 'a long code block is not whole in the page');
            const language = (named ?? heading ?? labelOf(pre) ?? '').toLowerCase();
            if (!named && element === pre && heading) source = source.replace(heading, '').replace(/^\s*(Copy code|Copy|Run|Download)+/, '').replace(/^\n/, '');
            source = own(source).replace(/\r\n?/g, '\n');
            if (language === 'mermaid' || (!language && DIAGRAM.test(source.trimStart()))) add({ type: 'mermaid', code: source });
            else add({ type: 'code', language: language || null, code: source, truncated });
        }
        // A cell is one piece of text; what cannot stand in it follows the table.
        function cellOf(el, depth, quotes, after) {
            const parts = [];
            for (const b of inside(el, depth, quotes)) {
                if (b.type === 'text') parts.push(b.markdown.replace(/\n{2,}/g, '\n'));
                else if (b.type === 'code') parts.push(b.code.split('\n').filter((l) => l.trim()).map(codeSpan).join('\n'));
                else if (b.type === 'math') parts.push(`\\(${b.tex}\\)`);
                else if (b.type === 'table') parts.push([b.header, ...b.rows].map((r) => r.filter(Boolean).join(' ')).filter(Boolean).join('\n'));
                else after.push(b);
            }
            const { bare, here } = settle(parts.join('\n'));
            after.push(...here.map((c) => ({ ...c, start: -1, end: -1 })));
            return bare.trim();
        }
        function table(el, depth, quotes) {
            const after = [];
            close();
            const mine = all(el, 'tr').filter((r) => closest(r, 'table') === el);
            for (const c of all(el, 'caption').filter((x) => closest(x, 'table') === el)) block(c, depth + 1, quotes);
            let held = [], group = null; // of each column: how many rows more a cell above covers
            const span = (c, name, most) => Math.max(1, Math.min(Number(attribute(c, name)) || 1, most));
            const rows = mine.map((r) => {
                const cells = [], covered = () => { for (; held[cells.length] > 0; cells.push('')) held[cells.length]--; };
                if (parentOf(r) !== group) [held, group] = [[], parentOf(r)];
                for (const c of children(r).filter((x) => kindOf(x) === 1 && /^t[dh]$/.test(localName(x)) && !isHidden(x))) {
                    const text = cellOf(c, depth, quotes, after), wide = span(c, 'colspan', 50), high = span(c, 'rowspan', 1000);
                    covered();
                    for (let i = 0; i < wide; i++) { held[cells.length] = high - 1; cells.push(i ? '' : text); }
                }
                covered();
                return cells;
            });
            const columns = Math.max(0, ...rows.map((r) => r.length));
            const headed = mine.length > 0 && (localName(parentOf(mine[0]) ?? el) === 'thead' || first(mine[0], 'th') !== null);
            if (columns > COLUMNS_MAX) rows.forEach((r) => paragraph(r.filter(Boolean).join(' ')));
            else if (columns > 0) {
                const header = headed ? rows.shift() : [];
                add({ type: 'table', header: [...header, ...Array(columns - header.length).fill('')], rows });
            }
            if (mine.length === 0) for (const c of children(el)) if (kindOf(c) !== 1 || localName(c) !== 'caption') block(c, depth + 1, quotes);
            after.forEach(add);
        }
        // An item is read on its own: what it says before and between code, tables and pictures stays before and between them.
        function list(el, depth, quotes) {
            const counted = (e, name, otherwise) => (/^-?\d{1,9}$/.test(attribute(e, name) ?? '') ? Math.max(0, Number(attribute(e, name))) : otherwise);
            let n = counted(el, 'start', 1), joined = false;
            close();
            for (const item of children(el)) {
                if (kindOf(item) === 3 ? !item.data.trim() : kindOf(item) !== 1 || isHidden(item)) continue;
                const isItem = kindOf(item) === 1 && localName(item) === 'li';
                if (isItem) n = counted(item, 'value', n);
                const mark = !isItem ? '' : localName(el) === 'ol' ? `${n++}. ` : '- ';
                const lists = kindOf(item) === 1 && /^[uo]l$/.test(localName(item)); // a list right within a list belongs to the item before
                inside(item, depth, quotes, isItem ? children(item) : [item]).forEach((b, i) => {
                    if (b.type !== 'text') { add(b); joined = false; }
                    else if (!isItem && !lists) { paragraph(b.markdown); joined = false; }
                    else if (i > 0 && !joined) { paragraph(b.markdown); joined = false; }
                    else { paragraph(indent(mark + b.markdown, lists && joined ? 2 : 0, mark.length), joined); joined = true; }
                });
            }
        }
        const indent = (s, first, others) => ' '.repeat(first) + s.replace(/\n(?=[^\n])/g, `\n${' '.repeat(first + others)}`);
        function quote(node, depth, quotes) {
            close();
            for (const b of inside(node, depth, quotes + 1)) {
                if (b.type !== 'text') add(b);
                else paragraph(quotes < QUOTE_MAX ? b.markdown.replace(/^/gm, '> ') : b.markdown);
            }
        }
        // Its block; the sign that it stands for; null: it is no content, or cannot be kept.
        function pictureOf(el) {
            const src = el.currentSrc || el.src, alt = attribute(el, 'alt') ?? '', titled = alt || attribute(el, 'title') || null;
            const wide = el.naturalWidth || Number(attribute(el, 'width')) || 0, small = (wide > 0 && wide <= 32) || (el.naturalWidth > 0 && el.width > 0 && el.width <= 32);
            if (/^\p{Extended_Pictographic}/u.test(alt) && alt.length < 16 && (small || !/^https?:/.test(src ?? ''))) return alt;
            if (small || /favicon|avatar/i.test(src.slice(0, 2000) + (attribute(el, 'class') ?? ''))) return null;
            if (!/^https?:/.test(src)) { if (/^(data|blob):/.test(src) && el.naturalWidth > 64) finding('image_in_text', 'a picture that is in the page itself is not kept', 'note'); return null; }
            return { type: 'image', source_url: src, alt: titled, width: el.naturalWidth || null, height: el.naturalHeight || null };
        }
        function image(el) {
            const picture = pictureOf(el);
            if (typeof picture === 'string') line.push(picture);
            else if (picture) add(picture);
        }
        // A picture that can be pressed (to be seen larger) is content, what else is in a button is not.
        const pressed = (el) => all(el, 'img').filter((i) => Math.max(i.naturalWidth, i.width, Number(attribute(i, 'width')) || 0) > 64).forEach(image);
        function media(el, tag) {
            const url = [el.currentSrc, el.src, ...all(el, 'source').map((s) => s.src)].find((u) => /^https?:/.test(u ?? ''));
            if (!url) return finding('element_skipped', `${tag === 'video' ? 'a film' : 'a recording'} in the page is not kept`);
            line.push(`[${escape(own(attribute(el, 'title') ?? attribute(el, 'aria-label') ?? (tag === 'video' ? 'Video' : 'Audio')))}](${target(url)})`);
        }
        function citation(el) {
            const c = linkOf(el), name = nameOf(el);
            if (c) line.push(`\uFDD0${cited.push(c) - 1}\uFDD1`);
            else if (name && !(recipe.sources && /^\W?\d+\W?$/.test(name))) line.push(escape(own(name)));
        }
        // Brackets within the words of a link must come in pairs. (Not as \[, which begins a formula.)
        function bracketed(s) {
            const open = s.match(/(?<!\\)\[/g)?.length ?? 0, shut = s.match(/(?<!\\)\]/g)?.length ?? 0;
            if (open === shut) return s;
            return s.split(/(`+[^`]*`+)/).map((part, i) => (i % 2 ? part : part.replace(/(?<!\\)\[/g, '&#91;').replace(/(?<!\\)\]/g, '\\]'))).join('');
        }
        function link(node, depth, quotes) {
            const url = tried(() => String(node.href), '');
            if (!/^(https?:|mailto:)/.test(url)) return marked(node, depth, quotes, (s) => s);
            if (line.length && line[line.length - 1].endsWith('!')) line.push(line.pop().replace(/!$/, '\\!'));
            // A picture becomes a block of its own: what it leads to stands before it.
            const img = first(node, 'img'), picture = img && !nameOf(node) ? pictureOf(img) : null;
            if (picture?.source_url && picture.source_url !== url) line.push(`[${bracketed(escape(own(picture.alt ?? 'Picture')))}](${target(url)})`);
            marked(node, depth, quotes, (s) => `[${bracketed(s)}](${target(url)})`);
        }
        function running(node) {
            const parent = parentOf(node), s = own(node.data);
            const lines = /\S[ \t]*\n|\n[ \t]*\S/.test(s) && parent && keepsSpace(parent);
            line.push(escape(lines ? s.replace(/[ \t\r\f]+/g, ' ') : s.replace(/[ \t\n\r\f]+/g, ' ')));
        }
        // Code with raised or lowered parts: in Markdown those stand between spans of code.
        function spans(node) {
            let run = '';
            const end = () => { if (run) line.push(codeSpan(run)); run = ''; };
            for (const c of children(node)) {
                const s = own(codeText(c)), tag = kindOf(c) === 1 ? localName(c) : '';
                if (!/^su[bp]$/.test(tag) || !s.trim()) { run += s; continue; }
                end();
                line.push(`<${tag}>${codeSpan(s)}</${tag}>`);
            }
            end();
        }
        const on = []; // marks that are open: emphasis within the same is none
        function emphasis(node, depth, quotes, sign) {
            if (on.includes(sign)) return marked(node, depth, quotes, (s) => s);
            on.push(sign);
            marked(node, depth, quotes, (s) => sign + s + sign);
            on.pop();
        }
        const MARKS = { strong: '**', b: '**', mark: '**', em: '*', i: '*', del: '~~', s: '~~', strike: '~~' };
        const INLINE = {
            br: () => line.push('\n'),
            wbr: () => {},
            a: link,
            code: (node) => { const s = own(codeText(node)); if (/\n\s*\S/.test(s.trim())) code(node); else if (s) spans(node); },
            kbd: (node) => { const s = own(codeText(node)); if (s.trim()) line.push(codeSpan(s)); },
            q: (node, depth, quotes) => marked(node, depth, quotes, (s) => `“${s}”`),
            sup: (node, depth, quotes) => marked(node, depth, quotes, (s) => (s.startsWith('[') ? s : `<sup>${s}</sup>`)),
            sub: (node, depth, quotes) => marked(node, depth, quotes, (s) => `<sub>${s}</sub>`),
            rt: (node, depth, quotes) => marked(node, depth, quotes, (s) => `(${s})`),
            rp: () => {},
            input: (node) => { if (attribute(node, 'type') === 'checkbox') line.push(node.checked ? '[x] ' : '[ ] '); },
            img: (node) => image(node),
        };
        const BLOCKS = {
            pre: (node) => code(node),
            table, ul: list, ol: list, menu: list, blockquote: quote,
            hr: () => { close(); paragraph('---'); },
            dt: (node, depth, quotes) => heading(node, depth, quotes, '**', '**'),
            summary: (node, depth, quotes) => heading(node, depth, quotes, '**', '**'),
        };
        function block(node, depth = 0, quotes = 0) {
            if (spent()) return;
            if (kindOf(node) === 3) return running(node);
            if (kindOf(node) !== 1) return;
            const tag = localName(node);
            if (isHidden(node)) return tag === 'button' ? pressed(node) : undefined;
            if (tag === 'video' || tag === 'audio') return media(node, tag);
            if (NOTHING.has(tag) || isUnseen(node)) return;
            if (depth > DEPTH_MAX) {
                finding('element_skipped', 'the page nests too deep to keep its form there: the words alone are kept');
                return paragraph(lineStarts(escape(own(plain(node, isHidden)).trim())));
            }
            if (isMath(node)) return isDisplay(node) ? add({ type: 'math', tex: tex(node), display: true }) : void line.push(`\\(${tex(node).trim()}\\)`);
            if (matches(node, recipe.citation)) return citation(node);
            if (isThought(node)) return thought(node).forEach(add);
            if (matches(node, '.cm-editor')) return code(node);
            if (/^h[1-6]$/.test(tag)) return heading(node, depth, quotes, '#'.repeat(Number(tag[1])) + ' ');
            if (BLOCKS[tag]) return BLOCKS[tag](node, depth, quotes);
            if (INLINE[tag]) return INLINE[tag](node, depth, quotes);
            if (MARKS[tag]) return emphasis(node, depth, quotes, MARKS[tag]);
            const apart = breaks(node, tag);
            if (apart) close();
            for (const c of children(node)) block(c, depth + 1, quotes);
            if (apart) close();
        }
        return { block, finish: flush };
    }
    function outermost(els) {
        const kept = [];
        for (const e of els) if (!kept.length || !contains(kept[kept.length - 1], e)) kept.push(e);
        return kept;
    }
    function readBlocks(list) {
        const blocks = [], w = walker(blocks);
        for (const node of list) w.block(node);
        w.finish();
        return blocks.length <= BLOCKS_MAX ? blocks : [...blocks.slice(0, BLOCKS_MAX), { type: 'text', markdown: markdownOf(blocks.slice(BLOCKS_MAX)) }];
    }
    // Reasoning: the words of its body, and what the page writes above it.
    function thought(el) {
        const bodies = outermost(all(el, recipe.messages.body));
        const text = markdownOf(readBlocks(bodies.length ? bodies.flatMap(children) : children(el)));
        const label = thoughtOf.get(el);
        const summary = label ? nameOf(label) : bodies.length ? oneLine(plain(el, (e) => isHidden(e) || bodies.includes(e))) : '';
        return text || summary ? [{ type: 'thinking', text, summary: summary.slice(0, 500) || null }] : [];
    }
    // The same where the recipe does not know it: what can be opened under "Thought for 7s", beside the bodies of an answer.
    const REASONED = /^(?:show |hide )?(?:thought|thinking|thoughts|reasoned|reasoning)(?: process)?(?: (?:for|about) .{1,40})?[\s.:…]*$/i;
    function unnamedThoughts(el, bodies) {
        const said = (box, label) => oneLine(plain(box, (e) => e === label || isHidden(e) || matches(e, 'button, [role="button"]')));
        const found = [];
        for (const label of all(el, 'button, summary, [role="button"]').filter((b) => REASONED.test(nameOf(b)))) {
            let box = parentOf(label);
            while (box && box !== el && !said(box, label)) box = parentOf(box);
            if (!box || box === el || said(box, label).split(' ').length < 3) continue;
            if (bodies.some((b) => contains(box, b) || contains(b, box)) || found.some((f) => contains(f, box))) continue;
            thoughtOf.set(box, label);
            labels.add(label);
            found.push(box);
        }
        return found;
    }
    // What a person typed is text as it stands, where the page shows it so; a page that renders it as Markdown is read as that.
    const RICH = 'ul, ol, pre, table, h1, h2, h3, h4, h5, h6, strong, b, em, code, blockquote, .katex, [data-math]';
    function literal(node, keeps, depth = 0) {
        if (spent() || (kindOf(node) === 1 && (NOTHING.has(localName(node)) || isHidden(node)))) return '';
        if (kindOf(node) === 3) {
            if (!node.data.trim() && node.data.includes('\n') && children(parentOf(node) ?? node).length > 1) return ''; // between elements
            const s = own(node.data);
            return keeps === 'all' ? s : keeps ? s.replace(/[ \t]+/g, ' ').replace(/ ?\n ?/g, '\n') : s.replace(/\s+/g, ' ');
        }
        if (kindOf(node) !== 1) return '';
        if (localName(node) === 'br') return '\n';
        if (depth > DEPTH_MAX) return own(wholeText(node));
        let s = '';
        for (const c of children(node)) {
            const tag = kindOf(c) === 1 ? localName(c) : '', piece = literal(c, keeps || (tag ? keepsSpace(c) : ''), depth + 1);
            const gap = tag === 'p' && !/line/.test(attribute(c, 'class') ?? '') ? '\n\n' : BLOCK.has(tag) ? '\n' : '';
            if (gap && s && !s.endsWith(gap)) s += s.endsWith('\n') && gap === '\n\n' ? '\n' : gap;
            s += gap && piece === '\n' ? '' : piece;
            if (gap && nextSibling(c) && (piece || gap === '\n')) s += gap;
        }
        return s;
    }
    function typed(el) {
        if (all(el, RICH).some((e) => wholeText(e).trim())) return readBlocks(children(el));
        const text = literal(el, keepsSpace(el)).replace(/\r\n?/g, '\n').replace(/[ \t]+$/gm, '').replace(/^(?:[ \t]*\n)+/, '').trimEnd();
        const markdown = text.includes('\n') ? text : text.trim();
        const blocks = [];
        for (let rest = markdown; rest; rest = rest.slice(TEXT_MAX)) blocks.push({ type: 'text', markdown: rest.slice(0, TEXT_MAX) });
        return [...blocks, ...all(el, 'img, video, audio').flatMap((one) => readBlocks([one]))];
    }

    return {
        kindOf, wholeText, isConnected, parentOf, localName, attribute, contains, tried, matches, closest, all,
        first, children, styleOf, before, spent, isLate, NOTHING, isHidden, isUnseen, breaks, tex, isMath, oneLine, nameOf,
        own, escape, markdownOf, outermost, readBlocks, thought, unnamedThoughts, typed, TEXT_MAX, BLOCKS_MAX, DEPTH_MAX, READ_MS,
        started,
    };
}
