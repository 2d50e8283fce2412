// Reads a rendered conversation, in document order, by a recipe's selectors. Injected into an isolated world of the page;
// gives the JSON text of `vivim.dom/1` (src/archive/dom_format.md). It survives each node: a page may hold anything.
(async function run(recipe, options) {
    'use strict';
    const DIAGRAM = /^(graph|flowchart|sequenceDiagram|classDiagram|stateDiagram|erDiagram|journey|gantt|pie|quadrantChart|requirementDiagram|gitGraph|C4\w+|mindmap|timeline|zenuml)\b/;
    const MAX_TEXT = 4e6;
    const findings = [];
    const finding = (code, detail, level = 'warning') => {
        if (findings.length < 100 && !findings.some((f) => f.code === code && f.detail === detail)) findings.push({ code, level, detail });
    };
    const matches = (el, selector) => { try { return Boolean(selector) && el.matches(selector); } catch { return false; } };
    const all = (root, selector) => { try { return selector ? [...root.querySelectorAll(selector)] : []; } catch { return []; } };
    const skipped = (recipe.skip ?? []).join(', ');

    // --- Markdown of running text -------------------------------------------------------------------
    const escape = (s) => s.replace(/([\\`*_[\]])/g, '\\$1');
    const isHidden = (el) => el.hasAttribute?.('hidden') || matches(el, skipped);

    // TeX once: KaTeX also prints MathML and HTML.
    function tex(el) {
        const note = el.querySelector?.('annotation[encoding="application/x-tex"]');
        return note ? note.textContent : el.getAttribute?.('data-math');
    }
    const isMath = (el) => matches(el, '.katex, .katex-display, .math-block, .math-inline, [data-math]') && tex(el) !== null && tex(el) !== undefined;
    const isDisplay = (el) => matches(el, '.katex-display, .math-block') || Boolean(el.closest?.('.katex-display, .math-block'));

    function inline(node) {
        if (node.nodeType === 3) return escape(node.data.replace(/[ \t\n\r]+/g, ' '));
        if (node.nodeType !== 1 || isHidden(node)) return '';
        const tag = node.tagName.toLowerCase();
        const inner = () => [...node.childNodes].map(inline).join('');
        const wrap = (mark) => { const s = inner(); const t = s.trim(); return t ? s.replace(t, () => mark + t + mark) : s; };
        if (isMath(node)) return `\\(${tex(node)}\\)`;
        if (tag === 'br') return '\n';
        if (tag === 'code') return node.textContent ? '`' + node.textContent + '`' : '';
        if (tag === 'strong' || tag === 'b') return wrap('**');
        if (tag === 'em' || tag === 'i') return wrap('*');
        if (tag === 'del' || tag === 's') return wrap('~~');
        if (tag === 'script' || tag === 'style' || tag === 'svg' || tag === 'template' || tag === 'noscript') return '';
        if (tag === 'a' && /^https?:/.test(node.href ?? '')) { const t = inner().trim(); return t ? `[${t}](${node.href})` : ''; }
        return inner();
    }

    // --- blocks ------------------------------------------------------------------------------------------
    function walker(blocks) {
        let text = '';
        const flush = () => {
            const markdown = text.replace(/[ \t]+\n/g, '\n').replace(/\n{3,}/g, '\n\n').trim();
            if (markdown) blocks.push({ type: 'text', markdown: markdown.slice(0, MAX_TEXT) });
            text = '';
        };
        const paragraph = (s) => { if (s.trim()) text += `\n\n${s.trim()}`; };
        const add = (block) => { flush(); blocks.push(block); };

        function code(pre) {
            const editor = matches(pre, '.cm-editor, .cm-content') ? pre : pre.querySelector?.('.cm-content');
            const element = editor ?? pre.querySelector?.('code') ?? pre;
            const named = [element, pre, ...all(pre, '[class*="language-"]')].map((e) => /(?:^|\s)language-([\w+#.-]+)/.exec(e.getAttribute?.('class') ?? '')?.[1]).find(Boolean);
            const ownText = (e) => [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join('').trim();
            const heading = named ? null : all(pre, 'div, span').filter((e) => !element.contains(e) || element === pre).map(ownText)
                .find((t) => /^[A-Za-z][\w+#.-]{0,20}$/.test(t) && !/^(Copy|Run|Download|Edit)$/.test(t));
            const lines = editor ? all(editor, '.cm-line') : [];
            let source = lines.length ? lines.map((l) => l.textContent).join('\n') : editor ? linesOf(editor) : element.textContent;
            const truncated = Boolean(pre.querySelector?.('.cm-gap'));
            if (truncated) finding('code_truncated', 'a long code block is not whole in the page');
            const language = (named ?? heading ?? '').toLowerCase();
            if (!named && element === pre && heading) source = source.replace(heading, '').replace(/^\s*(Copy code|Copy|Run|Download)+/, '');
            if (language === 'mermaid' || (!language && DIAGRAM.test(source.trimStart()))) add({ type: 'mermaid', code: source });
            else add({ type: 'code', language: language || null, code: source, truncated });
        }
        // Text with line breaks, without an editor's line elements.
        function linesOf(el) {
            return [...el.childNodes].map((n) => (n.nodeType === 3 ? n.data : n.tagName === 'BR' ? '\n' : linesOf(n))).join('');
        }
        function table(el) {
            const rows = all(el, 'tr').filter((r) => r.closest('table') === el).map((r) => [...r.children].map((c) => inline(c).trim()));
            const head = el.querySelector('thead') ? rows.shift() : el.querySelector('th') ? rows.shift() : rows[0]?.map(() => '');
            if (head) add({ type: 'table', header: head, rows });
        }
        // An item is read on its own: what it says before and between code, tables and pictures stays before and between them.
        function list(el, depth) {
            let n = Number(el.getAttribute('start') ?? 1);
            for (const item of el.childNodes) {
                const inner = [];
                const w = walker(inner);
                for (const child of item.tagName === 'LI' ? item.childNodes : [item]) w.block(child, depth + 1);
                w.flush();
                const mark = item.tagName !== 'LI' ? '' : el.tagName === 'OL' ? `${n++}. ` : '- ';
                inner.forEach((b, i) => {
                    if (b.type !== 'text') add(b);
                    else if (i > 0) paragraph(b.markdown);
                    else text += `\n${mark}${b.markdown.replace(/\n/g, `\n${' '.repeat(mark.length)}`)}`;
                });
            }
            text += '\n';
        }
        function image(el) {
            const src = el.currentSrc || el.src;
            const small = (el.naturalWidth || el.width || 0) <= 32 && (el.width || el.naturalWidth || 0) > 0;
            if (!/^https?:/.test(src ?? '') || small || /favicon|avatar/i.test(src + (el.className ?? ''))) return;
            add({ type: 'image', source_url: src, alt: el.alt || null, width: el.naturalWidth || null, height: el.naturalHeight || null });
        }
        function citation(el) {
            const url = el.getAttribute('data-pplx-citation-url') ?? el.href;
            if (/^https?:/.test(url ?? '')) { flush(); blocks.push({ type: 'citation', url, title: el.textContent.trim() || null }); }
        }
        function block(node, depth = 0) {
            if (node.nodeType === 3) { text += escape(node.data.replace(/[ \t\n\r]+/g, ' ')); return; }
            if (node.nodeType !== 1 || depth > 200 || isHidden(node)) return;
            const tag = node.tagName.toLowerCase();
            if (isMath(node)) { isDisplay(node) ? add({ type: 'math', tex: tex(node), display: true }) : (text += inline(node)); return; }
            if (matches(node, recipe.citation)) return citation(node);
            if (matches(node, recipe.thinking)) { add({ type: 'thinking', text: node.textContent.trim(), summary: null }); return; }
            if (tag === 'pre' || matches(node, '.cm-editor')) return code(node);
            if (tag === 'table') return table(node);
            if (tag === 'img') return image(node);
            if (/^h[1-6]$/.test(tag)) return paragraph('#'.repeat(Number(tag[1])) + ' ' + inline(node).replace(/\s+/g, ' ').trim());
            if (tag === 'ul' || tag === 'ol') { text += '\n'; return list(node, depth); }
            if (tag === 'blockquote') {
                const inner = [];
                const w = walker(inner);
                for (const c of node.childNodes) w.block(c, depth + 1);
                w.flush();
                for (const b of inner) b.type === 'text' ? paragraph(b.markdown.replace(/^/gm, '> ')) : add(b);
                return;
            }
            if (tag === 'hr') return paragraph('---');
            if (['script', 'style', 'svg', 'template', 'noscript', 'iframe'].includes(tag)) return;
            const holdsBlocks = node.querySelector?.(`p, pre, table, ul, ol, img, h1, h2, h3, h4, h5, h6, blockquote, div, .katex-display, .math-block${recipe.citation ? ', ' + recipe.citation : ''}`);
            if (tag === 'p' || tag === 'div' || tag === 'section' || tag === 'article' || tag === 'li') {
                if (!holdsBlocks) return paragraph(inline(node));
                text += '\n\n';
                for (const c of node.childNodes) block(c, depth + 1);
                text += '\n\n';
                return;
            }
            if (holdsBlocks) for (const c of node.childNodes) block(c, depth + 1);
            else text += inline(node);
        }
        return { block, flush };
    }

    function readBlocks(roots) {
        const blocks = [];
        const w = walker(blocks);
        for (const root of roots) for (const child of root.childNodes) w.block(child);
        w.flush();
        return blocks;
    }
    // What a person typed is text as it stands: line breaks are theirs.
    function typed(roots) {
        const blocks = readBlocks(roots);
        return blocks;
    }

    // --- messages -------------------------------------------------------------------------------------------
    const m = recipe.messages;
    const selector = m.container ?? [m.user, m.assistant].join(', ');
    const roleOf = (el) => (m.roleAttribute ? el.getAttribute(m.roleAttribute) : matches(el, m.user) ? 'user' : 'assistant');
    const outermost = (els) => els.filter((e) => !els.some((o) => o !== e && o.contains(e)));
    const keyOf = (el) => {
        for (const k of m.key ?? []) { const holder = el.closest(`[${k}]`); if (holder) return `${k}=${holder.getAttribute(k)}:${roleOf(el)}`; }
        const turn = m.turnKey ? el.closest(m.turnKey) : null;
        return turn ? `turn=${turn.getAttribute('data-turn-id')}:${roleOf(el)}` : el; // without a mark: the element itself
    };
    const seen = new Map(); // key -> message, in document order of first sight
    const numbers = new Set(); // of the turns that were seen, where the page numbers them
    const note = (el) => {
        const holder = m.number && el.closest(`[${m.number.attribute}]`);
        const found = holder && new RegExp(m.number.pattern).exec(holder.getAttribute(m.number.attribute));
        if (found) numbers.add(Number(found[1]));
    };
    // Counting begins at 0 or 1, and a first turn may be one that the page never shows.
    const contiguous = () => numbers.size === 0 || (Math.min(...numbers) <= 2 && Math.max(...numbers) - Math.min(...numbers) + 1 === numbers.size);
    const inOrder = (els) => els.sort((a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
    // An artifact that the page shows as a card only: its title; what is in it is not there.
    function cardOf(card) {
        const title = (card.querySelector(m.cardTitle) ?? card).textContent.trim().replace(/\s+/g, ' ');
        finding('artifact_not_in_page', `the page shows only the title of "${title.slice(0, 100)}"`, 'note');
        return [{ type: 'artifact', id: null, kind: null, title: title || null, content: null }];
    }
    let order = [];
    function harvest() {
        const window = [];
        for (const el of outermost(all(document, selector))) {
            if (recipe.artifact && el.closest(recipe.artifact)) continue;
            const key = keyOf(el);
            note(el);
            if (seen.has(key)) { window.push(seen.get(key)); continue; }
            const bodies = outermost(all(el, m.body)).filter((b) => !b.closest(recipe.thinking ?? 'x-none'));
            const role = roleOf(el);
            const cards = all(el, m.card).filter((c) => !bodies.some((b) => b.contains(c)));
            const blocks = inOrder(bodies.length ? [...bodies, ...cards] : [el])
                .flatMap((part) => (cards.includes(part) ? cardOf(part) : (role === 'user' ? typed : readBlocks)([part])));
            const turn = m.within ? el.closest(m.within) : el.parentElement;
            if (role === 'user' && recipe.files)
                for (const f of all(turn ?? el.parentElement ?? el, recipe.files)) blocks.push({ type: 'file', name: (f.querySelector('h3')?.textContent ?? f.textContent).trim().slice(0, 200), media_type: null });
            if (!bodies.length || role === 'assistant')
                for (const img of all(el, 'img')) if (!bodies.some((b) => b.contains(img))) readBlocks([{ childNodes: [img] }]).forEach((b) => blocks.push(b));
            const id = (m.id && el.closest(`[${m.id}]`)?.getAttribute(m.id)) || null;
            const message = { id, role: role ?? 'assistant', role_inferred: !role, blocks };
            if (blocks.length === 0) continue;
            seen.set(key, message);
            window.push(message);
        }
        merge(window);
    }
    // Windows overlap: what follows a message already known is put behind it.
    function merge(window) {
        let at = -1;
        for (const message of window) {
            const known = order.indexOf(message);
            if (known >= 0) at = known;
            else order.splice(++at, 0, message);
        }
    }

    function scroller() {
        const first = document.querySelector(selector);
        for (let el = first?.parentElement; el; el = el.parentElement)
            if (el.scrollHeight > el.clientHeight + 50 && /auto|scroll/.test(getComputedStyle(el).overflowY)) return el;
        return document.scrollingElement ?? document.documentElement;
    }
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    harvest();
    if (recipe.scroll && options?.scroll) {
        const box = scroller();
        for (let i = 0; i < 200 && box && box.scrollTop > 0; i++) { box.scrollTop -= box.clientHeight * 0.9; await pause(60); harvest(); }
        for (let i = 0; i < 400 && box && box.scrollTop + box.clientHeight < box.scrollHeight - 4; i++) { box.scrollTop += box.clientHeight * 0.9; await pause(60); harvest(); }
    }

    // A page without marks of who speaks: what it says is kept, the role is said to be inferred.
    if (order.length === 0 && recipe.fallback && !options?.scroll) {
        const blocks = readBlocks(all(document, recipe.fallback).slice(0, 1));
        if (blocks.length) order.push({ id: null, role: 'assistant', role_inferred: true, blocks });
    }

    // --- beside the messages -----------------------------------------------------------------------------------
    const panel = recipe.artifact ? document.querySelector(recipe.artifact) : null;
    if (panel) {
        const blocks = readBlocks([panel]);
        const heading = panel.querySelector('h1, h2');
        const target = [...order].reverse().find((x) => x.role === 'assistant') ?? { id: null, role: 'assistant', role_inferred: true, blocks: [] };
        if (!order.includes(target)) order.push(target);
        target.blocks.push({ type: 'artifact', id: null, kind: 'text/markdown', title: heading?.textContent.trim() ?? null, content: null }, ...blocks);
    }
    const t = recipe.title ?? {};
    let title = (t.selectors ?? []).map((s) => document.querySelector(s)?.textContent.trim()).find(Boolean) ?? document.title.trim();
    if (t.stripPrefix && title.startsWith(t.stripPrefix)) title = title.slice(t.stripPrefix.length);
    if (t.stripSuffix && title.endsWith(t.stripSuffix)) title = title.slice(0, -t.stripSuffix.length);
    if (!title || (t.ignore ?? []).includes(title)) title = null;
    return JSON.stringify({ format: 'vivim.dom/1', recipe: recipe.id, provider: recipe.provider, url: location.href, title, model: null, contiguous: contiguous(), messages: order, findings });
})
