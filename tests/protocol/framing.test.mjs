// Where one request ends and the next begins (RFC 9112): nothing that two readers could take apart differently is taken,
// however the bytes arrive, and nothing of a body's frame is read without end.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { malformed } from '../lib/malformed.mjs';
import { connect } from '../lib/raw.mjs';
import { startServer } from '../lib/server.mjs';

let server, host;
before(async () => {
    server = await startServer();
    host = new URL(server.url).host;
});
after(async () => assert.equal(await server.stop(), 0));

const whole = (c, bytes) => c.write(Buffer.from(bytes, 'latin1'));
async function singly(c, bytes, isAnswered = () => c.socket.destroyed || c.text()) {
    c.socket.setNoDelay(true);
    for (const b of Buffer.from(bytes, 'latin1')) {
        if (isAnswered()) return;
        await c.write(Buffer.from([b]));
        await new Promise(setImmediate);
    }
}
async function refused(send, bytes, what) { // from an address of its own: a burst of sign-ins is 60
    const c = connect(server.url, { localAddress: send === whole ? '127.0.0.2' : '127.0.0.3' });
    await send(c, bytes.replaceAll('HOST', host));
    const answer = await c.answer();
    assert.equal(answer.status, 400, `${what}: ${answer.status} ${answer.body}`);
    assert.equal(answer.headers.connection, 'close', what);
    await c.closed();
    assert.equal(c.text(), '', `${what}: one answer, and no second request was found`);
}

for (const [how, send] of Object.entries({ whole, 'byte by byte': singly }))
    test(`refused, sent ${how}`, async (t) => {
        await Promise.all(Object.entries(malformed).map(([name, bytes]) => t.test(name, () => refused(send, bytes, name))));
    });

// A sign-in without a password: the body has been read when it is 422.
const body = '{"handle":"owner"}', READ = 422;
const chunked = (frames) => `POST /api/v1/auth/login HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${frames}`;
const GET = () => `GET /livez HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

test('taken, whole and byte by byte: what looks unusual and is not', async () => {
    const size = body.length.toString(16);
    const good = {
        'a blank line before': ['\r\n' + GET(), 200],
        'an upper-case size with zeros': [chunked(`000${size.toUpperCase()}\r\n${body}\r\n0\r\n\r\n`), READ],
        'extensions': [chunked(`${size};a;b=c;d="e f"\r\n${body}\r\n0;z\r\n\r\n`), READ],
        'trailers': [chunked(`${size}\r\n${body}\r\n0\r\nX: y\r\nContent-Length: 7\r\nHost: evil.example\r\n\r\n`), READ],
        'Chunked': [chunked(`${size}\r\n${body}\r\n0\r\n\r\n`).replace(': chunked', ':\tChunked'), READ],
        'a length with zeros': [`POST /api/v1/auth/login HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 00${body.length}\r\n\r\n${body}`, READ],
        'bytes over 127 in a field': [GET().replace('\r\n\r\n', '\r\nX: \xe4\xff\r\n\r\n'), 200],
        'OPTIONS with a body': [`OPTIONS /api/v1/me HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 3\r\n\r\nabc`, 204],
    };
    for (const [name, [bytes, status]] of Object.entries(good))
        for (const send of [whole, singly]) {
            const c = connect(server.url);
            await send(c, bytes, () => false);
            assert.equal((await c.answer()).status, status, name);
            await c.write(GET());
            assert.equal((await c.answer()).status, 200, `${name}: the connection goes on where the request ended`);
            c.end();
        }
});

test('trailers are dropped: they are no headers of the request, and point nowhere', async () => {
    for (let i = 0; i < 20; i++) {
        const c = connect(server.url);
        await c.write(chunked(`${body.length.toString(16)}\r\n`));
        await c.write(`${body}\r\n0\r\nCONTENT-TYPE: text/plain\r\nCOOKIE: vivim=zzz\r\n`);
        await c.write(`X-Fill: ${'Y'.repeat(4000)}\r\n\r\n${GET()}`);
        const answer = await c.answer();
        assert.equal(answer.status, READ, answer.body);
        assert.equal((await c.answer()).status, 200);
        c.end();
    }
});

// A client that goes on for ever is told so long before: how much it could send, at most.
async function endless(start, unit) {
    const c = connect(server.url);
    let sent = 0;
    await c.write(start);
    while (!c.text() && !c.socket.destroyed && sent < 64 << 20) {
        await c.write(unit);
        sent += unit.length;
        await new Promise(setImmediate);
    }
    const answer = await c.answer();
    c.end();
    return { status: answer.status, sent };
}
test('extensions, trailers, chunks and sizes without end are refused within limits', async () => {
    const cases = {
        'one extension': [chunked('1;'), 'a'.repeat(1000)],
        'extensions of many chunks': [chunked(''), `1;${'a'.repeat(900)}\r\n \r\n`],
        'one trailer': [chunked('0\r\nX: '), 'a'.repeat(1000)],
        'many trailers': [chunked('0\r\n'), 'X: y\r\n'.repeat(100)],
        'a name of a trailer': [chunked('0\r\n'), 'x'.repeat(1000)],
        'digits of a size': [chunked(''), '0'.repeat(1000)],
        'blank lines': ['', '\r\n'.repeat(100)],
    };
    for (const [name, [start, unit]] of Object.entries(cases)) {
        const { status, sent } = await endless(start, unit);
        assert.equal(status, 400, name);
        assert.ok(sent < 4 << 20, `${name}: ${sent} bytes were taken`);
    }
});
