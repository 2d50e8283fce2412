// HTTP/1.1 on the wire, byte by byte (RFC 9112): framing, limits, slow senders, pipelining, conditions, the Host and
// same-site checks.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect } from '../lib/raw.mjs';
import { signIn, startServer } from '../lib/server.mjs';

let server, owner, host;
before(async () => {
    server = await startServer();
    owner = await signIn(server);
    host = new URL(server.url).host;
});
after(async () => assert.equal(await server.stop(), 0));

// One exchange on a connection of its own.
async function once(bytes, { ms, bodiless } = {}) {
    const c = connect(server.url);
    await c.write(bytes);
    const answer = await c.answer(ms, bodiless);
    c.end();
    return answer;
}
const get = (path, headers = '') => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n`;

// What must be refused with 400 and a closed connection (research: each row of the strictness table).
const malformed = {
    'Content-Length with Transfer-Encoding': `POST /livez HTTP/1.1\r\nHost: HOST\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'Content-Length twice': `POST /livez HTTP/1.1\r\nHost: HOST\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc`,
    'different Content-Lengths': `POST /livez HTTP/1.1\r\nHost: HOST\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
    'header lines that end with a line feed alone': `GET /livez HTTP/1.1\nHost: HOST\n\n`,
    'one header line that ends with a line feed alone': `GET /livez HTTP/1.1\r\nHost: HOST\nX: y\r\n\r\n`,
    'a space before the colon': `GET /livez HTTP/1.1\r\nHost : HOST\r\n\r\n`,
    'a header that ends with a bare CR': `GET /livez HTTP/1.1\r\nHost: HOST\rX: y\r\n\r\n`,
    'obsolete line folding': `GET /livez HTTP/1.1\r\nHost: HOST\r\nX: a\r\n b\r\n\r\n`,
    'a header end of CR LF CR X': `GET /livez HTTP/1.1\r\nHost: HOST\r\n\rX\r\n\r\n`,
    'a chunk extension with a line feed': `POST /api/v1/auth/login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n1;a\nb\r\nx\r\n0\r\n\r\n`,
    'a zero byte in a header': `GET /livez HTTP/1.1\r\nHost: HOST\r\nX: a\0b\r\n\r\n`,
    'a chunk size that is none': `POST /api/v1/auth/login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    'another protocol': `SSH-2.0-OpenSSH_9.2\r\n\r\n`,
    'HTTP/2 preface': `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`,
    'no request target': `GET HTTP/1.1\r\nHost: HOST\r\n\r\n`,
};
for (const [name, bytes] of Object.entries(malformed)) {
    test(`refused: ${name}`, async () => {
        const c = connect(server.url);
        await c.write(bytes.replaceAll('HOST', host));
        const answer = await c.answer();
        assert.equal(answer.status, 400, answer.body);
        assert.equal(answer.headers.connection, 'close');
        assert.equal(JSON.parse(answer.body).code, 'bad_input');
        await c.closed();
    });
}

test('a request one byte at a time, and two in one write', async () => {
    const c = connect(server.url);
    for (const b of get('/livez')) await c.write(b);
    assert.equal((await c.answer()).status, 200);
    await c.write(get('/livez') + get('/readyz') + get('/livez'));
    assert.deepEqual([(await c.answer()).body, (await c.answer()).body, (await c.answer()).body], ['ok\n', 'ready\n', 'ok\n']);
    c.end();
});

test('pipelined: answers keep the order, also of slow and quick ones, also by the thousand', async () => {
    const c = connect(server.url);
    await c.write(get('/metrics') + get('/livez') + get('/api/v1/nothing'));
    assert.match((await c.answer()).body, /vivim_http_requests_total/);
    assert.equal((await c.answer()).body, 'ok\n');
    assert.equal((await c.answer()).status, 404);
    await c.write(get('/livez').repeat(2000));
    for (let i = 0; i < 2000; i++) assert.equal((await c.answer()).status, 200);
    c.end();
});

test('HEAD has the headers of GET and no body', async () => {
    const full = await once(get('/livez'));
    const head = await once(get('/livez').replace('GET', 'HEAD'), { bodiless: true });
    assert.equal(head.status, 200);
    assert.equal(head.headers['content-length'], full.headers['content-length']);
    const c = connect(server.url);
    await c.write(get('/livez').replace('GET', 'HEAD') + get('/livez'));
    assert.equal((await c.answer(undefined, true)).status, 200);
    assert.equal((await c.answer()).body, 'ok\n');
    c.end();
});

test('a chunked body, in pieces, with trailers', async () => {
    const c = connect(server.url);
    const body = JSON.stringify({ handle: 'owner', password: owner.password });
    await c.write(`POST /api/v1/auth/login HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`);
    for (let i = 0; i < body.length; i += 7) {
        const part = body.slice(i, i + 7);
        await c.write(`${part.length.toString(16)}\r\n${part}\r\n`);
    }
    await c.write('0\r\nX-Trailer: y\r\n\r\n');
    assert.equal((await c.answer()).status, 200);
    c.end();
});

test('Expect: 100-continue', async () => {
    const c = connect(server.url);
    const body = JSON.stringify({ handle: 'owner', password: owner.password });
    await c.write(`POST /api/v1/auth/login HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`);
    assert.equal((await c.answer()).status, 100);
    await c.write(body);
    assert.equal((await c.answer()).status, 200);
    c.end();
    const refused = await once(`POST /api/v1/auth/login HTTP/1.1\r\nHost: ${host}\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n`);
    assert.equal(refused.status, 413);
});

test('limits: the headers, the target, the body', async () => {
    assert.equal((await once(get('/livez', `X: ${'a'.repeat(12000)}\r\n`))).status, 200);
    assert.equal((await once(get('/livez', `X: ${'a'.repeat(17000)}\r\n`))).status, 431);
    assert.equal((await once(get('/livez', 'X: y\r\n'.repeat(100)))).status, 400);
    assert.equal((await once(get('/' + 'a'.repeat(9000)))).status, 400);
    const login = (n) => `POST /api/v1/auth/login HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${n}\r\n\r\n${' '.repeat(Math.min(n, 100000))}`;
    assert.equal((await once(login(1000))).status, 400); // blanks are no JSON
    assert.equal((await once(login(90000))).status, 413);
    const chunked = connect(server.url);
    await chunked.write(`POST /api/v1/auth/login HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`);
    await chunked.write(`10000\r\n${' '.repeat(0x10000)}\r\n`.repeat(3));
    assert.equal((await chunked.answer()).status, 413);
    chunked.end();
});

test('Connection: close and HTTP/1.0 end the connection', async () => {
    for (const bytes of [get('/livez', 'Connection: close\r\n'), `GET /livez HTTP/1.0\r\nHost: ${host}\r\n\r\n`]) {
        const c = connect(server.url);
        await c.write(bytes);
        const answer = await c.answer();
        assert.equal(answer.status, 200);
        assert.equal(answer.headers.connection, 'close');
        await c.closed();
    }
});

test('the Host check: loopback names and our port, nothing else', async () => {
    const port = new URL(server.url).port;
    for (const name of ['localhost', '127.0.0.1', '[::1]'])
        assert.equal((await once(`GET /livez HTTP/1.1\r\nHost: ${name}:${port}\r\n\r\n`)).status, 200, name);
    for (const name of ['example.org', `example.org:${port}`, 'localhost.example.org', `127.0.0.1:1`, `10.0.0.1:${port}`, `localhost:${port}x`])
        assert.equal((await once(`GET /livez HTTP/1.1\r\nHost: ${name}\r\n\r\n`)).status, 421, name);
    assert.equal((await once('GET /livez HTTP/1.1\r\n\r\n')).status, 400);
    assert.equal((await once(`GET /livez HTTP/1.1\r\nHost: localhost:${port}\r\nHost: localhost:${port}\r\n\r\n`)).status, 400);
});

test('the same-site check: only for what changes something with the cookie', async () => {
    const send = (headers) => owner.fetch('/api/v1/sample', { method: 'DELETE', headers });
    const bare = (headers) => fetch(server.url + '/api/v1/sample', { method: 'DELETE', headers: { cookie: owner.cookie, ...headers } });
    assert.equal((await send({})).status, 200); // signIn's client sends our origin
    for (const [headers, status] of [
        [{ origin: 'https://evil.example' }, 403], [{ origin: 'null' }, 403], [{ 'sec-fetch-site': 'cross-site' }, 403], [{ 'sec-fetch-site': 'same-site' }, 403],
        [{}, 403], [{ 'sec-fetch-site': 'same-origin' }, 200], [{ 'sec-fetch-site': 'none' }, 200], [{ origin: server.url }, 200],
        [{ origin: server.url, 'sec-fetch-site': 'cross-site' }, 200], [{ origin: server.url.replace('http:', 'https:') }, 403],
    ]) {
        const answer = await bare(headers);
        assert.equal(answer.status, status, JSON.stringify(headers));
        if (status === 403) assert.equal((await answer.json()).code, 'cross_site');
    }
    const read = await fetch(server.url + '/api/v1/me', { headers: { cookie: owner.cookie, origin: 'https://evil.example' } });
    assert.equal(read.status, 200, 'reading is the browser\'s business: no CORS header lets another site see it');
    assert.equal(read.headers.get('access-control-allow-origin'), null);
});

test('conditions: ETag, If-None-Match', async () => {
    const first = await owner.fetch('/openapi.json');
    const tag = first.headers.get('etag');
    assert.match(tag, /^"[0-9a-f]{16}"$/);
    for (const asked of [tag, `W/${tag}`, `"x", ${tag}`, '*']) {
        const again = await owner.fetch('/openapi.json', { headers: { 'if-none-match': asked } });
        assert.equal(again.status, 304, asked);
        assert.equal(await again.text(), '');
    }
    assert.equal((await owner.fetch('/openapi.json', { headers: { 'if-none-match': '"x"' } })).status, 200);
});

test('Idempotency-Key: once is once', async () => {
    const make = (key, name, method = 'POST') => owner.json(method, '/api/v1/users', { handle: name, password: 'correct horse battery' }, { 'idempotency-key': key });
    const first = await make('k1', 'bob');
    const again = await make('k1', 'bob');
    assert.equal(first.status, 201, JSON.stringify(first.body));
    assert.deepEqual([again.status, again.body], [first.status, first.body]);
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
    const other = await make('k1', 'eve');
    assert.equal(other.status, 409);
    assert.equal(other.body.code, 'idempotency_conflict');
    const failed = await make('k2', 'BAD HANDLE');
    assert.equal(failed.status, 422);
    assert.equal((await make('k2', 'carol')).status, 201, 'a failed one may be tried again, also mended');
    const both = await Promise.all(['k3', 'k3'].map((k) => make(k, 'dave')));
    assert.ok(both.some((a) => a.status === 201));
    assert.ok(both.every((a) => a.status === 201 || a.body.code === 'idempotency_conflict'));
    assert.equal((await make('x'.repeat(201), 'frank')).status, 422);
});

test('rate limits say what is left, and a burst of 500 passes', async () => {
    const answer = await owner.fetch('/api/v1/me');
    for (const name of ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset']) assert.match(answer.headers.get(name), /^\d+$/);
    const all = await Promise.all(Array.from({ length: 500 }, () => fetch(server.url + '/livez')));
    assert.ok(all.every((a) => a.status === 200));
});

test('security headers on everything', async () => {
    for (const path of ['/', '/livez', '/api/v1/me', '/nothing-here']) {
        const answer = await fetch(server.url + path);
        assert.equal(answer.headers.get('x-content-type-options'), 'nosniff', path);
        assert.match(answer.headers.get('content-security-policy'), /default-src 'none'/, path);
        assert.equal(answer.headers.get('referrer-policy'), 'no-referrer');
        await answer.text();
    }
    const page = await fetch(server.url + '/');
    assert.match(page.headers.get('content-security-policy'), /require-trusted-types-for 'script'/);
});

test('a client that goes away in the middle leaves nothing behind', async () => {
    for (let i = 0; i < 200; i++) {
        const c = connect(server.url);
        await c.write(i % 2 ? get('/metrics').repeat(3) : get('/api/v1/me').slice(0, 20 + i % 30));
        c.end();
    }
    assert.equal((await once(get('/livez'))).status, 200);
});

// 1,000 connections of one address are the most, but a reverse proxy speaks for many people.
const crowd = async (url, n) => {
    const all = Array.from({ length: n }, () => connect(url));
    await Promise.all(all.map((c) => new Promise((resolve) => c.socket.once('connect', resolve))));
    return all;
};
const isServed = async (c, h) => {
    await c.write(`GET /livez HTTP/1.1\r\nHost: ${h}\r\n\r\n`);
    return (await c.answer()).status === 200;
};

test('a trusted proxy may have more connections than one address', async () => {
    const behind = await startServer({ env: { VIVIM_TRUSTED_PROXIES: '10.0.0.1, 127.0.0.1' } });
    const all = await crowd(behind.url, 1100);
    assert.ok(await isServed(all.at(-1), new URL(behind.url).host));
    for (const c of all) c.end();
    assert.equal(await behind.stop(), 0);
});

test('an address that is no trusted proxy may have 1,000 connections, and more again when they end', async () => {
    const alone = await startServer({ env: { VIVIM_TRUSTED_PROXIES: '10.0.0.1' } });
    const h = new URL(alone.url).host;
    const all = await crowd(alone.url, 1000);
    for (const c of all) assert.ok(await isServed(c, h));
    const more = connect(alone.url);
    await more.closed();
    assert.equal(more.text(), '');
    all[0].end();
    let served = false;
    for (let i = 0; i < 1000 && !served; i++) served = await isServed(connect(alone.url), h);
    assert.ok(served);
    for (const c of all) c.end();
    assert.equal(await alone.stop(), 0);
});
