// Reads a rendered conversation, in document order, by a recipe's selectors. Injected into an isolated world of the page;
// gives the JSON text of `vivim.dom/1` (src/archive/dom_format.md). It survives each node: a page may hold anything. Every
// visible word of a turn is in its blocks, or a finding says how many are not: both sides are counted.
(async function run(recipe, options) {
    'use strict';
    const TURNS_MAX = 19000; // what the normal form takes, and a little less
    const findings = [];
    const finding = (code, detail, level = 'warning') => {
        if (findings.length < 100 && !findings.some((f) => f.code === code && f.detail === detail)) findings.push({ code, level, detail });
    };
    const page = reader(recipe, finding);
    const {
        wholeText, isConnected, parentOf, attribute, contains, tried, matches, closest, all, first, children, styleOf, before, spent,
        isLate, oneLine, nameOf, own, escape, markdownOf, outermost, readBlocks, thought, unnamedThoughts, typed, TEXT_MAX, BLOCKS_MAX, READ_MS, started,
    } = page;

    const { count, sayLost } = counter(page, recipe, finding);

    // --- messages -----------------------------------------------------------------------------------------------------------
    // Of a page of which nothing is known the turns are looked for.
    const found = recipe.find ? tried(() => findTurns(page), null) : null;
    const m = { ...recipe.messages, ...found };
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
        const known = outermost(all(el, recipe.thinking));
        const bodies = inner(outermost(matches(el, m.body) ? [el] : all(el, m.body)), known);
        const unnamed = role === 'user' || known.length ? [] : unnamedThoughts(el, bodies);
        const thoughts = bodies.length ? [...known, ...unnamed] : known; // without bodies the turn is read as one
        const parts = bodies.map((b) => [b, () => (role === 'user' ? typed(b) : readBlocks(children(b)))]);
        if (!bodies.length && !thoughts.length) parts.push([el, () => (role === 'user' ? typed(el) : readBlocks(children(el)))]);
        const taken = parts.map(([e]) => e);
        for (const t of inner(thoughts, taken)) parts.push([t, () => thought(t)]);
        for (const c of inner(outermost(all(el, m.card)), taken)) parts.push([c, () => cardOf(c)]);
        const files = role === 'user' ? outermost(all(closest(el, m.within) ?? el, recipe.files)) : [];
        for (const f of inner(files, taken)) parts.push([f, () => fileOf(f)]);
        if (role === 'assistant' || !recipe.files) for (const i of inner(all(el, 'img'), parts.map(([e]) => e))) parts.push([i, () => readBlocks([i])]);
        return parts.sort(([a], [b]) => (a === b ? 0 : before(a, b) ? -1 : 1));
    }
    function readTurn(el, role) {
        try {
            const parts = partsOf(el, role), blocks = parts.flatMap(([, read]) => read());
            count(el, blocks, parts.map(([part]) => part));
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
        const made = Object.assign(known ?? {}, { id, role: role ?? 'assistant', role_inferred: !role || Boolean(recipe.find), blocks });
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
            const found = isLate() ? null : message(el, window);
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
    // What the page does on a scroll it has begun when the next frame is drawn; on a busy machine that may take long.
    const drawn = () => Promise.race([new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))), pause(1000)]);
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
            await drawn();
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
        count(el, list, [el]);
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
    sayLost();
    if (order.length > TURNS_MAX) finding('text_lost', `only the first ${TURNS_MAX} turns are kept`);
    return JSON.stringify({ format: 'vivim.dom/1', recipe: recipe.id, provider: recipe.provider, url: location.href, title: tried(title, null), model: null,
        contiguous: contiguous(), messages: order.slice(0, TURNS_MAX), findings });
})
