// For each provider: one share link of each form, the page behind it, which asks for its data as the real one does, and those
// data: a question and an answer with a source. What the links and requests look like is read from the product's own data.
import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('../../src/archive/providers/', import.meta.url);
export const PROVIDERS = readdirSync(FOLDER).filter((f) => f.endsWith('.json')).sort().map((f) => JSON.parse(readFileSync(new URL(f, FOLDER), 'utf8')));
export const HOSTS = [...new Set(PROVIDERS.flatMap((p) => [...p.hosts, ...p.links.map((l) => l.host)]))];

const UUID = 'a1b2c3d4-0000-8000-8000-00000000000', QUESTION = 'How does a kettle work?', ANSWER = 'An element heats the water.';
export const SAID = { question: QUESTION, answer: ANSWER };
const history = { currentId: 'a', messages: {
    q: { id: 'q', parentId: null, childrenIds: ['a'], role: 'user', content: QUESTION, timestamp: 1767261600 },
    a: { id: 'a', parentId: 'q', childrenIds: [], role: 'assistant', content: ANSWER, timestamp: 1767261601, model: 'm' } } };
const DATA = {
    deepseek: (id) => ({ code: 0, data: { biz_code: 0, biz_data: { title: 'Kettles', messages: [
        { message_id: 1, parent_id: null, role: 'USER', inserted_at: 1767261600.1, fragments: [{ type: 'REQUEST', content: QUESTION }] },
        { message_id: 2, parent_id: 1, role: 'ASSISTANT', inserted_at: 1767261601, fragments: [{ type: 'RESPONSE', content: ANSWER }] }] } } }),
    kimi: (id) => ({ share: { id, chat: { id: 'c', name: 'Kettles' }, messages: [
        { id: 'q', parentId: 'c', role: 'user', blocks: [{ text: { content: QUESTION } }] }, { id: 'a', parentId: 'q', role: 'assistant', blocks: [{ text: { content: ANSWER } }] }] } }),
    qwen: () => ({ success: true, request_id: 'r', data: { id: 'd', title: 'Kettles', chat: { history } } }),
    zai: (id) => ({ id: 'd', title: 'Kettles', share_id: id, chat: { history } }),
    copilot: () => ({ conversationTitle: 'Kettles', messages: [
        { id: 'a', author: 'ai', createdAt: '2026-03-20T23:23:22.150+00:00', content: [{ type: 'text', text: ANSWER }] },
        { id: 'q', author: 'human', createdAt: '2026-03-20T23:23:22.141+00:00', content: [{ type: 'text', text: QUESTION }] }] }),
    grok: () => ({ conversation: { conversationId: 'c', title: 'Kettles' }, responses: [
        { responseId: 'q', sender: 'human', message: QUESTION }, { responseId: 'a', parentResponseId: 'q', sender: 'ASSISTANT', message: ANSWER, model: 'm' }] }),
    gemini: (id) => `)]}'\n\n500\n${JSON.stringify([['wrb.fr', 'ujx1Bf', JSON.stringify([[null, [[['c', 'r'], null, [[QUESTION]], [[['rc', [ANSWER]]], null, null, 'rc'], [1780760968, 0]]], [true, 'Kettles'], id]]), null, null, null, 'generic']])}\n`,
    perplexity: () => ({ entries: [{ uuid: 'e', context_uuid: 'c', thread_title: 'Kettles', query_str: QUESTION, blocks: [{ intended_usage: 'ask_text', markdown_block: { answer: ANSWER } }] }], has_next_page: false }),
    chatgpt: null, claude: null, // fixture_server.mjs has many of theirs
};

const idOf = (path, n) => path.replace(/\{(\w+)(?::(\w+))?\}/g, (_, type, prefix = '') => prefix + { uuid: UUID + n, hex: '0123456789a' + n, id: 'aBc-' + n, lang: 'en' }[type]);
const withId = (pattern, id) => pattern.replace(/\{\w+(?::\w+)?\}/g, id);

// { provider, url, id }: of those whose data are known, every form that can be captured and leads nowhere else.
export const LINKS = PROVIDERS.filter((p) => DATA[p.name]).flatMap((p) => p.links.filter((l) => l.kind && l.kind !== 'short' && l.kind !== 'x' && l.kind !== 'page').map((l, n) => {
    const path = idOf(l.path, n), id = path.slice(path.lastIndexOf('/') + 1);
    return { provider: p.name, id, url: `https://${l.host}${path}`, final: l.to ? withId(l.to, id) : `https://${l.host}${path}` };
}));

// A short link names nothing: where it leads is the share, whose page asks for its data, or is read.
export const SHORT = {
    asking: 'https://share.gemini.google/gHiJkL', asked: LINKS.find((l) => l.provider === 'gemini').final,
    url: 'https://g.co/gemini/share/aBcDeF', leads: 'https://gemini.google.com/share/5b0e7000aaaa',
    page: `<!DOCTYPE html><title>Gemini</title><main><user-query><div class="query-text">${QUESTION}</div></user-query><model-response><div class="markdown"><p>${ANSWER}</p></div></model-response></main>`,
};

// A thread of which the data hold the first page: the others are in the page alone, or nowhere.
const entry = (n) => ({ uuid: `e${n}`, context_uuid: 'c', thread_title: 'Kettles', query_str: `${QUESTION} ${n}`, blocks: [{ intended_usage: 'ask_text', markdown_block: { answer: `${ANSWER} ${n}` } }] });
const shown = (n) => `<h1 class="group/query">${QUESTION} ${n}</h1><div id="markdown-content-${n}"><div class="prose"><p>${ANSWER} ${n}</p></div></div>`;
export const PAGED = [['long-thread', [0, 1, 2]], ['short-thread', [0]]].map(([id, turns]) => ({
    url: `https://www.perplexity.ai/search/${id}`, data: `https://www.perplexity.ai/rest/thread/${id}`, json: { entries: [entry(0)], has_next_page: true, next_cursor: 'n' },
    page: `<!DOCTYPE html><title>Kettles</title><main>Loading</main><script>fetch('/rest/thread/${id}?limit=1').then(() => { document.querySelector('main').innerHTML = ${JSON.stringify(turns.map(shown).join(''))}; });</script>`,
}));

function requestOf(provider, id) {
    const { responses } = PROVIDERS.find((p) => p.name === provider), prefix = (r) => /\{\w+:(\w+)\}/.exec(r.path)?.[1] ?? '';
    const r = responses.find((one) => prefix(one) && id.startsWith(prefix(one))) ?? responses.find((one) => !prefix(one));
    const query = new URLSearchParams(Object.entries(r.query ?? {}).map(([k, v]) => [k, v.replace('{id}', id)])).toString();
    return { method: r.method, path: withId(r.path, id), url: withId(r.path, id) + (query && '?' + query) };
}

// What the fixture server answers: the page of a link, or its data. null: it is none of these.
export function answerOf({ method, url, headers }, host) {
    const path = url.split('?')[0];
    const page = LINKS.find((l) => l.final === `https://${host}${path}`);
    if (page) {
        const request = requestOf(page.provider, page.id);
        return { type: 'text/html; charset=utf-8', body: `<!DOCTYPE html><title>Kettles</title><main id="app">Loading</main><script>fetch(${JSON.stringify(request.url)}, { method: '${request.method}', headers: { 'x-share': '${page.id}' } }).then(() => { document.getElementById('app').textContent = 'Loaded'; });</script>` };
    }
    const asked = LINKS.find((l) => { const r = requestOf(l.provider, l.id); return new URL(l.final).host === host && r.method === method && headers['x-share'] === l.id && (r.url === url || (r.path === path && !r.url.includes('?'))); });
    if (!asked) return null;
    const data = DATA[asked.provider](asked.id);
    return typeof data === 'string' ? { type: 'application/json', body: data } : { type: 'application/json', body: JSON.stringify(data) };
}
