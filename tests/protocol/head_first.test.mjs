// Identity comes before the body: who may not send it is told so when the header block has come; nothing of it is kept.
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { connect } from '../lib/raw.mjs';
import { openPolling, target } from '../lib/realtime.mjs';
import { signIn, startServer } from '../lib/server.mjs';

let server, owner, other, host, reading;
before(async () => {
    server = await startServer();
    owner = await signIn(server);
    other = await signIn(server, 'other');
    host = new URL(server.url).host;
    reading = (await owner.json('POST', '/api/v1/tokens', { name: 'r', scopes: ['read'] })).body.token;
});
after(async () => assert.equal(await server.stop(), 0));

const head = (path, headers = {}, method = 'POST') => {
    const all = { Host: host, 'Content-Type': 'application/json', 'Content-Length': 1000, ...headers };
    return `${method} ${path} HTTP/1.1\r\n${Object.entries(all).filter(([, v]) => v !== undefined).map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n`;
};
const mine = () => ({ Cookie: owner.cookie, Origin: server.url });
const CHUNKED = { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' };

// name: [path, headers, status, method]
const refusals = () => ({
    'a stranger': ['/api/v1/captures', {}, 401],
    'a wrong token': ['/api/v1/captures', { Authorization: 'Bearer nonsense' }, 401],
    'an ended session': ['/api/v1/captures', { Cookie: 'vivim=nonsense', Origin: server.url }, 401],
    'another site': ['/api/v1/captures', { Cookie: owner.cookie, Origin: 'https://evil.example' }, 403],
    'a scope that does not reach': ['/api/v1/captures', { Authorization: `Bearer ${reading}` }, 403],
    'no administrator': ['/api/v1/users', { Cookie: other.cookie, Origin: server.url }, 403],
    'no such address': ['/api/v1/nothing', {}, 404],
    'no such method': ['/api/v1/me', mine(), 405],
    'too much': ['/api/v1/captures', { ...mine(), 'Content-Length': 100_000_000 }, 413],
    'too much of what a stranger may send': ['/api/v1/auth/login', { 'Content-Length': 100_000_000 }, 413],
    'a stranger, with too much': ['/api/v1/captures', { 'Content-Length': 100_000_000 }, 401],
    'a body where there is none': ['/api/v1/sample', mine(), 413],
    'another type': ['/api/v1/captures', { ...mine(), 'Content-Type': 'text/plain' }, 415],
    'another type, of a stranger': ['/api/v1/auth/login', { 'Content-Type': undefined }, 415],
    'another host': ['/api/v1/captures', { Host: 'evil.example' }, 421],
});

// A session's id is what its requests show: a payload for one that is not there is refused like a stranger's.
const payloads = { 'an id of nobody': ['POST', { sid: 'AAAAAAAAAAAAAAAAAAAAAA' }], 'an id of another shape': ['POST', { sid: 'x' }], 'no id': ['POST', {}], 'another method': ['PUT', { sid: 'AAAAAAAAAAAAAAAAAAAAAA' }], 'a poll': ['GET', { sid: 'AAAAAAAAAAAAAAAAAAAAAA' }] };
for (const [kind, framing] of Object.entries({ 'with its length': {}, 'in chunks': CHUNKED, 'expecting 100': { Expect: '100-continue' }, 'in chunks, expecting 100': { ...CHUNKED, Expect: '100-continue' } }))
    test(`a payload of Engine.IO for a session that is not there is refused at its head, ${kind}`, async () => {
        for (const [name, [method, query]] of Object.entries(payloads)) {
            const c = connect(server.url);
            await c.write(head(target('/socket.io/', { transport: 'polling', ...query }), { ...framing, 'Content-Type': 'text/plain' }, method));
            const answer = await c.answer();
            assert.equal(answer.status, 400, `${name}: ${answer.body}`);
            assert.equal(JSON.parse(answer.body).code, query.sid ? 1 : 2, name);
            c.end();
        }
    });
test('a payload for a session that is there is read, also behind its head, and not when the session has ended', async () => {
    const session = await openPolling(server.url, '/socket.io/');
    const bytes = head(session.target, { 'Content-Type': 'text/plain', 'Content-Length': 1, Expect: '100-continue' });
    const c = connect(server.url);
    await c.write(bytes);
    assert.equal((await c.answer()).status, 100);
    await c.write('1');
    assert.equal((await c.answer()).body, 'ok');
    c.end();
    const late = connect(server.url);
    await late.write(bytes);
    assert.equal((await late.answer()).status, 400);
    late.end();
});

// Whoever waits for the body answers nothing to a head alone.
for (const [kind, framing] of Object.entries({ 'with its length': {}, 'in chunks': CHUNKED }))
    test(`refused at the head, a body ${kind}`, async (t) => {
        for (const [name, [path, headers, status, method]] of Object.entries(refusals())) {
            if (framing === CHUNKED && status === 413) continue; // the head says nothing of how long it is
            const own = framing === CHUNKED ? { ...headers, ...CHUNKED } : headers;
            await t.test(name, async () => {
                const c = connect(server.url);
                await c.write(head(path, own, method));
                const answer = await c.answer();
                assert.equal(answer.status, status, answer.body);
                c.end();
            });
        }
    });

test('Expect: 100-continue is answered after the check, and only where the body is wanted', async () => {
    for (const [name, [path, headers, status, method]] of Object.entries(refusals())) {
        const c = connect(server.url);
        await c.write(head(path, { ...headers, Expect: '100-continue' }, method));
        const answer = await c.answer();
        assert.equal(answer.status, status, `${name}: ${answer.status}`);
        assert.equal(answer.headers.connection, 'close', `${name}: nobody knows whether the body comes`);
        await c.closed();
        assert.equal(c.text(), '', name);
    }
    const body = '{"url":"https://nowhere.example/share/1"}';
    for (const framing of [{ 'Content-Length': body.length }, CHUNKED]) {
        const c = connect(server.url);
        await c.write(head('/api/v1/captures', { ...mine(), Expect: '100-Continue', ...framing }));
        assert.equal((await c.answer()).status, 100);
        await c.write(framing === CHUNKED ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body);
        assert.equal((await c.answer()).status, 422, 'not the link of a provider: the body was read');
        c.end();
    }
});

test('another expectation is 417', async () => {
    for (const value of ['200-ok', '100-continue, 200-ok', '100-continue;a', ''])
        for (const bytes of [head('/api/v1/captures', { ...mine(), Expect: value }), head('/livez', { Expect: value, 'Content-Length': undefined }, 'GET')]) {
            const c = connect(server.url);
            await c.write(bytes);
            const answer = await c.answer();
            assert.equal(answer.status, 417, value);
            assert.equal(JSON.parse(answer.body).code, 'expectation_failed');
            c.end();
        }
});

test('who sends a whole large body all the same can read the answer', async () => {
    for (const bytes of [70_000, 4_000_000]) {
        const c = connect(server.url);
        await c.write(head('/api/v1/captures', { 'Content-Length': bytes }));
        await c.write(Buffer.alloc(bytes, 'x'));
        const answer = await c.answer();
        assert.equal(answer.status, 401);
        assert.equal(answer.headers.connection, 'close');
        await c.closed();
    }
    const answer = await fetch(server.url + '/api/v1/captures', { method: 'POST', headers: { 'content-type': 'application/json' }, body: 'x'.repeat(2_000_000) });
    assert.equal(answer.status, 401);
});

test('a small refused body is dropped, and the connection goes on behind it', async () => {
    const GET = `GET /livez HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    for (const pieces of [['x'.repeat(1000) + GET], ['x'.repeat(400), 'x'.repeat(600) + GET], ['x'.repeat(1000), GET]]) {
        const c = connect(server.url);
        await c.write(head('/api/v1/captures'));
        const answer = await c.answer();
        assert.equal(answer.status, 401);
        assert.equal(answer.headers.connection, undefined);
        for (const p of pieces) await c.write(p);
        assert.equal((await c.answer()).body, 'ok\n');
        c.end();
    }
    const c = connect(server.url); // by the hundred, sent ahead
    await c.write((head('/api/v1/captures') + 'x'.repeat(1000) + GET).repeat(100));
    for (let i = 0; i < 100; i++) assert.deepEqual([(await c.answer()).status, (await c.answer()).status, i], [401, 200, i]);
    c.end();
});

test('the rate is counted once, and refuses at the head', async () => {
    const left = async (pieces) => {
        const c = connect(server.url);
        for (const p of pieces) await c.write(p);
        const answer = await c.answer();
        c.end();
        return Number(answer.headers['ratelimit-remaining']);
    };
    const one = [head('/api/v1/auth/login', { 'Content-Length': 2 }), '{}'];
    const first = await left(one), second = await left(one), third = await left([one.join('')]);
    assert.ok(first - second <= 1 && second - third <= 1, `${first} ${second} ${third}`);
    let refused;
    for (let i = 0; i < 100 && refused === undefined; i++) {
        const c = connect(server.url);
        await c.write(head('/api/v1/auth/login', { 'Content-Length': 2 }) + '{}');
        if ((await c.answer()).status === 429) refused = i;
        c.end();
    }
    assert.ok(refused > 30);
    const c = connect(server.url);
    await c.write(head('/api/v1/auth/login'));
    const answer = await c.answer();
    assert.equal(answer.status, 429);
    assert.match(answer.headers['retry-after'], /^\d+$/);
    c.end();
});

test('a right that goes while the body comes is gone when it has come', async () => {
    const token = (await owner.json('POST', '/api/v1/tokens', { name: 'w', scopes: ['read', 'write', 'capture'] })).body;
    const c = connect(server.url), body = '{"url":"https://nowhere.example/share/1"}';
    await c.write(head('/api/v1/captures', { Authorization: `Bearer ${token.token}`, 'Content-Length': body.length, Expect: '100-continue' }));
    assert.equal((await c.answer()).status, 100);
    assert.equal((await owner.json('DELETE', `/api/v1/tokens/${token.id}`)).status, 204);
    await c.write(body);
    assert.equal((await c.answer()).status, 401);
    c.end();
});

// Files that have no name any more: a spooled body is one.
const spooled = () => readdirSync(`/proc/${server.child.pid}/fd`).filter((fd) => {
    try { return /body-.*deleted/.test(readlinkSync(`/proc/${server.child.pid}/fd/${fd}`)); } catch { return false; }
}).length;
test('nothing of a stranger\'s body is spooled', { skip: process.platform !== 'linux' }, async () => {
    const all = [];
    for (let i = 0; i < 20; i++) {
        const c = connect(server.url);
        await c.write(head('/api/v1/captures', i % 2 ? CHUNKED : { 'Content-Length': 900_000 }));
        await c.write(i % 2 ? `80000\r\n${'x'.repeat(0x80000)}\r\n` : 'x'.repeat(600_000));
        all.push(c);
    }
    for (const c of all) assert.equal((await c.answer()).status, 401);
    assert.equal(spooled(), 0);
    for (const c of all) c.end();
});
