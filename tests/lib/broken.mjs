// Situations in which a share page, or what it asks for, is not what it should be: what the fixture server answers under a link of
// each name. `page` answers for the link, `data` for the request of a page that has none of its own.
import { gzipSync } from 'node:zlib';
import { chatgptDomPage, chatgptShareData, chatgptSharePage, fetchingPage, SAMPLES } from './pages.mjs';

const TURNS = [['user', 'Is it <b>broken</b>?'], ['assistant', '<p>It was.</p>']];
const dom = (more = '', title = 'After all') => chatgptDomPage(title, TURNS).replace('<main>', `${more}<main>`);
const html = (res, body, status = 200, headers = {}) => { res.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers }); res.end(body); };
const json = (res, body, type = 'application/json') => { res.writeHead(200, { 'content-type': type }); res.end(body); };
const asking = (id) => fetchingPage('ChatGPT', `/backend-api/share/${id}`);
const data = (id, title = 'Data') => chatgptShareData({ ...SAMPLES.groupCommit, conversation_id: `c-${id}`, title }, id);
const changed = (id, change) => { const c = structuredClone(data(id)); change(c, Object.values(c.mapping).filter((n) => n.message)); return JSON.stringify(c); };
const first = new Set(); // ids that were asked for before
const once = (id) => !first.has(id) && Boolean(first.add(id));

export const BROKEN = {
    // the server
    reset: { page: (res) => res.destroy() },
    flaky: { page: (res, id) => (once(id) ? html(res, '<title>Service Unavailable</title>', 503, { 'retry-after': '1' }) : html(res, chatgptSharePage({ ...SAMPLES.tides, conversation_id: 'flaky' }, id))) },
    nothing: { page: (res) => html(res, '') },
    noContent: { page: (res) => { res.writeHead(204); res.end(); } },
    basicAuth: { page: (res) => html(res, '<title>Unauthorized</title>', 401, { 'www-authenticate': 'Basic realm="x"' }) },
    forbidden: { page: (res) => html(res, '<title>Forbidden</title>', 403) },
    circle: { page: (res, id) => { res.writeHead(302, { location: `/share/${id}?again=${Math.random()}` }); res.end(); } },
    bomb: { page: (res) => html(res, gzipSync(Buffer.alloc(101_000_000, ' ')), 200, { 'content-encoding': 'gzip' }) },
    drip: { page: (res) => { res.writeHead(200, { 'content-type': 'text/html' }); const drop = setInterval(() => res.write('<p>more</p>'), 50); res.on('close', () => clearInterval(drop)); } },
    // its data
    jsonCut: { data: (res, id) => { const text = JSON.stringify(data(id)); json(res, text.slice(0, text.length / 2)); } },
    jsonLost: { data: (res, id) => { const text = JSON.stringify(data(id)); res.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length }); res.write(text.slice(0, 200)); setTimeout(() => res.destroy(), 200); } },
    jsonLatin: { data: (res, id) => json(res, Buffer.from(changed(id, (c) => { c.title = 'Größe'; }), 'latin1')) },
    jsonDeep: { data: (res) => json(res, '['.repeat(200_000)) },
    jsonPage: { data: (res) => json(res, '<!DOCTYPE html><title>Just a moment...</title>', 'text/html') },
    noMessages: { data: (res, id) => json(res, changed(id, (c) => { c.mapping = {}; c.current_node = null; })) },
    unknown: { data: (res, id) => json(res, changed(id, (c, nodes) => { for (const n of nodes) n.message.content = { content_type: 'hologram_v9', beams: [1, 2, 3] }; })) },
    cyclic: { data: (res, id) => json(res, changed(id, (c) => { c.title = 'In a circle'; const ids = Object.keys(c.mapping); for (const [i, node] of ids.entries()) { c.mapping[node].parent = ids[(i + ids.length - 1) % ids.length]; c.mapping[node].children = [ids[(i + 1) % ids.length]]; } })) },
    // the page
    utf16: { page: (res) => { res.writeHead(200, { 'content-type': 'text/html' }); res.end(Buffer.from('\ufeff' + dom('', 'Grüße – 潮').replace('<meta charset="utf-8">', ''), 'utf16le')); } },
    latin: { page: (res) => { res.writeHead(200, { 'content-type': 'text/html; charset=iso-8859-1' }); res.end(Buffer.from(dom('', 'Grüße').replace('<meta charset="utf-8">', ''), 'latin1')); } },
    alerts: { page: (res) => html(res, dom('<script>for (let i = 0; i < 40; i++) alert(i)</script>')) },
    alertsForEver: { page: (res) => html(res, dom('<script>for (;;) alert(1)</script>')) },
    popups: { page: (res) => html(res, dom('<script>setInterval(() => { for (let i = 0; i < 5; i++) open("/popup", "_blank"); }, 30)</script>')) },
    reloads: { page: (res) => html(res, dom('<script>setTimeout(() => location.reload(), 30)</script>')) },
    rewrites: { page: (res) => html(res, dom('<script>setInterval(() => { document.open(); document.write("<title>x</title><main>" + Math.random() + "</main>"); document.close(); }, 10)</script>')) },
    worker: { page: (res, id) => html(res, `<!DOCTYPE html><title>ChatGPT</title><main id="app">Loading</main><img src="/no-answer.png"><script>
        navigator.serviceWorker.register('/share/worker.js', { scope: '/' }).then(() => navigator.serviceWorker.ready).then(() => new Promise((resolve) => navigator.serviceWorker.controller ? resolve() : navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true })))
            .catch(() => 0).then(() => fetch('/backend-api/share/${id}')).then((r) => r.json()).then(() => { document.getElementById('app').textContent = 'Loaded'; });</script>`), data: (res, id) => json(res, JSON.stringify(data(id, 'By a worker'))) },
};

// What a service worker of the page would put in the place of the provider's answer.
export const WORKER = `self.addEventListener('install', () => self.skipWaiting()); self.addEventListener('activate', (e) => e.waitUntil(clients.claim()));
self.addEventListener('fetch', (e) => { if (e.request.url.includes('/backend-api/')) e.respondWith(fetch(e.request).then((r) => r.json()).then((c) => new Response(JSON.stringify({ ...c, title: 'Forged' }), { headers: { 'content-type': 'application/json' } }))); });`;

export function answerBroken(name, kind, res, id) {
    const { page, data: answer } = BROKEN[name];
    if (kind === 'data') return answer ? answer(res, id) : html(res, 'none', 404);
    return page ? page(res, id) : html(res, asking(id));
}
