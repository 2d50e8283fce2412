// A loopback TLS server that answers under the providers' real host names (through VIVIM_CAPTURE_RESOLVE), with good
// pages, and with everything that goes wrong. Real captured pages of ../shared/fixtures where they are present.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ANYONE } from './anyone.mjs';
import { answerBroken, BROKEN, WORKER } from './broken.mjs';
import { foreignConversation } from './foreign_text.mjs';
import { answerOf, HOSTS, LINKS, PAGED, SHORT } from './providers.mjs';
import { picturesConversation, PICTURES } from './pictures.mjs';
import { chatgptDomPage, chatgptShareData, chatgptSharePage, fetchingPage, hostileConversation, longConversation, restlessPage, SAMPLES, windowedPage } from './pages.mjs';

export const SHARED = process.env.VIVIM_SHARED ?? '../shared';
const uuid = (n, tail = 0) => `${n.toString(16).padStart(8, '0')}-0000-8000-8000-${tail.toString(16).padStart(12, '0')}`;

export const REAL_CLAUDE = join(SHARED, 'fixtures/claude/synthetic_chat_snapshot.json');
export const haveShared = existsSync(REAL_CLAUDE);

// Every saved page that has an expectation, and the share link under which it is served.
const expectedPages = (provider, first) => {
    const folder = join(SHARED, 'fixtures', provider);
    const names = existsSync(folder) ? readdirSync(folder).filter((f) => f.endsWith('.html.expect.json')).sort() : [];
    return names.map((name, i) => {
        const { url, conversations } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
        return {
            provider, file: join(folder, name.replace('.expect.json', '')), conversation: conversations[0],
            url: url ?? (provider === 'claude' ? CLAUDE : CHATGPT) + uuid(first, i),
        };
    });
};

const OTHERS = ['cdn.example', 'talk.example']; // hosts of no provider
const CHATGPT = 'https://chatgpt.com/share/', CLAUDE = 'https://claude.ai/share/';
const ID = {
    tides: uuid(1), groupCommit: uuid(2), sourdough: uuid(3), viaNetwork: uuid(4), dom: uuid(5), long: uuid(6), again: uuid(7),
    realClaude: uuid(8), gone: uuid(20), goneJson: uuid(21), private: uuid(22), challenge: uuid(23), changed: uuid(24), never: uuid(25), huge: uuid(26),
    stall: uuid(27), redirect: uuid(28), ssrf: uuid(29), stub: uuid(30), rate: uuid(31), crash: uuid(32), dialog: uuid(33), download: uuid(34), loop: uuid(35), hostile: uuid(36),
    beacon: uuid(37), half: uuid(38), endless: uuid(39), big: uuid(40), pictures: uuid(42), slow: uuid(43), unloaded: uuid(44), spins: uuid(45), foreign: uuid(46), windowed: uuid(60), holes: uuid(61), ten: uuid(62), paged: uuid(63), restless: uuid(64), throwing: uuid(65),
    foreignHost: uuid(70), foreignPath: uuid(71), toHome: uuid(72), toOther: uuid(73), toHost: uuid(74), toLogin: uuid(75), password: uuid(76), broken: uuid(77), mitigated: uuid(78), moves: uuid(79), early: uuid(80), later: uuid(81),
};

const BROKEN_ID = Object.fromEntries(Object.keys(BROKEN).map((name, i) => [name, uuid(90, i)]));
const brokenOf = (id) => Object.keys(BROKEN_ID).find((name) => BROKEN_ID[name] === id);

export const expected = [...expectedPages('chatgpt', 200), ...expectedPages('claude', 201)];

export const urls = {
    tides: CHATGPT + ID.tides, groupCommit: CHATGPT + ID.groupCommit, viaNetwork: CHATGPT + ID.viaNetwork, dom: CHATGPT + ID.dom, windowed: CHATGPT + ID.windowed, holes: CHATGPT + ID.holes, ten: CHATGPT + ID.ten, paged: CHATGPT + ID.paged, restless: CHATGPT + ID.restless, throwing: CHATGPT + ID.throwing, long: CHATGPT + ID.long,
    again: CHATGPT + ID.again, sourdough: CLAUDE + ID.sourdough, realClaude: CLAUDE + ID.realClaude,
    gone: CHATGPT + ID.gone, goneJson: CHATGPT + ID.goneJson, goneClaude: CLAUDE + ID.gone, privateClaude: CLAUDE + ID.private, challenge: CHATGPT + ID.challenge,
    changed: CHATGPT + ID.changed, never: CHATGPT + ID.never, huge: CHATGPT + ID.huge, stall: CHATGPT + ID.stall, redirect: CHATGPT + ID.redirect,
    ssrf: CHATGPT + ID.ssrf, stub: CHATGPT + ID.stub, rate: CHATGPT + ID.rate, dialog: CHATGPT + ID.dialog, download: CHATGPT + ID.download, loop: CHATGPT + ID.loop, hostile: CHATGPT + ID.hostile,
    beacon: CHATGPT + ID.beacon, half: CHATGPT + ID.half, endless: CHATGPT + ID.endless, big: CHATGPT + ID.big, crash: CHATGPT + ID.crash, pictures: CHATGPT + ID.pictures, spins: CHATGPT + ID.spins, slow: CHATGPT + ID.slow, unloaded: CHATGPT + ID.unloaded, foreign: CHATGPT + ID.foreign,
    ...Object.fromEntries(['foreignHost', 'foreignPath', 'toHome', 'toOther', 'toHost', 'toLogin', 'password', 'broken', 'mitigated', 'moves', 'early', 'later'].map((name) => [name, CHATGPT + ID[name]])),
    ...Object.fromEntries(Object.entries(BROKEN_ID).map(([name, id]) => [name, CHATGPT + id])),
    anyone: 'https://talk.example/log?id=7', labelled: 'https://talk.example/labels', article: 'https://talk.example/article', elsewhere: 'https://talk.example/elsewhere', nowhere: 'https://nobody.example/talk',
    links: LINKS,
    chatgpt: Array.from({ length: 64 }, (_, i) => CHATGPT + uuid(100, i)), // a conversation each: short, from the page's data …
    chatgptLong: Array.from({ length: 64 }, (_, i) => CHATGPT + uuid(101, i)), // … long …
    chatgptDom: Array.from({ length: 64 }, (_, i) => CHATGPT + uuid(102, i)), // … or to be read from the rendered page
};

// A share of the conversation about tides that names no conversation, made before its last `fewer` messages were written.
function shareOf(id, fewer) {
    const c = structuredClone(SAMPLES.tides);
    c.conversation_id = id;
    for (; fewer > 0; fewer--) {
        const gone = c.current_node;
        c.current_node = c.mapping[gone].parent;
        c.mapping[c.current_node].children = [];
        delete c.mapping[gone];
    }
    return c;
}

const DOM_TURNS = [
    ['user', 'What is <b>CRDT</b>?'],
    ['assistant', '<p>A <strong>conflict-free replicated data type</strong>.</p><pre><div>js<button>Copy code</button></div><code class="language-js">const a = 1;\n\nconst b = 2;\n</code></pre><table><thead><tr><th>kind</th><th>example</th></tr></thead><tbody><tr><td>state</td><td>G-Counter</td></tr></tbody></table><p>That is all.</p>'],
];

export const LONG_TURNS = 800;
const WINDOWED_TURNS = Array.from({ length: 30 }, (_, i) => [i % 2 ? 'assistant' : 'user', `Turn number ${i + 1}.`]);

const UNMARKED_TURNS = Array.from({ length: 100 }, (_, i) => (i % 2 ? ['assistant', `Answer ${i}.`] : ['user', 'Go on.']));
// Getters of the page's own world; the runner has another.
const THROWING = '<script>for (const [proto, name] of [[Node, "textContent"], [Node, "childNodes"], [Element, "innerHTML"], [Element, "matches"], [Array, "map"], [JSON, "stringify"]]) Object.defineProperty(proto.prototype ?? proto, name, { get() { throw new Error(name); } });</script>';

const CHALLENGE = '<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><h1>chatgpt.com</h1><p>Verify you are human by completing the action below.</p></body></html>';

// What the page of an attacker tries; each attempt's end is written into the page.
const ssrfPage = (port) => `<!DOCTYPE html><html><head><title>ChatGPT</title></head><body><main>Loading</main><script>
const targets = ['127.0.0.1:${port}', '10.0.0.1', '169.254.169.254', '[::1]:${port}', 'rebind.example'];
for (const t of targets) {
  fetch('http://' + t + '/fetch', { mode: 'no-cors' }).catch(() => {});
  fetch('https://' + t + '/fetch', { mode: 'no-cors' }).catch(() => {});
  try { new WebSocket('ws://' + t + '/websocket'); } catch (e) {}
  new Image().src = 'http://' + t + '/image';
}
fetch('/redirect-to-metadata').catch(() => {});
const worker = new Worker(URL.createObjectURL(new Blob(["for (const t of " + JSON.stringify(targets) + ") { fetch('http://' + t + '/worker', { mode: 'no-cors' }).catch(() => {}); try { new WebSocket('ws://' + t + '/worker-websocket'); } catch (e) {} }"])));
</script></body></html>`;

export async function startFixtureServer() {
    const folder = mkdtempSync(join(tmpdir(), 'vivim-fixture-'));
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=chatgpt.com',
        '-addext', `subjectAltName=${[...HOSTS, ...OTHERS].map((h) => `DNS:${h}`).join(',')}`, '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')], { stdio: 'ignore' });
    const seen = []; // every request: "host path"
    const sockets = new Set();
    const state = { title: 'First title', again: 0, mended: false, held: null }; // held: a promise that the page about tides waits for

    const html = (res, body, status = 200) => { res.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }); res.end(body); };
    const json = (res, body, status = 200) => { res.writeHead(status, { 'content-type': 'application/json' }); res.end(typeof body === 'string' ? body : JSON.stringify(body)); };

    const chatgptPages = {
        [ID.tides]: async (res) => { await state.held; html(res, chatgptSharePage(SAMPLES.tides, ID.tides)); },
        [ID.early]: (res) => html(res, chatgptSharePage(shareOf(ID.early, 2), ID.early)),
        [ID.later]: (res) => html(res, chatgptSharePage(shareOf(ID.later, 0), ID.later)),
        [ID.groupCommit]: (res) => html(res, chatgptSharePage(SAMPLES.groupCommit, ID.groupCommit)),
        [ID.viaNetwork]: (res) => html(res, fetchingPage('ChatGPT', `/backend-api/share/${ID.viaNetwork}`)),
        [ID.dom]: (res) => html(res, chatgptDomPage('About CRDTs', DOM_TURNS)),
        [ID.windowed]: (res) => html(res, windowedPage('A long list', WINDOWED_TURNS)),
        [ID.holes]: (res) => html(res, windowedPage('A list with holes', WINDOWED_TURNS, { missing: [7, 8] })),
        [ID.ten]: (res) => html(res, windowedPage('Ten at a time', UNMARKED_TURNS, { mount: 10, height: 60, box: 500, marks: false })),
        [ID.paged]: (res) => html(res, windowedPage('Windows apart', UNMARKED_TURNS.map(([role], i) => [role, `Turn ${i}.`]), { mount: 10, height: 60, box: 500, paged: true, marks: false })),
        [ID.restless]: (res) => html(res, restlessPage('Never the same', 20)),
        [ID.throwing]: (res) => html(res, chatgptDomPage('Getters', DOM_TURNS).replace('</head>', `${THROWING}</head>`)),
        [ID.long]: (res) => html(res, chatgptSharePage(longConversation(200), ID.long, { renders: true })),
        [ID.again]: (res) => {
            const c = structuredClone(SAMPLES.tides);
            c.conversation_id = 'captured-again';
            if (state.again++) { // the second rendering: one answer changed, one more question
                const last = c.mapping[c.current_node];
                last.message.content.parts = ['You are welcome, once more.'];
                c.mapping['new-node'] = { id: 'new-node', parent: c.current_node, children: [], message: { ...structuredClone(last.message), id: 'new-node', author: { role: 'user', name: null, metadata: {} }, content: { content_type: 'text', parts: ['One more thing.'] } } };
                last.children = ['new-node'];
                c.current_node = 'new-node';
            }
            html(res, chatgptSharePage(c, ID.again));
        },
        [ID.spins]: (res) => html(res, chatgptSharePage({ ...SAMPLES.tides, conversation_id: 'spins' }, ID.spins).replace('</body>', '<script>for (;;);</script></body>')),
        [ID.beacon]: (res) => html(res, chatgptSharePage({ ...SAMPLES.tides, conversation_id: 'beacon' }, ID.beacon).replace('<main>', '<script>fetch("/beacon")</script><img src="/beacon.png"><main>')),
        [ID.pictures]: (res) => html(res, chatgptSharePage(picturesConversation(server.address().port), ID.pictures)),
        [ID.foreign]: (res) => html(res, chatgptSharePage(foreignConversation(), ID.foreign)),
        [ID.hostile]: (res) => html(res, chatgptSharePage(hostileConversation(), ID.hostile)),
        [ID.gone]: (res) => html(res, '<!DOCTYPE html><title>ChatGPT</title><main>404 Not Found</main>', 404),
        [ID.goneJson]: (res) => html(res, fetchingPage('ChatGPT', `/backend-api/share/${ID.goneJson}`)),
        [ID.challenge]: (res) => html(res, CHALLENGE, 403),
        [ID.changed]: (res) => html(res, fetchingPage('ChatGPT', `/backend-api/share/${ID.changed}`)),
        [ID.stub]: (res) => html(res, fetchingPage('ChatGPT', `/backend-api/share/${ID.stub}`)),
        [ID.never]: () => {}, // no answer at all
        [ID.slow]: () => {},
        [ID.crash]: (res) => html(res, state.mended ? chatgptSharePage({ ...SAMPLES.tides, conversation_id: 'crash' }, ID.crash)
            : '<!DOCTYPE html><title>ChatGPT</title><script>fetch("/crash-running")</script><img src="/no-answer.png">'),
        [ID.half]: (res) => html(res, fetchingPage('ChatGPT', `/backend-api/share/${ID.half}`)), // its JSON stops in the middle
        [ID.endless]: (res) => html(res, chatgptDomPage('About CRDTs', DOM_TURNS).replace('<main>', '<script>setInterval(() => fetch("/poll"), 20)</script><main>')),
        [ID.unloaded]: (res) => html(res, chatgptDomPage('About CRDTs', DOM_TURNS).replace('<main>', '<img src="/no-answer.png"><main>')),
        [ID.big]: (res) => { // a good page, and then 50 MB more
            const page = Buffer.from(chatgptSharePage(SAMPLES.tides, ID.big)), filler = 50_000_000;
            res.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': page.length + filler });
            res.write(page);
            res.end(Buffer.alloc(filler, ' '));
        },
        [ID.huge]: (res) => {
            res.writeHead(200, { 'content-type': 'text/html' });
            const chunk = Buffer.alloc(1 << 20, 'x');
            let n = 0;
            const more = () => { while (n++ < 60) if (!res.write(chunk)) return res.once('drain', more); res.end(); };
            more();
        },
        [ID.stall]: (res) => { res.writeHead(200, { 'content-type': 'text/html' }); res.write(chatgptSharePage(SAMPLES.tides, ID.stall).slice(0, 2000)); },
        // What another host, another path or another page gives is not this share, however well it reads.
        [ID.foreignHost]: (res) => html(res, fetchingPage('ChatGPT', `https://cdn.example/backend-api/share/${ID.foreignHost}`)),
        [ID.foreignPath]: (res) => html(res, fetchingPage('ChatGPT', `/backend-api/share/${ID.viaNetwork}`)),
        [ID.toHome]: (res) => { res.writeHead(302, { location: '/' }); res.end(); },
        [ID.toOther]: (res) => { res.writeHead(302, { location: `/share/${ID.tides}` }); res.end(); },
        [ID.toHost]: (res) => { res.writeHead(302, { location: 'https://cdn.example/share' }); res.end(); },
        [ID.toLogin]: (res) => { res.writeHead(302, { location: '/auth/login' }); res.end(); },
        [ID.password]: (res) => html(res, '<!DOCTYPE html><title>ChatGPT</title><main><form><input type="password"></form></main>'),
        [ID.broken]: (res) => html(res, '<!DOCTYPE html><title>Oops</title>', 502),
        [ID.mitigated]: (res) => { res.writeHead(403, { 'content-type': 'text/html', 'cf-mitigated': 'challenge' }); res.end('<!DOCTYPE html><title>x</title>'); },
        [ID.moves]: (res) => html(res, chatgptDomPage('About CRDTs', DOM_TURNS).replace('<main>', `<script>history.replaceState(null, '', '/share/${ID.tides}')</script><main>`)),
        [ID.redirect]: (res) => { res.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }); res.end(); },
        [ID.ssrf]: (res) => html(res, ssrfPage(server.address().port)),
        [ID.rate]: (res) => { res.writeHead(429, { 'retry-after': '60', 'content-type': 'text/html' }); res.end('<title>Too many requests</title>'); },
        [ID.dialog]: (res) => html(res, chatgptDomPage('About CRDTs', DOM_TURNS).replace('<main>', '<script>alert("stop"); confirm("really?"); onbeforeunload = () => 1;</script><main>')),
        [ID.download]: (res) => { res.writeHead(200, { 'content-type': 'application/octet-stream', 'content-disposition': 'attachment; filename=x.bin' }); res.end('x'.repeat(1000)); },
        [ID.loop]: (res) => html(res, '<!DOCTYPE html><title>ChatGPT</title><main>busy</main><script>for (;;) {}</script>'),
    };
    const shareApi = {
        [ID.viaNetwork]: (res) => json(res, chatgptShareData(SAMPLES.groupCommit, ID.viaNetwork)),
        [ID.goneJson]: (res) => json(res, { detail: { code: 'shared_conversation_deleted', message: 'gone' } }, 404),
        [ID.changed]: (res) => json(res, { conversation: { nodes: [] }, version: 99 }),
        [ID.stub]: (res) => json(res, { status: 'COMPLETE' }),
        [ID.half]: (res) => { const text = JSON.stringify(chatgptShareData(SAMPLES.groupCommit, ID.half)); res.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length }); res.write(text.slice(0, text.length / 2)); },
    };

    const seriesPages = { // by the first part of their ids
        [uuid(100).slice(0, 8)]: (id, title) => chatgptSharePage({ ...SAMPLES.groupCommit, conversation_id: `c-${id}`, title }, id),
        [uuid(101).slice(0, 8)]: (id, title) => chatgptSharePage({ ...longConversation(LONG_TURNS), conversation_id: `c-${id}`, title }, id),
        [uuid(102).slice(0, 8)]: (id, title) => chatgptDomPage(title, DOM_TURNS),
    };

    const savedPage = (host, path) => expected.find(({ url }) => url === `https://${host}${path}`);

    function chatgpt(path, res) {
        const page = /^\/share\/([0-9a-f-]{36})$/.exec(path);
        const api = /^\/backend-api\/share\/([0-9a-f-]{36})$/.exec(path);
        const broken = brokenOf((page ?? api)?.[1]);
        if (broken) return answerBroken(broken, page ? 'page' : 'data', res, (page ?? api)[1]);
        if (path === '/share/worker.js') { res.writeHead(200, { 'content-type': 'text/javascript', 'service-worker-allowed': '/' }); return res.end(WORKER); }
        if (page && chatgptPages[page[1]]) return chatgptPages[page[1]](res);
        if (page && seriesPages[page[1].slice(0, 8)]) return html(res, seriesPages[page[1].slice(0, 8)](page[1], `Share ${page[1].slice(-4)}`));
        if (api && shareApi[api[1]]) return shareApi[api[1]](res);
        if (path === '/auth/login') return html(res, '<!DOCTYPE html><title>Log in</title>');
        if (path === '/') return html(res, chatgptSharePage({ ...SAMPLES.tides, conversation_id: 'home' }, ID.tides));
        if (path === '/no-answer.png') return;
        if (path === '/redirect-to-metadata') { res.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }); return res.end(); }
        return html(res, '<!DOCTYPE html><title>ChatGPT</title><main>404 Not Found</main>', 404);
    }

    function claude(path, res) {
        const page = /^\/share\/([0-9a-f-]{36})$/.exec(path);
        const api = /^\/api\/chat_snapshots\/([0-9a-f-]{36})/.exec(path);
        // The shell is the same for an id that does not exist.
        if (page) return html(res, fetchingPage('Claude', `/api/chat_snapshots/${page[1]}?rendering_mode=messages&render_all_tools=true`));
        if (api?.[1] === ID.sourdough) return json(res, { ...SAMPLES.sourdough, uuid: ID.sourdough });
        if (api?.[1] === ID.realClaude && haveShared) return json(res, readFileSync(REAL_CLAUDE, 'utf8'));
        if (api?.[1] === ID.private) return json(res, { type: 'error', error: { type: 'permission_error', message: 'You do not have access to this shared chat.' } }, 403);
        if (api) return json(res, { type: 'error', error: { type: 'not_found_error', message: 'Not found' } }, 404);
        return html(res, '<!DOCTYPE html><title>Claude</title>Not found', 404);
    }

    const server = createServer({ key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) }, (req, res) => {
        const host = (req.headers.host ?? '').replace(/:\d+$/, '');
        const path = req.url.split('?')[0];
        seen.push(`${host} ${path}`);
        const saved = savedPage(host, path);
        if (saved) return html(res, readFileSync(saved.file));
        if (host === 'chatgpt.com') return chatgpt(path, res);
        if (host === 'claude.ai') return claude(path, res);
        if (`https://${host}${path}` === SHORT.asking) { res.writeHead(301, { location: SHORT.asked }); return res.end(); }
        if (host === 'g.co') { res.writeHead(302, { location: SHORT.leads }); return res.end(); }
        if (`https://${host}${path}` === SHORT.leads) return html(res, SHORT.page);
        const paged = PAGED.find((p) => [p.url, p.data].includes(`https://${host}${path.split('?')[0]}`));
        if (paged) return paged.url.endsWith(path) ? html(res, paged.page) : json(res, paged.json);
        const answer = answerOf(req, host);
        if (answer) { res.writeHead(200, { 'content-type': answer.type }); return res.end(answer.body); }
        if (host === 'talk.example' && ANYONE[path]) return ANYONE[path](res);
        if (host === 'cdn.example' && path === '/share') return html(res, chatgptSharePage(SAMPLES.tides, ID.toHost));
        if (host === 'cdn.example' && path === `/backend-api/share/${ID.foreignHost}`) {
            res.setHeader('access-control-allow-origin', '*');
            return json(res, chatgptShareData(SAMPLES.groupCommit, ID.foreignHost));
        }
        if (host === 'cdn.example' && PICTURES[path]) return PICTURES[path](res, server.address().port);
        html(res, 'nothing here', 404);
    });
    server.on('connection', (s) => { sockets.add(s); s.on('close', () => sockets.delete(s)); });
    server.on('clientError', (e, s) => s.destroy());
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const at = `127.0.0.1:${server.address().port}`;
    return {
        urls, seen, state, port: server.address().port,
        env: { VIVIM_TEST: '1', VIVIM_CAPTURE_INSECURE_TLS: '1', VIVIM_CAPTURE_RESOLVE: [...HOSTS, ...OTHERS].map((h) => `${h}:443=${at}`).join(',') },
        async stop() {
            for (const s of sockets) s.destroy();
            await new Promise((resolve) => server.close(resolve));
            rmSync(folder, { recursive: true, force: true });
        },
    };
}

// node tests/lib/fixture_server.mjs: for trying things by hand.
if (process.argv[1]?.endsWith('fixture_server.mjs')) {
    const s = await startFixtureServer();
    for (const [k, v] of Object.entries(s.env)) console.log(`export ${k}='${v}'`);
    for (const [k, v] of Object.entries(s.urls)) console.log(`# ${k}: ${Array.isArray(v) ? v[0] : v}`);
}
