// Counts the words that a turn shows and those of its blocks: what is missing is said. Buttons and the like are no words of
// the conversation; beside what is read there are labels, too ("Edited", "10:30"), which are none either.
function counter(page, recipe, finding) {
    'use strict';
    const { kindOf, wholeText, localName, tried, matches, all, children, styleOf, spent, isLate, NOTHING, isHidden, isUnseen, breaks, tex, isMath, outermost, DEPTH_MAX } = page;
    const MARKUP = /[\\*_`~[\]\u00ad\u200b-\u200f\u2060\ufeff]+/g, SINGLE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu;
    const words = (s) => s.replace(MARKUP, '').replace(SINGLE, ' $& ').match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
    // (A <sup> may be one of ours, or stand in code: it counts as a word besides.)
    const unmarked = (s) => (s.match(/<\/?su[bp]>/g) ?? []).join(' ') + ' ' + s.replace(/(?<!\\)\]\((?:[^()\s]|\([^()\s]*\))*\)/g, '').replace(/(?<!\\)<\/?su[bp]>/g, ' ').replace(/\\([!-/:-@[-`{-~])/g, '$1');
    const HELD = {
        text: (b) => unmarked(b.markdown), thinking: (b) => `${unmarked(b.text)} ${b.summary ?? ''}`, code: (b) => b.code, mermaid: (b) => b.code, math: (b) => b.tex,
        table: (b) => [b.header, ...b.rows].flat().map(unmarked).join('\n'), image: (b) => b.alt ?? '', file: (b) => b.name, citation: (b) => b.title ?? '',
        artifact: (b) => `${b.title ?? ''} ${unmarked(b.content ?? '')}`,
    };

    // --- what is seen ---------------------------------------------------------------------------------------------------------
    const FURNITURE = ['button', 'nav', 'time', 'input', 'select', 'textarea', '[aria-hidden="true"]', '.sr-only', '.cdk-visually-hidden', '.visually-hidden', '.cm-gutters',
        ...['button', 'menu', 'menubar', 'menuitem', 'tablist', 'tab', 'toolbar', 'tooltip', 'navigation', 'status', 'alert', 'progressbar', 'switch', 'listbox', 'combobox'].map((r) => `[role="${r}"]`)].join(', ');
    let selectable = true; // the turn as a whole
    // Also what only a reader aloud is told: cut away, or a point large.
    function shownBeside(el) {
        if (isHidden(el) || matches(el, FURNITURE)) return false;
        const s = styleOf(el);
        return !s || !(s.display === 'none' || s.visibility === 'hidden' || s.opacity === '0' || (selectable && s.userSelect === 'none') || s.fontSize === '0px'
            || (s.overflow !== 'visible' && /^[01]px$/.test(s.width) && /^[01]px$/.test(s.height)) || (s.position === 'absolute' && s.clip !== 'auto') || /^inset\((50|100)%/.test(s.clipPath));
    }
    // Within what is read all is read but what the reader leaves out.
    const shown = (el, read, inCode) => !matches(el, recipe.citation) && !matches(el, recipe.files)
        && (read ? !isHidden(el) && !isUnseen(el) && !matches(el, '.cm-gutters') && !(inCode && matches(el, 'button, .sr-only')) : shownBeside(el));
    // As the reader sees it: TeX once, of code the code alone.
    function seenText(el, parts, depth = 0, read = false, inCode = false) {
        if (spent()) return '';
        if (kindOf(el) === 3) return el.data;
        if (kindOf(el) !== 1 || depth > DEPTH_MAX) return kindOf(el) === 1 ? wholeText(el) : '';
        const tag = localName(el);
        if (tag === 'br') return '\n';
        read ||= parts.has(el);
        if (NOTHING.has(tag) || tag === 'rp' || !shown(el, read, inCode)) return '';
        if (isMath(el)) return ` ${tex(el)} `;
        const code = tag === 'pre' ? outermost(all(el, 'code, .cm-content')) : [];
        const inner = (code.length ? code : children(el)).map((c) => seenText(c, parts, depth + 1, read, inCode || tag === 'pre')).join(code.length ? '\n' : '');
        return breaks(el, tag) ? `\n${inner}\n` : /^(td|th|rt|math)$/.test(tag) || (!inCode && inner.trim() && /^su[bp]$/.test(tag)) ? ` ${inner} ` : inner;
    }

    // --- labels beside what is read: by what they say, or because they stand beside several turns -----------------------------------
    const LABEL_WORDS = 4, LABEL_UNITS = 40;
    const SAYS = new RegExp(`^(?:(?:${[
        'cop(?:y|ied)(?: code| link| text)?', 'edit(?:ed)?', 're(?:try|generate|ply|write|port|move|load)', 'un?do', 'shared?', '(?:dis)?likes?', '(?:good|bad) response', 'read aloud', 'listen', 'play', 'pause', 'stop', 'downloads?',
        'export', 'saved?', 'delete', 'new', 'beta', 'draft', 'more', '(?:show|see|view|read|hide|show all) (?:more|less|all|details|thinking|reasoning|steps|sources)', 'expand', 'collapse', 'close', 'open', 'continue',
        '(?:\\d+ )?sources?', '(?:\\d+ )?(?:citations?|results?|steps?)', 'related', 'thinking', 'reasoning', 'thought(?: process)?(?: for .{1,20})?', 'loading', 'sent', 'seen', 'you(?: said| asked)?', '.{1,20} said', 'user', 'assistant',
        'complete', 'completed', 'done', 'finished', '[已重]?(?:复制|編輯|编辑|分享|下载|重试|重新生成|朗读|展开|收起)',
    ].join('|')})[\\s:.!…]*)$`, 'i');
    const MOMENT = /^(?:\d+(?:st|nd|rd|th|[smhdw])?|jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec|(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?|january|february|march|april|august|september|october|november|december|[ap]m?|ago|just|now|today|yesterday|at|on|of|min(?:ute)?s?|hours?|hrs?|days?|weeks?|sec(?:ond)?s?|utc|gmt|t|z|\d*[年月日时時分秒点]|上午|下午|昨天|今天)$/i;
    const isMoment = (s) => s.split(/[\s,:./\-–—·•|()]+|(?<=\p{Script=Han})(?=\d)|(?<=\d[年月日时時分秒])/u).filter(Boolean).every((part) => MOMENT.test(part));
    // The texts beside the parts, each as it stands in the document.
    function beside(el, parts, texts, depth = 0) {
        if (parts.has(el) || spent() || depth > DEPTH_MAX) return;
        if (kindOf(el) === 3 && el.data.trim()) texts.push(el.data.replace(/\s+/g, ' ').trim());
        if (kindOf(el) === 1 && !NOTHING.has(localName(el)) && (depth === 0 || shown(el, false, false))) for (const c of children(el)) beside(c, parts, texts, depth + 1);
    }

    // --- the count -------------------------------------------------------------------------------------------------------------
    const short = []; // { missing, texts } of each turn in which words are missing

    // read: the elements of the turn that were read into the blocks.
    function count(el, blocks, read) {
        const parts = new Set(read);
        selectable = styleOf(el)?.userSelect !== 'none';
        const have = new Map();
        for (const b of blocks) for (const w of words(HELD[b.type]?.(b) ?? '')) have.set(w, (have.get(w) ?? 0) + 1);
        const missing = words(seenText(el, parts)).filter((w) => { const n = have.get(w) ?? 0; have.set(w, n - 1); return n <= 0; });
        if (all(el, 'svg text, svg foreignObject').some((t) => words(wholeText(t)).length) && !blocks.some((b) => b.type === 'mermaid'))
            finding('element_skipped', 'a drawing with words in it is not kept');
        if (all(el, 'iframe').some((f) => tried(() => f.getBoundingClientRect().height > 50, false))) finding('element_skipped', 'a frame within a turn cannot be read');
        if (isLate() || !missing.length) return;
        const texts = [];
        beside(el, parts, texts);
        short.push({ missing, texts });
    }

    function sayLost() {
        const turns = new Map(); // a short text -> beside how many turns it stands
        for (const { texts } of short) for (const t of new Set(texts)) if (t.length <= LABEL_UNITS && words(t).length <= LABEL_WORDS) turns.set(t, (turns.get(t) ?? 0) + 1);
        const isLabel = (t) => t.length <= LABEL_UNITS && ((turns.get(t) ?? 0) > 1 || SAYS.test(t) || isMoment(t));
        const lost = { words: 0, turns: 0, examples: [] };
        for (const { missing, texts } of short) {
            const labels = new Map();
            for (const w of texts.filter(isLabel).flatMap(words)) labels.set(w, (labels.get(w) ?? 0) + 1);
            const left = missing.filter((w) => { const n = labels.get(w) ?? 0; labels.set(w, n - 1); return n <= 0; });
            if (!left.length) continue;
            lost.words += left.length;
            lost.turns++;
            lost.examples.push(...left.slice(0, 8 - lost.examples.length));
        }
        if (lost.words) finding('text_lost', `${lost.words} words in ${lost.turns} turn(s) of the page are missing, as in: ${lost.examples.join(' ').slice(0, 150)}`);
    }
    return { count, sayLost };
}
