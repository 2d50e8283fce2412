// 9, replayed: what is no HTTP/1.1, whose address it is, whose ETag.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { malformed } from '../lib/malformed.mjs';
import { connect } from '../lib/raw.mjs';
import { signIn } from '../lib/server.mjs';
import { startRelease } from './release.mjs';

let server, owner, host;
before(async () => {
    server = await startRelease({ env: { VIVIM_TRUSTED_PROXIES: '127.0.0.1' } });
    owner = await signIn(server);
    host = new URL(server.url).host;
});
after(async () => assert.equal(await server.stop(), 0));

// Each of these tests comes from an address of its own, for a burst of sign-ins is 60.
const send = async (pieces, localAddress) => {
    const c = connect(server.url, { localAddress });
    c.socket.setNoDelay(true);
    for (const p of pieces) {
        if (c.socket.destroyed || c.text()) break;
        await c.write(p);
        await new Promise(setImmediate);
    }
    const answer = await c.answer();
    c.end();
    return answer;
};

test('9a no request that two readers could take apart differently is taken, whole or byte by byte', async () => {
    await Promise.all(Object.entries(malformed).map(async ([name, text]) => {
        const bytes = Buffer.from(text.replaceAll('HOST', host), 'latin1');
        assert.equal((await send([bytes], '127.0.0.2')).status, 400, name);
        assert.equal((await send([...bytes].map((b) => Buffer.from([b])), '127.0.0.3')).status, 400, `${name}, byte by byte`);
    }));
});

test('9b chunk extensions and trailers of hundreds of MB are refused within limits', async () => {
    const head = `POST /api/v1/auth/login HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    for (const [start, unit] of [['1;', 'a'.repeat(100_000)], ['', '1;aaaaaaaa\r\n \r\n'.repeat(5000)], ['0\r\nX: ', 'a'.repeat(100_000)], ['0\r\n', 'X: y\r\n'.repeat(10_000)]]) {
        const c = connect(server.url, { localAddress: '127.0.0.4' });
        let sent = 0;
        await c.write(head + start);
        for (; !c.text() && !c.socket.destroyed && sent < 200e6; sent += unit.length) {
            await c.write(unit);
            await new Promise(setImmediate); // or nobody looks whether an answer is there
        }
        assert.equal((await c.answer()).status, 400);
        assert.ok(sent < 20e6, `${sent} bytes`);
        c.end();
    }
});

test('9c a trailer is no header, and points nowhere', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, async (_, i) => {
        const c = connect(server.url, { localAddress: '127.0.0.5' });
        await c.write(`POST /api/v1/auth/login HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n`);
        await c.write(`CONTENT-TYPE: text/plain\r\nCOOKIE: ${owner.cookie}\r\n`);
        await c.write(`X-${'F'.repeat(i * 50)}: y\r\n\r\n`);
        const answer = await c.answer();
        c.end();
        return answer.status;
    }));
    assert.ok(all.every((status) => status === 422), String(all));
});

test('9d two accounts never share an ETag of /me', async () => {
    const other = await signIn(server, 'other'), tags = [];
    for (const who of [owner, other]) {
        const { token } = (await who.json('POST', '/api/v1/tokens', { name: 't', scopes: ['read'] })).body;
        const me = (headers = {}) => fetch(server.url + '/api/v1/me', { headers: { authorization: `Bearer ${token}`, ...headers } });
        for (const tag of tags) assert.equal((await me({ 'if-none-match': tag })).status, 200);
        tags.push((await me()).headers.get('etag'));
    }
    assert.notEqual(tags[0], tags[1]);
});

test('9e an IPv6 network is one stranger to the rates, a made-up hop is the proxy', async () => {
    const attempt = async (forwarded) => (await fetch(server.url + '/api/v1/auth/login', { method: 'POST', headers: { 'content-type': 'application/json', 'x-forwarded-for': forwarded }, body: '{}' })).status;
    const statuses = async (hop) => {
        const seen = new Set();
        for (let i = 0; i < 90; i++) seen.add(await attempt(hop(i)));
        return seen;
    };
    assert.ok((await statuses((i) => `2001:db8:5:6:${i.toString(16)}::1`)).has(429));
    assert.ok((await statuses((i) => (i % 2 ? '198.51.100.8' : '::ffff:198.51.100.8'))).has(429));
    assert.ok((await statuses((i) => `stranger-${i}`)).has(429));
    assert.equal(await attempt('2001:db8:5:7::1'), 422);
});
