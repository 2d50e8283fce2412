// Reads a rendered conversation, in document order, by a recipe's selectors. Injected into an isolated world of the page;
// gives the JSON text of `vivim.dom/1` (src/archive/dom_format.md). It survives each node: a page may hold anything. Every
// visible word of a turn is in its blocks, or a finding says how many are not: both sides are counted.
(async function run(recipe, options) {
    'use strict';
    const DIAGRAM = /^(graph|flowchart|sequenceDiagram|classDiagram|stateDiagram|erDiagram|journey|gantt|pie|quadrantChart|requirementDiagram|gitGraph|C4\w+|mindmap|timeline|zenuml)\b/;
    const TEXT_MAX = 4e6, TOTAL_MAX = 24e6; // UTF-16 units: of one text block, of all that is read
    const BLOCKS_MAX = 4900, TURNS_MAX = 19000; // what the normal form takes, and a little less
    const DEPTH_MAX = 200, QUOTE_MAX = 12, COLUMNS_MAX = 256;
    const READ_MS = 14000; // the whole of it; the browser waits longer for the answer
    const started = Date.now();
    const findings = [];
    const finding = (code, detail, level = 'warning') => {
        if (findings.length < 100 && !findings.some((f) => f.code === code && f.detail === detail)) findings.push({ code, level, detail });
    };

    // --- the document: properties by their own getters, for a form's fields hide those of the form ----------------------
    const getter = (owner, name) => { const { get } = Object.getOwnPropertyDescriptor(owner.prototype, name); return (node) => get.call(node); };
    const method = (owner, name) => { const f = owner.prototype[name]; return (node, ...values) => f.apply(node, values); };
    const kindOf = getter(Node, 'nodeType'), wholeText = getter(Node, 'textContent'), isConnected = getter(Node, 'isConnected');
    const firstChild = getter(Node, 'firstChild'), nextSibling = getter(Node, 'nextSibling'), parentOf = getter(Node, 'parentElement');
    const localName = getter(Element, 'localName'), shadowOf = getter(Element, 'shadowRoot');
    const attribute = method(Element, 'getAttribute'), contains = method(Node, 'contains'), position = method(Node, 'compareDocumentPosition');
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

    // --- what is no content, and where lines end -------------------------------------------------------------------------
    const NOTHING = new Set(['script', 'style', 'svg', 'template', 'noscript', 'iframe', 'canvas', 'audio', 'video', 'object', 'select', 'head']);
    const BLOCK = new Set(['p', 'div', 'section', 'article', 'main', 'header', 'footer', 'aside', 'nav', 'figure', 'figcaption', 'address', 'fieldset', 'form',
        'dl', 'dt', 'dd', 'details', 'summary', 'hgroup', 'center', 'li', 'body', 'legend', 'caption', 'tr', 'tbody', 'thead', 'tfoot', 'ul', 'ol', 'table',
        'blockquote', 'pre', 'hr', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'menu', 'search', 'optgroup', 'option']);
    const skipped = [...(recipe.skip ?? []), '.katex-mathml ~ .katex-html'].join(', ');
    const isHidden = (el) => (attribute(el, 'hidden') ?? 'until-found') !== 'until-found' || matches(el, skipped);
    const breaks = (el, tag) => BLOCK.has(tag) || ((tag === 'span' || tag === 'a' || tag.includes('-')) && styleOf(el)?.display === 'block'
        && !/flex|grid/.test(styleOf(parentOf(el) ?? el)?.display ?? ''));
    function keepsLines(el) {
        const space = styleOf(el)?.whiteSpace ?? '';
        return /^(pre|break-spaces)/.test(space) || closest(el, '[class*="whitespace-pre"]') !== null;
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
    const isSpace = (c) => c !== undefined && /\s/.test(c), isWord = (c) => c !== undefined && /[\p{L}\p{N}_]/u.test(c);
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

    function walker(blocks, cited = []) {
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
            made++;
            text.push(text.length ? (tight ? '\n' : '\n\n') : '', s);
        }
        const close = () => { const s = line.join('').replace(/[ \t]*\n[ \t]*/g, '\n').replace(/ {2,}/g, ' ').trim(); line = []; paragraph(lineStarts(s)); };
        // Citations stand behind the text in which they are; their place in it is counted in code points.
        function settle(s, from) {
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
            return { bare: bare + s.slice(last), here: from === 'cell' ? here.map((c) => ({ ...c, start: -1, end: -1 })) : here };
        }
        function flush() {
            close();
            let { bare: markdown, here } = settle(text.join(''));
            text = [];
            for (let rest = markdown; rest; rest = rest.slice(TEXT_MAX)) push({ type: 'text', markdown: rest.slice(0, TEXT_MAX) });
            here.forEach((c) => push(markdown ? c : { ...c, start: -1, end: -1 }));
        }
        const add = (block) => { flush(); push(block); };
        const inside = (el, depth, quotes, list = children(el)) => {
            const inner = [], w = walker(inner, cited);
            for (const c of list) w.block(c, depth + 1, quotes);
            w.finish();
            return inner;
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
            const s = line.join('').replace(/\s+/g, ' ').trim();
            if (text.length > from || text.length < at) return close(); // it holds blocks
            line = [];
            if (s.replace(CITED, '').trim()) paragraph(before + (after && s.includes(after) ? s.replaceAll(after, '') : s) + after);
            else line.push(s);
        }

        const codeText = (el) => plain(el, (e) => matches(e, 'button, .cm-gutters, .sr-only'));
        function code(pre) {
            const editor = matches(pre, '.cm-editor, .cm-content') ? pre : first(pre, '.cm-content');
            const parts = editor ? [editor] : outermost(all(pre, 'code'));
            const element = parts[0] ?? pre;
            const named = [element, pre, ...all(pre, '[class*="language-"]')].map((e) => /(?:^|\s)language-([\w+#.-]+)/.exec(attribute(e, 'class') ?? '')?.[1]).find(Boolean);
            const ownText = (e) => children(e).filter((n) => kindOf(n) === 3).map((n) => n.data).join('').trim();
            const heading = named ? null : all(pre, 'div, span').filter((e) => !contains(element, e) || element === pre).map(ownText)
                .find((t) => /^[A-Za-z][\w+#.-]{0,20}$/.test(t) && !/^(Copy|Run|Download|Edit)$/.test(t));
            const lines = editor ? all(editor, '.cm-line') : [];
            let source = lines.length ? lines.map((l) => codeText(l)).join('\n') : parts.length > 1 ? parts.map(codeText).join('\n') : codeText(element);
            const truncated = first(pre, '.cm-gap') !== null;
            if (truncated) finding('code_truncated', 'a long code block is not whole in the page');
            const language = (named ?? heading ?? '').toLowerCase();
            if (!named && element === pre && heading) source = source.replace(heading, '').replace(/^\s*(Copy code|Copy|Run|Download)+/, '').replace(/^\n/, '');
            source = own(source);
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
                else after.push(b.type === 'citation' ? { ...b, start: -1, end: -1 } : b);
            }
            return parts.join('\n').trim();
        }
        function table(el, depth, quotes) {
            const after = [];
            close();
            const mine = all(el, 'tr').filter((r) => closest(r, 'table') === el);
            for (const c of all(el, 'caption').filter((x) => closest(x, 'table') === el)) block(c, depth + 1, quotes);
            const rows = mine.map((r) => children(r).filter((c) => kindOf(c) === 1 && /^t[dh]$/.test(localName(c)) && !isHidden(c)).flatMap((c) => {
                const span = Math.min(Number(attribute(c, 'colspan')) || 1, 50);
                return [cellOf(c, depth, quotes, after), ...Array(Math.max(0, span - 1)).fill('')];
            }));
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
            let n = Number(attribute(el, 'start') ?? 1) || 1, joined = false;
            close();
            for (const item of children(el)) {
                if (kindOf(item) === 3 ? !item.data.trim() : kindOf(item) !== 1 || isHidden(item)) continue;
                const isItem = kindOf(item) === 1 && localName(item) === 'li';
                const mark = !isItem ? '' : localName(el) === 'ol' ? `${n++}. ` : '- ';
                const lists = kindOf(item) === 1 && /^[uo]l$/.test(localName(item)); // a list right within a list belongs to the item before
                inside(item, depth, quotes, isItem ? children(item) : [item]).forEach((b, i) => {
                    if (b.type === 'citation' && b.start >= 0 && text.length) { cited.push({ url: b.url, title: b.title }); text.push(`\uFDD0${cited.length - 1}\uFDD1`); }
                    else if (b.type !== 'text') { add(b); joined = false; }
                    else if (i > 0 && !joined) { paragraph(b.markdown); joined = false; }
                    else { paragraph(indent(mark + b.markdown, lists && joined ? 2 : 0, mark.length), joined); joined = true; }
                });
            }
        }
        const indent = (s, first, others) => ' '.repeat(first) + s.replace(/\n(?=[^\n])/g, `\n${' '.repeat(first + others)}`);
        function quote(node, depth, quotes) {
            close();
            for (const b of inside(node, depth, quotes + 1)) {
                if (b.type === 'citation' && b.start >= 0 && text.length) { cited.push({ url: b.url, title: b.title }); text.push(`\uFDD0${cited.length - 1}\uFDD1`); }
                else if (b.type !== 'text') add(b);
                else paragraph(quotes < QUOTE_MAX ? b.markdown.replace(/^/gm, '> ') : b.markdown);
            }
        }
        function image(el) {
            const src = el.currentSrc || el.src, alt = attribute(el, 'alt') ?? '';
            const wide = el.naturalWidth || Number(attribute(el, 'width')) || 0, small = (wide > 0 && wide <= 32) || (el.naturalWidth > 0 && el.width > 0 && el.width <= 32);
            if (/^\p{Extended_Pictographic}/u.test(alt) && alt.length < 16 && (small || !/^https?:/.test(src ?? ''))) return void line.push(alt);
            if (small || /favicon|avatar/i.test(src.slice(0, 2000) + (attribute(el, 'class') ?? ''))) return;
            if (!/^https?:/.test(src)) { if (/^(data|blob):/.test(src) && el.naturalWidth > 64) finding('image_in_text', 'a picture that is in the page itself is not kept', 'note'); return; }
            add({ type: 'image', source_url: src, alt: alt || null, width: el.naturalWidth || null, height: el.naturalHeight || null });
        }
        function citation(el) {
            const c = linkOf(el);
            if (c) line.push(`\uFDD0${cited.push(c) - 1}\uFDD1`);
            else if (nameOf(el)) line.push(escape(own(nameOf(el))));
        }
        function link(node, depth, quotes) {
            const url = tried(() => String(node.href), '');
            if (!/^(https?:|mailto:)/.test(url)) return marked(node, depth, quotes, (s) => s);
            if (line.length && line[line.length - 1].endsWith('!')) line.push(line.pop().replace(/!$/, '\\!'));
            marked(node, depth, quotes, (s) => `[${s}](${target(url)})`);
        }
        function running(node) {
            const parent = parentOf(node), s = own(node.data);
            const lines = /\S[ \t]*\n|\n[ \t]*\S/.test(s) && parent && keepsLines(parent);
            line.push(escape(lines ? s.replace(/[ \t\r\f]+/g, ' ') : s.replace(/[ \t\n\r\f]+/g, ' ')));
        }
        const MARKS = { strong: '**', b: '**', mark: '**', em: '*', i: '*', del: '~~', s: '~~', strike: '~~' };
        const INLINE = {
            br: () => line.push('\n'),
            wbr: () => {},
            a: link,
            code: (node) => { const s = own(codeText(node)); if (/\n\s*\S/.test(s.trim())) code(node); else if (s) line.push(codeSpan(s)); },
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
            if (kindOf(node) !== 1 || isHidden(node)) return;
            const tag = localName(node);
            if (NOTHING.has(tag)) return;
            if (depth > DEPTH_MAX) {
                finding('element_skipped', 'the page nests too deep to keep its form there: the words alone are kept');
                return paragraph(lineStarts(escape(own(plain(node, isHidden)).trim())));
            }
            if (isMath(node)) return isDisplay(node) ? add({ type: 'math', tex: tex(node), display: true }) : void line.push(`\\(${tex(node).trim()}\\)`);
            if (matches(node, recipe.citation)) return citation(node);
            if (matches(node, recipe.thinking)) return add(thought(node));
            if (matches(node, '.cm-editor')) return code(node);
            if (/^h[1-6]$/.test(tag)) return heading(node, depth, quotes, '#'.repeat(Number(tag[1])) + ' ');
            if (BLOCKS[tag]) return BLOCKS[tag](node, depth, quotes);
            if (INLINE[tag]) return INLINE[tag](node, depth, quotes);
            if (MARKS[tag]) return marked(node, depth, quotes, (s) => MARKS[tag] + s + MARKS[tag]);
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
        const summary = bodies.length ? oneLine(plain(el, (e) => isHidden(e) || bodies.includes(e))) : '';
        return { type: 'thinking', text, summary: summary.slice(0, 500) || null };
    }
    // What a person typed is text as it stands, where the page shows it so; a page that renders it as Markdown is read as that.
    const RICH = 'ul, ol, pre, table, h1, h2, h3, h4, h5, h6, strong, b, em, code, blockquote, .katex, [data-math]';
    function literal(node, keeps, depth = 0) {
        if (spent() || (kindOf(node) === 1 && (NOTHING.has(localName(node)) || isHidden(node)))) return '';
        if (kindOf(node) === 3) {
            if (!node.data.trim() && node.data.includes('\n') && children(parentOf(node) ?? node).length > 1) return ''; // between elements
            return keeps ? own(node.data) : own(node.data).replace(/\s+/g, ' ');
        }
        if (kindOf(node) !== 1) return '';
        if (localName(node) === 'br') return '\n';
        if (depth > DEPTH_MAX) return own(wholeText(node));
        let s = '';
        for (const c of children(node)) {
            const tag = kindOf(c) === 1 ? localName(c) : '', piece = literal(c, keeps || (tag && keepsLines(c)), depth + 1);
            const gap = tag === 'p' && !/line/.test(attribute(c, 'class') ?? '') ? '\n\n' : BLOCK.has(tag) ? '\n' : '';
            if (gap && s && !s.endsWith(gap)) s += s.endsWith('\n') && gap === '\n\n' ? '\n' : gap;
            s += gap && piece === '\n' ? '' : piece;
            if (gap && nextSibling(c) && (piece || gap === '\n')) s += gap;
        }
        return s;
    }
    function typed(el) {
        if (all(el, RICH).some((e) => wholeText(e).trim())) return readBlocks(children(el));
        const text = literal(el, keepsLines(el)).replace(/\r\n?/g, '\n').replace(/[ \t]+$/gm, '').replace(/^(?:[ \t]*\n)+/, '').trimEnd();
        const markdown = text.includes('\n') ? text : text.trim();
        const blocks = [];
        for (let rest = markdown; rest; rest = rest.slice(TEXT_MAX)) blocks.push({ type: 'text', markdown: rest.slice(0, TEXT_MAX) });
        return [...blocks, ...all(el, 'img').flatMap((img) => readBlocks([img]))];
    }

    // --- the words on both sides -------------------------------------------------------------------------------------------
    const MARKUP = /[\\*_`~[\]\u00ad\u200b-\u200f\u2060\ufeff]+/g, SINGLE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu;
    const words = (s) => s.replace(MARKUP, '').replace(SINGLE, ' $& ').match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
    // (A <sup> may be one of ours, or stand in code: it counts as a word besides.)
    const unmarked = (s) => (s.match(/<\/?su[bp]>/g) ?? []).join(' ') + ' ' + s.replace(/(?<!\\)\]\((?:[^()\s]|\([^()\s]*\))*\)/g, '').replace(/(?<!\\)<\/?su[bp]>/g, '').replace(/\\([!-/:-@[-`{-~])/g, '$1');
    const HELD = {
        text: (b) => unmarked(b.markdown), thinking: (b) => `${unmarked(b.text)} ${b.summary ?? ''}`, code: (b) => b.code, mermaid: (b) => b.code, math: (b) => b.tex,
        table: (b) => [b.header, ...b.rows].flat().map(unmarked).join('\n'), image: (b) => b.alt ?? '', file: (b) => b.name, citation: (b) => b.title ?? '',
        artifact: (b) => `${b.title ?? ''} ${unmarked(b.content ?? '')}`,
    };
    const FURNITURE = 'button, [role="button"], [aria-hidden="true"], .sr-only, .cdk-visually-hidden, [role="toolbar"], textarea';
    const lost = { words: 0, turns: 0, examples: [] };
    function shown(el) {
        if (isHidden(el) || matches(el, FURNITURE) || matches(el, recipe.citation) || matches(el, recipe.files)) return false;
        const style = styleOf(el);
        return !style || !(style.display === 'none' || style.visibility === 'hidden' || style.opacity === '0');
    }
    // As the reader sees it: TeX once, of code the code alone.
    function seenText(el, depth = 0) {
        if (spent()) return '';
        if (kindOf(el) === 3) return el.data;
        if (kindOf(el) !== 1 || depth > DEPTH_MAX) return kindOf(el) === 1 ? wholeText(el) : '';
        const tag = localName(el);
        if (tag === 'br') return '\n';
        if (NOTHING.has(tag) || tag === 'rp' || !shown(el)) return '';
        if (isMath(el)) return ` ${tex(el)} `;
        const code = tag === 'pre' ? outermost(all(el, 'code, .cm-content')) : [];
        const inner = (code.length ? code : children(el)).map((c) => seenText(c, depth + 1)).join(code.length ? '\n' : '');
        return breaks(el, tag) ? `\n${inner}\n` : /^(td|th|rt|math)$/.test(tag) ? ` ${inner} ` : inner;
    }
    function count(el, blocks) {
        const have = new Map();
        for (const b of blocks) for (const w of words(HELD[b.type]?.(b) ?? '')) have.set(w, (have.get(w) ?? 0) + 1);
        const missing = words(seenText(el)).filter((w) => { const n = have.get(w) ?? 0; have.set(w, n - 1); return n <= 0; });
        if (all(el, 'svg text, svg foreignObject').some((t) => words(wholeText(t)).length) && !blocks.some((b) => b.type === 'mermaid'))
            finding('element_skipped', 'a drawing with words in it is not kept');
        if (all(el, 'iframe').some((f) => tried(() => f.getBoundingClientRect().height > 50, false))) finding('element_skipped', 'a frame within a turn cannot be read');
        if (late || !missing.length) return;
        lost.words += missing.length;
        lost.turns++;
        lost.examples.push(...missing.slice(0, 8 - lost.examples.length));
    }

    // --- messages -----------------------------------------------------------------------------------------------------------
    const m = recipe.messages;
    const selector = m.container ?? [m.user, m.assistant].join(', ');
    const holds = (el, what) => matches(el, what) || first(el, what) !== null;
    const roleOf = (el) => (m.roleAttribute ? attribute(el, m.roleAttribute) : m.userUnless ? (holds(el, m.userUnless) ? 'assistant' : 'user') : matches(el, m.user) ? 'user' : 'assistant');
    // A mark that stays when the element is made anew: an attribute (perhaps with what its value begins with), of it or around it.
    function keyOf(el) {
        for (const k of m.key ?? []) {
            const holder = closest(el, `[${k}]`);
            if (holder) return `${k}=${attribute(holder, /^[\w-]+/.exec(k)[0])}:${roleOf(el)}`;
        }
        const turn = closest(el, m.turnKey);
        return turn ? `turn=${attribute(turn, 'data-turn-id')}:${roleOf(el)}` : null;
    }
    const seen = new Map(); // key or element -> message
    const turns = new Map(); // message -> { el, length, number, text }
    const numbers = new Set(); // of the turns that were seen, where the page numbers them
    let order = [], torn = false;
    function numberOf(el) {
        const holder = m.number && closest(el, `[${m.number.attribute}]`);
        const found = holder && new RegExp(m.number.pattern).exec(attribute(holder, m.number.attribute));
        if (found) numbers.add(Number(found[1]));
        return found ? Number(found[1]) : null;
    }
    // Counting begins at 0 or 1, and a first turn may be one that the page never shows. Without numbers the windows must overlap.
    const contiguous = () => (numbers.size ? Math.min(...numbers) <= 2 && Math.max(...numbers) - Math.min(...numbers) + 1 === numbers.size : !torn);
    // An artifact that the page shows as a card only: its title; what is in it is not there.
    function cardOf(card) {
        const title = nameOf(first(card, m.cardTitle) ?? card);
        finding('artifact_not_in_page', `the page shows only the title of "${title.slice(0, 100)}"`, 'note');
        return [{ type: 'artifact', id: null, kind: null, title: title || null, content: null }];
    }
    const fileOf = (f) => [{ type: 'file', name: nameOf(first(f, 'h3') ?? f).slice(0, 200), media_type: null }];
    // The parts of a turn, each read in its way, in the order of the document.
    function partsOf(el, role) {
        const inner = (els, taken) => els.filter((e) => !taken.some((t) => t !== e && contains(t, e)));
        const thoughts = outermost(all(el, recipe.thinking));
        const bodies = inner(outermost(matches(el, m.body) ? [el] : all(el, m.body)), thoughts);
        const parts = bodies.map((b) => [b, () => (role === 'user' ? typed(b) : readBlocks(children(b)))]);
        if (!bodies.length && !thoughts.length) parts.push([el, () => (role === 'user' ? typed(el) : readBlocks(children(el)))]);
        const taken = parts.map(([e]) => e);
        for (const t of inner(thoughts, taken)) parts.push([t, () => [thought(t)]]);
        for (const c of inner(outermost(all(el, m.card)), taken)) parts.push([c, () => cardOf(c)]);
        const files = role === 'user' ? outermost(all(closest(el, m.within) ?? el, recipe.files)) : [];
        for (const f of inner(files, taken)) parts.push([f, () => fileOf(f)]);
        if (role === 'assistant' || !recipe.files) for (const i of inner(all(el, 'img'), parts.map(([e]) => e))) parts.push([i, () => readBlocks([i])]);
        return parts.sort(([a], [b]) => (a === b ? 0 : before(a, b) ? -1 : 1));
    }
    function readTurn(el, role) {
        try {
            const blocks = partsOf(el, role).flatMap(([, read]) => read());
            count(el, blocks);
            return blocks.slice(0, BLOCKS_MAX + 1);
        } catch {
            finding('element_skipped', 'a turn could not be read in its form: the words alone are kept');
            const text = tried(() => wholeText(el).trim().slice(0, TEXT_MAX), '');
            return text ? [{ type: 'text', markdown: escape(own(text)) }] : [];
        }
    }
    // Without marks, turns that the page has made anew are known by their words and their neighbours: where does the whole
    // window fit what is known, with the longest overlap?
    function align(els) {
        if (!order.length || els.every((el) => seen.has(el)) || els.some((el) => keyOf(el) !== null)) return;
        const said = els.map((el) => [roleOf(el) ?? 'assistant', wholeText(el)]);
        const same = (i, x) => x && x.role === said[i][0] && turns.get(x).text === said[i][1];
        const overlap = (d) => {
            const from = Math.max(0, -d), to = Math.min(els.length, order.length - d);
            for (let i = from; i < to; i++) if (!same(i, order[d + i])) return 0;
            return Math.max(0, to - from);
        };
        const here = els.findIndex((el) => seen.has(el));
        let best = here >= 0 ? order.indexOf(seen.get(els[here])) - here : null;
        for (let d = 1 - els.length, most = 0; here < 0 && d < order.length; d++) {
            const n = overlap(d);
            if (n > most) [best, most] = [d, n];
        }
        if (best === null) return;
        els.forEach((el, i) => {
            if (seen.has(el) || !same(i, order[best + i])) return;
            seen.set(el, order[best + i]);
            turns.get(order[best + i]).el = el;
        });
    }
    function message(el, window) {
        const role = roleOf(el), number = numberOf(el);
        const mark = keyOf(el);
        let key = mark ?? el;
        for (let n = 2; mark && seen.has(key) && window.includes(seen.get(key)); n++) key = `${mark}#${n}`; // two with one mark
        const text = wholeText(el), known = seen.get(key);
        if (known && turns.get(known).text.length >= text.length) { turns.get(known).el = el; return known; }
        const blocks = readTurn(el, role);
        if (blocks.length === 0) return known ?? null;
        const id = (m.id && attribute(closest(el, `[${m.id}]`) ?? el, m.id)) || null;
        const made = Object.assign(known ?? {}, { id, role: role ?? 'assistant', role_inferred: !role, blocks });
        turns.set(made, { el, number, text });
        seen.set(key, made);
        return made;
    }
    function harvest(down = false) {
        const window = [];
        const els = outermost(all(document, selector)).filter((el) => !closest(el, recipe.artifact));
        if (m.reversed) els.reverse();
        align(els);
        for (const el of els) {
            const found = late ? null : message(el, window);
            if (found) window.push(found);
        }
        merge(window, down !== Boolean(m.reversed));
        return window.length;
    }
    // Windows overlap: what is new is put beside the messages already known.
    function merge(window, down) {
        const known = window.find((x) => order.includes(x));
        if (!known && order.length && window.length) torn = true;
        let at = known ? order.indexOf(known) - 1 : down ? order.length - 1 : -1;
        for (const x of window) {
            const place = order.indexOf(x);
            if (place >= 0) at = place;
            else order.splice(++at, 0, x);
        }
    }

    // --- a list of which only a window is in the document ----------------------------------------------------------------------
    function scroller() {
        for (let el = parentOf(first(document, selector) ?? document.documentElement); el; el = parentOf(el))
            if (el.scrollHeight > el.clientHeight + 50 && /auto|scroll/.test(styleOf(el)?.overflowY ?? '')) return el;
        return document.scrollingElement ?? document.documentElement;
    }
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    // One step shows something of what stands there now: not more than is seen, and not more than the mounted turns are high.
    function step(box) {
        const boxes = outermost(all(document, selector)).map((el) => el.getBoundingClientRect());
        const high = boxes.length ? Math.max(...boxes.map((b) => b.bottom)) - Math.min(...boxes.map((b) => b.top)) : 0;
        return Math.max(40, Math.min(box.clientHeight * 0.9, high > 0 ? high * 0.7 : Infinity));
    }
    async function travel(box, sign) {
        const more = () => (sign < 0 ? box.scrollTop > 0 : box.scrollTop + box.clientHeight < box.scrollHeight - 4);
        for (let i = 0; more(); i++) {
            if (i >= 2000 || spent() || Date.now() - started > READ_MS * 0.9 || order.length > TURNS_MAX) {
                torn = true;
                numbers.add(-1); // not contiguous, whatever the page counts
                return finding('turns_not_contiguous', 'the page is longer than could be read in time');
            }
            const from = box.scrollTop;
            box.scrollTop += sign * step(box);
            await pause(60);
            for (let k = 0; harvest(sign > 0) === 0 && k < 10; k++) await pause(60); // it is not there yet
            if (box.scrollTop === from) return; // it does not move
        }
    }

    // --- beside the messages ----------------------------------------------------------------------------------------------------
    // A document in a panel: an artifact of the last answer, in front of it where it stands so in the page.
    function panel(el) {
        const blocks = readBlocks(children(el)), heading = first(el, 'h1, h2');
        const besides = blocks.filter((b) => b.type === 'citation' || b.type === 'image').map((b) => (b.start >= 0 ? { ...b, start: -1, end: -1 } : b));
        const content = markdownOf(blocks.filter((b) => b.type !== 'image'));
        if (!content && !besides.length) return;
        let answer = order.findLast((x) => x.role === 'assistant');
        if (!answer) order.push(answer = { id: null, role: 'assistant', role_inferred: false, blocks: [] });
        const at = turns.get(answer)?.el, ahead = at && isConnected(at) && before(el, at);
        const list = [{ type: 'artifact', id: null, kind: 'text/markdown', title: heading ? nameOf(heading) || null : null, content }, ...besides];
        count(el, list);
        answer.blocks.splice(ahead ? 0 : answer.blocks.length, 0, ...list);
    }
    function title() {
        const t = recipe.title ?? {}, endings = [t.stripSuffix ?? []].flat().filter(Boolean);
        let s = (t.selectors ?? []).map((x) => first(document, x)).filter(Boolean).map(nameOf).find(Boolean) ?? oneLine(String(document.title));
        if (t.stripPrefix && s.startsWith(t.stripPrefix)) s = s.slice(t.stripPrefix.length);
        const ending = endings.find((e) => s.endsWith(e));
        if (ending) s = s.slice(0, -ending.length);
        return !s || (t.ignore ?? []).includes(s) ? null : s;
    }

    try {
        harvest();
        if (recipe.scroll && options?.scroll) {
            const box = scroller();
            await travel(box, -1);
            await travel(box, 1);
        }
        if (order.length && order.every((x) => typeof turns.get(x).number === 'number')) order.sort((a, b) => turns.get(a).number - turns.get(b).number);
        const beside = (els) => els.filter((e) => !closest(e, selector) && !holds(e, selector));
        all(document, recipe.artifact).slice(0, 1).forEach(panel);
        outermost(beside(all(document, recipe.report))).forEach(panel);
        // A page without marks of who speaks: what it says is kept, the role is said to be inferred.
        if (order.length === 0 && recipe.fallback && !options?.scroll) {
            const blocks = readBlocks(all(document, recipe.fallback).slice(0, 1));
            if (blocks.length) order.push({ id: null, role: 'assistant', role_inferred: true, blocks });
        }
    } catch {
        finding('element_skipped', 'the page could not be read to its end');
    }
    if (lost.words) finding('text_lost', `${lost.words} words in ${lost.turns} turn(s) of the page are missing, as in: ${lost.examples.join(' ').slice(0, 150)}`);
    if (order.length > TURNS_MAX) finding('text_lost', `only the first ${TURNS_MAX} turns are kept`);
    return JSON.stringify({ format: 'vivim.dom/1', recipe: recipe.id, provider: recipe.provider, url: location.href, title: tried(title, null), model: null,
        contiguous: contiguous(), messages: order.slice(0, TURNS_MAX), findings });
})
