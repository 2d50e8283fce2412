// Pages as providers serve them, made from made-up conversations. Shapes after research/capture.md.
import { readFileSync } from 'node:fs';

export const SAMPLES = {
    tides: JSON.parse(readFileSync('src/archive/sample/tides.json', 'utf8')),
    groupCommit: JSON.parse(readFileSync('src/archive/sample/group_commit.json', 'utf8')),
    sourdough: JSON.parse(readFileSync('src/archive/sample/sourdough.json', 'utf8')),
};

// React Router's turbo-stream: one flat array, index 0 is the root; keys and values are indices (research section 4).
export function turboStream(root) {
    const flat = [];
    const seen = new Map();
    const add = (value) => {
        if (value === null) return -5;
        if (value === undefined) return -7;
        if (typeof value !== 'object') {
            const key = `${typeof value}:${value}`;
            if (!seen.has(key)) seen.set(key, flat.push(value) - 1);
            return seen.get(key);
        }
        const at = flat.push(null) - 1;
        flat[at] = Array.isArray(value) ? value.map(add)
            : Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined).map(([k, v]) => [`_${add(k)}`, add(v)]));
        return at;
    };
    // Keys of an object literal are evaluated after its own place is taken, so the root is index 0.
    add(root);
    return JSON.stringify(flat) + '\n';
}

const escapeHtml = (s) => String(s).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

export function chatgptShareData(conversation, id) {
    return { ...conversation, is_public: true, linear_conversation: undefined, continue_conversation_url: `https://chatgpt.com/share/${id}/continue` };
}

// What the provider's scripts do with the state, in short: every longer text becomes a message on the page.
const RENDER = `<script>
const texts = JSON.parse(received.split('\\n')[0]).filter((v) => typeof v === 'string' && v.length > 40);
document.querySelector('main').replaceChildren(...texts.map((text, i) => {
  const turn = document.createElement('article'), message = document.createElement('div');
  message.dataset.messageAuthorRole = i % 2 ? 'assistant' : 'user';
  message.append(...text.split('\\n').map((line) => Object.assign(document.createElement('p'), { textContent: line })));
  turn.append(message);
  return turn;
}));
</script>`;

// The server's HTML of a share page: state embedded, and rendered by nobody or by the page's own script.
export function chatgptSharePage(conversation, id, { renders = false } = {}) {
    const state = { loaderData: { root: { dd: { traceId: '1' } }, 'routes/share.$shareId.($action)': {
        sharedConversationId: id, serverResponse: { type: 'data', data: chatgptShareData(conversation, id) } } }, actionData: null, errors: null };
    const text = turboStream(state);
    const half = Math.floor(text.length / 2); // real pages come in two chunks
    const chunk = (s) => `<script>window.__reactRouterContext.streamController.enqueue(${JSON.stringify(s).replaceAll('<', '\\u003c')});</script>`;
    return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>ChatGPT - ${escapeHtml(conversation.title)}</title>
<script>window.__reactRouterContext = { streamController: { enqueue(text) { received += text; } } }; let received = '';</script></head><body><main>Loading…</main>
${chunk(text.slice(0, half))}${chunk(text.slice(half))}${renders ? RENDER : ''}</body></html>`;
}

// A page without embedded state that asks the provider's own API for the conversation.
export function fetchingPage(title, url, render = '') {
    return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head><body><main id="app">Loading…</main>
<script>fetch(${JSON.stringify(url)}, { headers: { accept: 'application/json' } }).then(async (r) => {
  const data = await r.json(); ${render} document.getElementById('app').textContent = r.ok ? 'Loaded' : 'Not found';
});</script></body></html>`;
}

// A rendered ChatGPT page and nothing else: the DOM strategy's case.
export function chatgptDomPage(title, turns) {
    const turn = ([role, html], i) => `<article data-testid="conversation-turn-${i + 1}" data-turn="${role}" data-turn-id="turn-${i + 1}">
<h5 class="sr-only">${role === 'user' ? 'You said:' : 'ChatGPT said:'}</h5><div data-message-author-role="${role}" data-message-id="m-${i + 1}">
<div class="${role === 'user' ? 'whitespace-pre-wrap' : 'markdown prose'}">${html}</div></div></article>`;
    return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>ChatGPT - ${escapeHtml(title)}</title></head><body><main>${turns.map(turn).join('\n')}</main></body></html>`;
}

// A page that keeps only the turns near the viewport in its document, as the real ones do, and begins at its end.
// mount: how many; paged: the windows follow one another without a turn in common; marks: turns bear numbers and ids.
export function windowedPage(title, turns, { missing = [], mount = 6, height = 200, box = 600, paged = false, marks = true } = {}) {
    const rows = turns.map(([role, text], i) => `<article${marks ? ` data-testid="conversation-turn-${i + 1}"` : ''}><div data-message-author-role="${role}"${marks ? ` data-message-id="w-${i + 1}"` : ''}>`
        + `<div class="${role === 'user' ? 'whitespace-pre-wrap' : 'markdown prose'}">${text}</div></div></article>`);
    return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>ChatGPT - ${escapeHtml(title)}</title>
<style>main { height: ${box}px; overflow-y: scroll; position: relative } article { position: absolute; height: ${height}px; overflow: hidden }</style></head><body><main></main><script>
const rows = ${JSON.stringify(rows)}, missing = new Set(${JSON.stringify(missing)}), box = document.querySelector('main');
function mount() {
  const at = Math.floor(box.scrollTop / ${height}), first = ${paged ? `Math.floor((at + ${mount} / 2) / ${mount}) * ${mount}` : 'Math.max(0, at - 1)'}, last = Math.min(rows.length, first + ${mount});
  let html = '<div style="height:' + rows.length * ${height} + 'px"></div>';
  for (let i = first; i < last; i++) if (!missing.has(i + 1)) html += rows[i].replace('<article', '<article style="top:' + i * ${height} + 'px"');
  const top = box.scrollTop;
  box.innerHTML = html;
  box.scrollTop = top;
}
mount(); box.scrollTop = rows.length * ${height}; mount();
box.addEventListener('scroll', mount);
</script></body></html>`;
}

// A page that makes its turns anew, with other words, as long as it is looked at.
export function restlessPage(title, turns) {
    return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>ChatGPT - ${escapeHtml(title)}</title><style>article { height: 900px }</style></head><body><main></main><script>
let n = 0;
const write = () => {
  n++;
  document.querySelector('main').innerHTML = Array.from({ length: ${turns} }, (_, i) => '<article><div data-message-author-role="' + (i % 2 ? 'assistant' : 'user') + '"><div class="markdown">Turn ' + i + ' of rendering ' + n + '</div></div></article>').join('');
};
write();
setInterval(write, 20);
</script></body></html>`;
}

// A conversation of n messages with long answers: for benchmarks and limits.
export function longConversation(n) {
    const mapping = { root: { id: 'root', message: null, parent: null, children: ['m0'] } };
    const words = 'the tide is the difference of the pull across the earth and falls with the cube of the distance '.split(' ');
    for (let i = 0; i < n; i++) {
        const user = i % 2 === 0;
        const text = user ? `Question ${i}: what about ${words[i % words.length]}?`
            : `Answer ${i}.\n\n${Array.from({ length: 12 }, (_, k) => words.map((w, j) => ((i * 7 + j * k) % 11 === 0 ? `**${w}**` : w)).join(' ')).join('\n\n')}\n\n\`\`\`js\nconst n = ${i};\n\`\`\`\n`;
        mapping[`m${i}`] = { id: `m${i}`, parent: i ? `m${i - 1}` : 'root', children: i + 1 < n ? [`m${i + 1}`] : [], message: {
            id: `m${i}`, author: { role: user ? 'user' : 'assistant', name: null, metadata: {} }, create_time: 1769130000 + i, status: 'finished_successfully',
            content: { content_type: 'text', parts: [text] }, end_turn: !user, weight: 1, recipient: 'all', channel: null, metadata: user ? {} : { model_slug: 'gpt-5-2' } } };
    }
    return { title: `A long talk of ${n} messages`, create_time: 1769130000, update_time: 1769140000, mapping, current_node: `m${n - 1}`, conversation_id: `long-${n}`, default_model_slug: 'gpt-5-2' };
}

// Words that would like to be a page.
export function hostileConversation() {
    const c = structuredClone(SAMPLES.groupCommit);
    c.conversation_id = 'hostile';
    c.title = '<img src=x onerror="globalThis.pwned=1"> title';
    const first = Object.values(c.mapping).find((n) => n.message?.author.role === 'user').message;
    first.content.parts = ['harmless words <script>globalThis.pwned = 2</script><img src=x onerror="globalThis.pwned=3"> ' +
        '[click](javascript:globalThis.pwned=4) <a href="javascript:globalThis.pwned=5" onclick="globalThis.pwned=6">x</a> <iframe srcdoc="<script>parent.pwned=7</script>"></iframe>\n\n' +
        '| <svg onload=globalThis.pwned=8> | b |\n|---|---|\n| <b onmouseover=globalThis.pwned=9>c</b> | d |\n\n```html\n<script>globalThis.pwned = 10</script>\n```\n\n\\[ \\href{javascript:globalThis.pwned=11}{x} \\]'];
    return c;
}
