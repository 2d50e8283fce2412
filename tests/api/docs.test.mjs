// What the documents tell people to do is done here as it stands there.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { startFixtureServer } from '../lib/fixture_server.mjs';
import { eventually } from '../lib/realtime.mjs';
import { BINARY, cleanEnvironment, command, databaseUrl, signIn, startServer, tempFolder } from '../lib/server.mjs';

// The fenced blocks of one language, in order, with the line where each begins.
function blocks(file, language) {
    const found = [];
    let block = null;
    readFileSync(file, 'utf8').split('\n').forEach((line, i) => {
        if (block && line === '```') block = null;
        else if (block) block.text += line + '\n';
        else if (line.startsWith('```' + language) && line.slice(3).split(' ')[0] === language) found.push((block = { line: i + 1, title: line.slice(3 + language.length).trim(), text: '' }));
    });
    return found;
}

let fixtures, server, ann;
before(async () => {
    fixtures = await startFixtureServer();
    server = await startServer({ env: fixtures.env });
    ann = await signIn(server, 'ann');
    await signIn(server, 'ben');
    await ann.json('POST', '/api/v1/sample');
    await eventually(async () => (await ann.json('GET', '/api/v1/search?q=tides')).body.items.length > 0);
});
after(async () => {
    assert.equal(await server.stop(), 0);
    await fixtures.stop();
});

test('every example of docs/api.md runs as it stands, one after the other', async () => {
    const examples = blocks('docs/api.md', 'sh');
    assert.ok(examples.length >= 8);
    const TOKEN = (await server.vivim(['token', 'ann'])).stdout.trim();
    const script = ['set -eu', ...examples.map((b) => `echo "## line ${b.line}"\n${b.text}`)].join('\n');
    // A pipe hides how its first command ended; bash does not, where it is told so.
    const { code, stdout, stderr } = await command('bash', ['-o', 'pipefail', '-c', script], { env: cleanEnvironment({ URL: server.url, TOKEN }), check: false });
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    for (const word of ['"session_id":null', '"scopes":["read"]', '"outcome":', '"title":"A name of my own"', '"handle":"ben","role":"reader"', '"status":"offline"', '"snippet":', '"fields":["title"]'])
        assert.ok(stdout.includes(word), `${word} is missing in ${stdout}`);
});

test('docs/api.md has a line for every route of the product', async () => {
    const text = readFileSync('docs/api.md', 'utf8').replace(/<[a-z]+>/g, '{x}');
    const { paths } = await (await fetch(`${server.url}/openapi.json`)).json();
    const missing = Object.keys(paths).filter((path) => path.startsWith('/api/') && !text.includes(path));
    assert.deepEqual(missing, []);
});

// --- docs/operations.md ---------------------------------------------------------------------------------------------

const has = (program) => spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim();
const POSTGRES = !!process.env.VIVIM_TEST_PG_URL;
const block = (language, title = '') => {
    const found = blocks('docs/operations.md', language).filter((b) => b.title === title);
    assert.equal(found.length, 1, `${language} ${title}`);
    return found[0].text;
};

// With `vivim` in the path, as the document has it.
async function run(script, env) {
    const bin = tempFolder('vivim-bin-');
    symlinkSync(resolve(BINARY), join(bin, 'vivim'));
    const clean = cleanEnvironment({ ...env, VIVIM_TEST: '1' });
    const { code, stdout, stderr } = await command('sh', ['-euc', script], { env: { ...clean, PATH: `${bin}:${clean.PATH}` }, check: false });
    rmSync(bin, { recursive: true });
    assert.equal(code, 0, `${script}\n${stdout}${stderr}`);
}

test('backup of a running server and restore, as docs/operations.md says', async () => {
    const which = POSTGRES ? '-postgresql' : '', folder = tempFolder();
    const { items } = (await ann.json('GET', '/api/v1/conversations?limit=200')).body;
    assert.ok(items.length > 0);
    const data = join(folder, 'restored'), BACKUP = join(folder, 'backup');
    await run(block('sh', `backup${which}`), { VIVIM_DATA: server.data, VIVIM_DATABASE_URL: server.environment.VIVIM_DATABASE_URL, BACKUP });
    const restored = { VIVIM_DATA: data, ...(await databaseUrl(data)) };
    await run(block('sh', `restore${which}`), { ...restored, BACKUP });
    const second = await startServer({ data });
    assert.equal(second.setupToken, null, 'there are accounts');
    const get = async (path) => (await fetch(second.url + path, { headers: { cookie: ann.cookie } })).json();
    assert.deepEqual((await get('/api/v1/conversations?limit=200')).items, items);
    await eventually(async () => (await get('/api/v1/search?q=tides')).items?.length > 0); // the index is made from the rows; 503 meanwhile
    assert.equal(await second.stop(), 0);
    rmSync(folder, { recursive: true });
});

test('the password of a PostgreSQL address is encoded as docs/operations.md says', () => {
    const password = /PASSWORD '([^']*)'/.exec(block('sql'))[1], address = new URL(block('text').trim().replace('VIVIM_DATABASE_URL=', ''));
    assert.equal(decodeURIComponent(address.password), password);
    const encoded = spawnSync('python3', ['-c', /python3 -c '([^']*)'/.exec(readFileSync('docs/operations.md', 'utf8'))[1], password], { encoding: 'utf8' });
    assert.equal(encoded.stdout.trim(), address.password);
});

test('the systemd unit of docs/operations.md', () => {
    const unit = block('ini').replace('/usr/local/bin/vivim', resolve(BINARY));
    assert.match(unit, /^LimitNOFILE=20500$/m);
    if (!has('systemd-analyze')) return;
    const folder = tempFolder(), file = join(folder, 'vivim.service');
    writeFileSync(file, unit);
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    const ours = stderr.split('\n').filter((line) => line.includes('vivim.service'));
    rmSync(folder, { recursive: true });
    assert.deepEqual([status, ours], [0, []], stderr);
});

const HOST = 'vivim.example.org';
const freePort = () => new Promise((done) => {
    const s = createServer().listen(0, '127.0.0.1', () => {
        const { port } = s.address();
        s.close(() => done(port));
    });
});
// One answer: { status, headers, body }.
const ask = (how, options, body) => new Promise((done, failed) => {
    const rq = how({ host: '127.0.0.1', rejectUnauthorized: false, servername: HOST, timeout: 20_000, ...options }, (answer) => {
        let text = '';
        answer.on('data', (d) => (text += d)).on('end', () => done({ status: answer.statusCode, headers: answer.headers, raw: answer.rawHeaders, body: text }));
    });
    rq.on('error', failed);
    rq.end(body);
});

// What somebody behind a proxy gets: the page, a sign-in, a WebSocket, the address that counts as theirs.
async function behindProxy(how, port, more, account, { websocket }) {
    const headers = { host: HOST, ...more };
    const page = await ask(how, { port, path: '/', headers });
    assert.equal(page.status, 200, page.body);
    assert.deepEqual(page.raw.filter((h) => /^strict-transport-security$/i.test(h)).length, 1, 'once, and by us');
    assert.equal(page.headers['strict-transport-security'], 'max-age=63072000');
    const json = { ...headers, origin: `https://${HOST}`, 'content-type': 'application/json' };
    const login = await ask(how, { port, method: 'POST', path: '/api/v1/auth/login', headers: json }, JSON.stringify({ handle: account.handle, password: account.password }));
    assert.equal(login.status, 200, login.body);
    const cookie = login.headers['set-cookie'][0];
    assert.match(cookie, /^__Host-.*Secure/);
    const sessions = JSON.parse((await ask(how, { port, path: '/api/v1/sessions', headers: { ...headers, cookie: cookie.split(';')[0] } })).body).items;
    if (!websocket) return sessions;
    const ws = new WebSocket(`wss://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`, { headers: { host: HOST, cookie: cookie.split(';')[0] }, rejectUnauthorized: false, servername: HOST });
    const first = await new Promise((done, failed) => ws.on('message', (d) => done(String(d))).on('error', failed));
    assert.match(first, /^0\{"sid"/);
    ws.close();
    return sessions;
}

async function behind(work) {
    const folder = tempFolder(), data = tempFolder(), first = await startServer({ data, keep: true });
    const account = await signIn(first, 'ann');
    assert.equal(await first.stop(), 0);
    const served = await startServer({ data, env: { VIVIM_BASE_URL: `https://${HOST}`, VIVIM_TRUSTED_PROXIES: '127.0.0.1', VIVIM_LISTEN: `127.0.0.1:${await freePort()}` } });
    try {
        await work({ account, folder, port: Number(served.environment.VIVIM_LISTEN.split(':')[1]) });
    } finally {
        assert.equal(await served.stop(), 0);
        rmSync(folder, { recursive: true, force: true });
    }
}

test('behind a proxy: https by its word, one HSTS header, and the address that it saw', () => behind(async ({ account, port }) => {
    const sessions = await behindProxy(request, port, { 'x-forwarded-for': '198.51.100.1, 203.0.113.9', 'x-forwarded-proto': 'https' }, account, { websocket: false });
    assert.ok(sessions.some((s) => s.address === '203.0.113.9'), JSON.stringify(sessions));
    assert.equal((await ask(request, { port, path: '/', headers: { host: 'elsewhere.example' } })).status, 421);
}));

const PROXIES = {
    nginx: {
        text: (t, c) => `daemon off; pid ${c.folder}/pid; error_log stderr;\nevents {}\nhttp { access_log off; client_body_temp_path ${c.folder}/b; proxy_temp_path ${c.folder}/p; `
            + `fastcgi_temp_path ${c.folder}/f; uwsgi_temp_path ${c.folder}/u; scgi_temp_path ${c.folder}/s;\n${t.replace('listen 443', `listen 127.0.0.1:${c.front}`)
                .replace('/etc/ssl/vivim.crt', c.crt).replace('/etc/ssl/vivim.key', c.key)}\n}`,
        argv: (file, c) => ['-e', 'stderr', '-p', c.folder, '-c', file],
        holds: [/proxy_set_header Host /, /X-Forwarded-For/, /X-Forwarded-Proto/, /Upgrade \$http_upgrade/, /proxy_buffering off/],
    },
    caddy: {
        text: (t, c) => `{\nadmin off\nauto_https disable_redirects\n}\n${t.replace('vivim.example.org {', `https://${HOST}:${c.front} {\nbind 127.0.0.1\ntls ${c.crt} ${c.key}`)}`,
        argv: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
        holds: [/reverse_proxy/, /flush_interval -1/],
    },
};
for (const [name, proxy] of Object.entries(PROXIES)) {
    test(`the sample for ${name} in docs/operations.md${has(name) ? '' : ' (read only: it is not installed)'}`, async () => {
        const sample = block(name);
        for (const pattern of proxy.holds) assert.match(sample, pattern);
        if (!has(name)) return;
        await behind(async (c) => {
            Object.assign(c, { front: await freePort(), crt: join(c.folder, 'crt'), key: join(c.folder, 'key') });
            await command('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`, '-days', '2', '-keyout', c.key, '-out', c.crt]);
            const file = join(c.folder, 'conf');
            mkdirSync(join(c.folder, 'home'));
            writeFileSync(file, proxy.text(sample.replaceAll('127.0.0.1:8420', `127.0.0.1:${c.port}`), c));
            const child = spawn(has(name), proxy.argv(file, c), { stdio: ['ignore', 'inherit', 'pipe'], env: { ...process.env, HOME: join(c.folder, 'home') } });
            let said = '';
            child.stderr.on('data', (d) => (said += d));
            try {
                await eventually(() => ask(secureRequest, { port: c.front, path: '/livez', headers: { host: HOST } }).then((a) => a.status === 200, () => false));
                const sessions = await behindProxy(secureRequest, c.front, { 'x-forwarded-for': '203.0.113.9' }, c.account, { websocket: true });
                assert.ok(sessions.every((s) => s.address === '127.0.0.1'), `a client's own word does not count: ${JSON.stringify(sessions)}`);
            } catch (e) {
                throw new Error(`${e.message}\n${said}`, { cause: e });
            } finally {
                const ended = new Promise((done) => child.on('close', done));
                child.kill('SIGTERM');
                await ended;
            }
        });
    });
}
