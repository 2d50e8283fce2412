// Finds the turns of a page of which nothing is known, by what sites call the elements of people and of machines: the names of
// their tags, classes and attributes, else the labels above them ("You said:"). For runner.js, which is injected with it.
// Gives the selectors of both sides, or null where the page does not look like a conversation of two.
function findTurns(tools) {
    'use strict';
    const { all, localName, attribute, contains, before, wholeText, parentOf, outermost, oneLine } = tools;
    const USER = new Set(['user', 'human', 'you', 'me', 'self', 'prompt', 'question', 'query', 'asker', 'outgoing']);
    const MACHINE = new Set(['assistant', 'ai', 'bot', 'chatbot', 'model', 'gpt', 'llm', 'answer', 'response', 'reply', 'completion', 'incoming']);
    // Parts of a turn or of the page around it, whoever they are of.
    const FURNITURE = /^(avatar|icon|img|image|photo|picture|logo|button|btn|input|textarea|form|field|menu|nav|navbar|name|label|badge|list|settings|select|selector|switcher|header|footer|toolbar|login|profile|account|time|timestamp)s?$/;
    const ELEMENTS_MAX = 60000, MARKS_MAX = 3000, BEST = 24;
    const YOU = /^(you|user|human|me|prompt|question|q)( said| asked| wrote)?\s*:?$/i;
    const IT = /^(assistant|ai|bot|chatbot|model|answer|response|a|chatgpt|claude|gemini|grok|copilot|llama|mistral)( said| answered| wrote| replied)?\s*:?$/i;
    const wordsOf = (name) => name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase().split(/[^a-z]+/).filter(Boolean);

    function sideOf(name) {
        const words = wordsOf(name);
        if (words.some((w) => FURNITURE.test(w))) return null;
        const user = words.some((w) => USER.has(w)), machine = words.some((w) => MACHINE.has(w));
        return user === machine ? null : user ? 'user' : 'machine';
    }
    // What an element is called, each with the selector of all that are called so, and of what kind the name is.
    function* marksOf(el) {
        if (localName(el).includes('-')) yield ['tag', localName(el), CSS.escape(localName(el))];
        for (const c of (attribute(el, 'class') ?? '').split(/\s+/)) if (c && c.length < 80) yield ['class', c, `.${CSS.escape(c)}`];
        for (const name of el.getAttributeNames()) {
            const value = attribute(el, name) ?? '';
            if (value.length && value.length < 40 && (name.startsWith('data-') || /^(role|author|sender|from|itemprop|aria-label)$/.test(name)))
                yield [name, value, `[${CSS.escape(name)}="${CSS.escape(value)}"]`];
        }
    }
    const said = (els) => els.reduce((n, el) => n + oneLine(wholeText(el)).length, 0);

    function gather() {
        const marks = new Map(); // selector -> { kind, side, els }
        for (const el of all(document, 'body *').slice(0, ELEMENTS_MAX))
            for (const [kind, name, selector] of marksOf(el)) {
                const known = marks.get(selector);
                if (known) known.els.push(el);
                else if (marks.size < MARKS_MAX) marks.set(selector, { selector, kind, side: sideOf(name), els: [el] });
            }
        const shown = [...marks.values()].filter((m) => m.side).map((m) => ({ ...m, els: outermost(m.els).filter((el) => oneLine(wholeText(el))) })).filter((m) => m.els.length);
        const best = (side) => shown.filter((m) => m.side === side).map((m) => ({ ...m, said: said(m.els) })).sort((a, b) => b.said - a.said).slice(0, BEST);
        return [best('user'), best('machine')];
    }
    // How well two names part a page: all that they hold, where the two take turns and neither stands in the other.
    function fit(u, m) {
        if (u.kind !== m.kind || u.els.some((a) => m.els.some((b) => contains(a, b) || contains(b, a)))) return 0;
        const order = [...u.els, ...m.els].sort((a, b) => (before(a, b) ? -1 : 1));
        const changes = order.slice(1).filter((el, i) => u.els.includes(el) !== u.els.includes(order[i])).length;
        return (u.said + m.said) * (changes / (order.length - 1));
    }
    function byNames() {
        const [users, machines] = gather();
        let found = null, most = 0;
        for (const u of users) for (const m of machines) {
            const n = u.els.length + m.els.length > 4000 ? 0 : fit(u, m);
            if (n > most) [found, most] = [{ user: u.selector, assistant: m.selector }, n];
        }
        return found;
    }
    // The largest element around each label that has no other label in it is a turn. It is marked, for it has no name of its own.
    function byLabels() {
        const labels = outermost(all(document, 'body *').slice(0, ELEMENTS_MAX).filter((el) => el.childElementCount < 3 && wholeText(el).length < 40 && (YOU.test(oneLine(wholeText(el))) || IT.test(oneLine(wholeText(el))))));
        if (!labels.some((l) => YOU.test(oneLine(wholeText(l)))) || !labels.some((l) => IT.test(oneLine(wholeText(l))))) return null;
        for (const old of all(document, '[data-vivim-turn], [data-vivim-label]')) for (const name of ['data-vivim-turn', 'data-vivim-label']) old.removeAttribute(name);
        for (const label of labels) {
            let turn = label;
            for (let up = parentOf(turn); up && !labels.some((l) => l !== label && contains(up, l)); up = parentOf(up)) turn = up;
            if (turn === label) continue;
            label.setAttribute('data-vivim-label', '');
            turn.setAttribute('data-vivim-turn', YOU.test(oneLine(wholeText(label))) ? 'user' : 'assistant');
        }
        return { user: '[data-vivim-turn="user"]', assistant: '[data-vivim-turn="assistant"]' };
    }
    return byNames() ?? byLabels();
}
