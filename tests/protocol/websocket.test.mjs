// WebSockets on the wire (RFC 6455, RFC 7692), byte by byte against /ws-echo, and with npm ws as an official client.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { randomBytes } from 'node:crypto';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import WebSocket from 'ws';
import { BINARY, CLOSE, PING, PONG, TEXT, closing, connect, frame, handshake, openWebSocket } from '../lib/raw.mjs';
import { signIn, startServer } from '../lib/server.mjs';

let server, address;
before(async () => {
    server = await startServer();
    address = server.url.replace('http', 'ws') + '/ws-echo';
});
after(async () => assert.equal(await server.stop(), 0));

const open = (options) => openWebSocket(server.url, '/ws-echo', options);
const figures = async () => Object.fromEntries((await (await fetch(server.url + '/metrics')).text())
    .split('\n').filter((l) => l.startsWith('vivim_websocket')).map((l) => [l.slice(16, l.lastIndexOf(' ')), Number(l.slice(l.lastIndexOf(' ') + 1))]));
// Poll until it is so; each look is a whole request.
async function eventually(look, what) {
    for (let i = 0; i < 2000; i++) {
        const seen = await look();
        if (seen) return seen;
    }
    throw new Error(`never: ${what}`);
}

// The frames are answered with a close frame of this code, and the connection ends.
async function refused(frames, code, before = []) {
    const c = await open();
    await c.write(Buffer.concat([frames].flat()));
    for (const text of before) assert.equal((await c.frame()).text, text);
    const f = await c.frame();
    assert.equal(f.opcode, CLOSE);
    assert.equal(f.code, code);
    assert.equal(f.masked, false);
    c.socket.end();
    await c.closed();
}
// The frames are echoed as these texts, and the connection goes on.
async function echoed(frames, texts) {
    const c = await open();
    await c.write(Buffer.concat([frames].flat()));
    for (const text of texts) assert.equal((await c.frame()).text, text);
    await c.write(frame(TEXT, 'still here'));
    assert.equal((await c.frame()).text, 'still here');
    c.end();
}

// --- the opening handshake ---------------------------------------------------------------------

test('the accept of the standard\'s example, and nothing that was not asked for', async () => {
    const { opened, end } = await open();
    assert.equal(opened.headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    assert.equal(opened.headers.upgrade, 'websocket');
    assert.equal(opened.headers.connection, 'Upgrade');
    assert.equal(opened.headers['sec-websocket-extensions'], undefined);
    assert.equal(opened.headers['sec-websocket-protocol'], undefined);
    end();
});

const handshakes = [
    ['tokens in any case and in lists', { Upgrade: 'h2c, WebSocket', Connection: 'keep-alive, uPGRADE' }, 101],
    ['Connection in two lines', { Connection: ['keep-alive', 'Upgrade'] }, 101],
    ['a subprotocol that we do not speak is left out', { 'Sec-WebSocket-Protocol': 'chat' }, 101],
    ['no Upgrade', { Upgrade: undefined }, 400],
    ['another Upgrade', { Upgrade: 'h2c' }, 400],
    ['no Connection', { Connection: undefined }, 400],
    ['Connection without Upgrade', { Connection: 'keep-alive' }, 400],
    ['no key', { 'Sec-WebSocket-Key': undefined }, 400],
    ['a key of 15 bytes', { 'Sec-WebSocket-Key': Buffer.alloc(15).toString('base64') }, 400],
    ['a key that is no base64', { 'Sec-WebSocket-Key': '!!!!!!!!!!!!!!!!!!!!!!==' }, 400],
    ['two keys', { 'Sec-WebSocket-Key': ['dGhlIHNhbXBsZSBub25jZQ==', 'dGhlIHNhbXBsZSBub25jZQ=='] }, 400],
    ['no version', { 'Sec-WebSocket-Version': undefined }, 426],
    ['version 8', { 'Sec-WebSocket-Version': '8' }, 426],
    ['versions 13 and 8', { 'Sec-WebSocket-Version': ['13', '8'] }, 426],
];
for (const [name, headers, status] of handshakes) {
    test(`handshake: ${name}: ${status}`, async () => {
        const c = connect(server.url);
        await c.write(handshake(server.url, '/ws-echo', headers));
        const answer = await c.answer();
        assert.equal(answer.status, status, answer.body);
        if (status === 426) assert.equal(answer.headers['sec-websocket-version'], '13');
        if (status >= 400) assert.equal(JSON.parse(answer.body).status, status);
        assert.equal(answer.headers['sec-websocket-protocol'], undefined);
        // What was refused is an ordinary answer: the connection goes on.
        await c.write(status === 101 ? frame(TEXT, 'x') : `GET /livez HTTP/1.1\r\nHost: ${new URL(server.url).host}\r\n\r\n`);
        if (status === 101) assert.equal((await c.frame()).text, 'x');
        else assert.equal((await c.answer()).body, 'ok\n');
        c.end();
    });
}

test('POST and HTTP/1.0 do not begin a WebSocket', async () => {
    for (const [from, to, status] of [['GET', 'POST', 405], ['HTTP/1.1', 'HTTP/1.0', 400]]) {
        const c = connect(server.url);
        await c.write(handshake(server.url, '/ws-echo').toString().replace(from, to));
        assert.equal((await c.answer()).status, status);
        c.end();
    }
});

test('frames in the same write as the request, whole and cut', async () => {
    const cut = frame(TEXT, 'third');
    const c = await open({ rest: Buffer.concat([frame(TEXT, 'first'), frame(TEXT, 'second'), cut.subarray(0, 4)]) });
    assert.equal((await c.frame()).text, 'first');
    assert.equal((await c.frame()).text, 'second');
    await c.write(cut.subarray(4));
    assert.equal((await c.frame()).text, 'third');
    c.end();
});

test('a page of another origin that carries the session cookie is refused, our own is not, nor is one without cookie', async () => {
    const owner = await signIn(server);
    const ask = async (headers) => {
        const c = connect(server.url);
        await c.write(handshake(server.url, '/ws-echo', headers));
        const { status, body } = await c.answer();
        c.end();
        return status === 403 ? JSON.parse(body).code : status;
    };
    assert.equal(await ask({ Cookie: owner.cookie, Origin: 'https://evil.example' }), 'cross_site');
    assert.equal(await ask({ Cookie: owner.cookie, Origin: 'null' }), 'cross_site');
    assert.equal(await ask({ Cookie: owner.cookie, Origin: server.url }), 101);
    assert.equal(await ask({ Cookie: owner.cookie }), 101);
    assert.equal(await ask({ Origin: 'https://evil.example' }), 101);
});

test('without the test key there is no echo', async () => {
    const other = await startServer({ env: { VIVIM_TEST: '0' } });
    const c = connect(other.url);
    await c.write(handshake(other.url, '/ws-echo'));
    assert.equal((await c.answer()).status, 404);
    assert.equal((await (await fetch(other.url + '/openapi.json')).json()).paths['/ws-echo'], undefined);
    c.end();
    assert.equal(await other.stop(), 0);
});

// --- frames -----------------------------------------------------------------------------------------

test('text as text, binary as binary, of every length around the borders', async () => {
    const c = await open();
    for (const n of [0, 1, 125, 126, 127, 65535, 65536, 65537, 200_000]) {
        const data = randomBytes(n);
        await c.write(frame(BINARY, data));
        const f = await c.frame();
        assert.deepEqual([f.fin, f.rsv, f.opcode, f.masked], [true, 0, BINARY, false]);
        assert.ok(f.payload.equals(data), `${n} bytes`);
        await c.write(frame(TEXT, 'ä'.repeat(n / 2)));
        const t = await c.frame();
        assert.equal(t.opcode, TEXT);
        assert.equal(t.text, 'ä'.repeat(n / 2));
    }
    c.end();
});

test('one byte at a time', async () => {
    const c = await open();
    const bytes = Buffer.concat([frame(TEXT, 'slowly', { fin: false }), frame(PING, 'ping'), frame(0, ' but surely'), frame(TEXT, 'x'.repeat(130)), frame(CLOSE, closing(1000, 'done'))]);
    for (const b of bytes) await c.write(Buffer.from([b]));
    assert.deepEqual([(await c.frame()).opcode, (await c.frame()).text, (await c.frame()).text.length], [PONG, 'slowly but surely', 130]);
    assert.equal((await c.frame()).code, 1000);
    c.end();
});

test('a hundred frames in one write', async () => {
    const c = await open();
    await c.write(Buffer.concat(Array.from({ length: 100 }, (_, i) => frame(TEXT, `n${i}`))));
    for (let i = 0; i < 100; i++) assert.equal((await c.frame()).text, `n${i}`);
    c.end();
});

test('16 MiB come back, one byte more is 1009 before it is sent', async () => {
    const c = await open();
    const data = randomBytes(16 * 2 ** 20);
    c.write(frame(BINARY, data));
    assert.ok((await c.frame(60_000)).payload.equals(data));
    const head = frame(BINARY, '', { form: 8 });
    head.writeBigUInt64BE(BigInt(data.length + 1), 2);
    await c.write(head);
    assert.equal((await c.frame()).code, 1009);
    c.end();
});

const fragments = [frame(TEXT, 'one ', { fin: false }), frame(0, '', { fin: false }), frame(0, 'two')];
test('fragments, with control frames between them', async () => {
    await echoed(fragments, ['one two']);
    await echoed([fragments[0], frame(PING, 'p1'), fragments[1], frame(PONG, 'unasked'), frame(PING, 'p2'), fragments[2]], ['p1', 'p2', 'one two']);
    await echoed([frame(TEXT, '', { fin: false }), frame(0, '', { fin: false }), frame(0, '')], ['']);
});

const wrong = {
    'not masked': [frame(TEXT, 'x', { masked: false }), 1002],
    'RSV1 without an extension': [frame(TEXT, 'x', { rsv: 4 }), 1002],
    'RSV2': [frame(TEXT, 'x', { rsv: 2 }), 1002],
    'RSV3': [frame(TEXT, 'x', { rsv: 1 }), 1002],
    'RSV1 on a ping': [frame(PING, 'x', { rsv: 4 }), 1002],
    ...Object.fromEntries([3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((op) => [`opcode ${op}`, [frame(op, 'x'), 1002]])),
    'a ping in fragments': [frame(PING, 'x', { fin: false }), 1002],
    'a close in fragments': [frame(CLOSE, closing(1000), { fin: false }), 1002],
    'a ping of 126 bytes': [frame(PING, Buffer.alloc(126)), 1002],
    'a continuation of nothing': [frame(0, 'x'), 1002],
    'a continuation of nothing, not final': [frame(0, 'x', { fin: false }), 1002],
    'a new text inside a message': [[frame(TEXT, 'a', { fin: false }), frame(TEXT, 'b')], 1002],
    'a new binary inside a message': [[frame(TEXT, 'a', { fin: false }), frame(BINARY, 'b')], 1002],
    'length 125 in two bytes': [frame(TEXT, 'x'.repeat(125), { form: 2 }), 1002],
    'length 65535 in eight bytes': [frame(TEXT, 'x'.repeat(65535), { form: 8 }), 1002],
    'a length with the top bit': [Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]), 1002],
    'bad UTF-8': [frame(TEXT, [0xc0, 0xaf]), 1007],
    'a surrogate': [frame(TEXT, [0xed, 0xa0, 0x80]), 1007],
    'above U+10FFFF': [frame(TEXT, [0xf4, 0x90, 0x80, 0x80]), 1007],
    'text that ends within a character': [frame(TEXT, [0xe2, 0x82]), 1007],
    'bad UTF-8 across fragments, told at once': [[frame(TEXT, [0xe2], { fin: false }), frame(0, [0x28], { fin: false })], 1007],
    'bad UTF-8 within an unfinished frame, told at once': [frame(TEXT, [...Buffer.from('ok'), 0xff, ...Buffer.alloc(100)]).subarray(0, 10), 1007],
    'more fragments than are allowed': [[frame(TEXT, '', { fin: false }), ...Array(100_000).fill(frame(0, '', { fin: false }))], 1008],
};
for (const [name, [frames, code]] of Object.entries(wrong)) test(`refused: ${name}: ${code}`, () => refused(frames, code));

test('what came before a bad frame is answered, nothing behind it', () =>
    refused([frame(TEXT, 'good'), frame(3), frame(TEXT, 'never')], 1002, ['good']));

test('a character in pieces: over fragments and over writes', async () => {
    const bytes = Buffer.from('κόσμε𝄞');
    await echoed([...bytes].map((b, i) => frame(i ? 0 : TEXT, [b], { fin: i === bytes.length - 1 })), ['κόσμε𝄞']);
    const c = await open();
    for (const b of frame(TEXT, bytes)) await c.write(Buffer.from([b]));
    assert.equal((await c.frame()).text, 'κόσμε𝄞');
    c.end();
});

test('pings of 0 and 125 bytes come back as pongs, pongs are left alone', async () => {
    const c = await open();
    for (const n of [0, 125]) {
        const data = randomBytes(n);
        await c.write(Buffer.concat([frame(PONG, 'unasked'), frame(PING, data)]));
        const f = await c.frame();
        assert.equal(f.opcode, PONG);
        assert.ok(f.payload.equals(data));
    }
    c.end();
});

// --- closing ------------------------------------------------------------------------------------------

for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])
    test(`close ${code} is answered with the same`, () => refused(frame(CLOSE, closing(code, 'why')), code));
for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
    test(`close ${code} may not stand on the wire`, () => refused(frame(CLOSE, closing(code)), 1002));
const badClose = { 'one byte': [[3], 1002], 'a reason that is no UTF-8': [[3, 232, 0xff], 1007], '124 bytes of reason': [closing(1000, 'x'.repeat(124)), 1002] };
for (const [name, [payload, code]] of Object.entries(badClose)) test(`close with ${name}`, () => refused(frame(CLOSE, payload), code));

test('close without a code is answered without one; 123 bytes of reason are right', async () => {
    const c = await open();
    await c.write(frame(CLOSE));
    const f = await c.frame();
    assert.deepEqual([f.opcode, f.payload.length], [CLOSE, 0]);
    c.end();
    await refused(frame(CLOSE, closing(1000, 'x'.repeat(123))), 1000);
});

test('nothing is answered after a close, and the server ends a connection whose peer does not', async () => {
    const c = await open();
    await c.write(Buffer.concat([frame(TEXT, 'before'), frame(CLOSE, closing(1000)), frame(TEXT, 'behind'), frame(PING, 'behind')]));
    assert.equal((await c.frame()).text, 'before');
    assert.equal((await c.frame()).code, 1000);
    await c.write(frame(TEXT, 'later'));
    assert.equal(await c.frame(), null);
});

test('every end is counted once, by its code', async () => {
    const was = await figures();
    const gone = await open(), left = await open();
    gone.end();
    await left.write(frame(CLOSE, closing(4321)));
    await left.frame();
    left.end();
    await refused(frame(3), 1002);
    const more = (now, key) => (now[key] ?? 0) - (was[key] ?? 0);
    const now = await eventually(async () => {
        const f = await figures();
        return more(f, 'closed_total{code="1006"}') === 1 && more(f, 'closed_total{code="other"}') === 1 && more(f, 'closed_total{code="1002"}') === 1 && f;
    }, 'three more ends');
    assert.equal(more(now, 'opened_total'), 3);
    assert.equal(now.connections, was.connections);
});

// --- permessage-deflate -----------------------------------------------------------------------------------

const offer = (text) => ({ headers: { 'Sec-WebSocket-Extensions': text } });
const NONE = 'server_no_context_takeover; client_no_context_takeover';
const answers = [
    ['permessage-deflate', `permessage-deflate; ${NONE}`],
    ['permessage-deflate; client_max_window_bits', `permessage-deflate; ${NONE}`],
    ['permessage-deflate; client_max_window_bits=10; server_max_window_bits=10', `permessage-deflate; ${NONE}; server_max_window_bits=10`],
    ['permessage-deflate; server_max_window_bits=8', undefined],
    ['permessage-deflate; server_max_window_bits=8, permessage-deflate', `permessage-deflate; ${NONE}`],
    ['permessage-deflate; server_max_window_bits', undefined],
    ['permessage-deflate; server_max_window_bits=16', undefined],
    ['permessage-deflate; server_no_context_takeover; server_no_context_takeover', undefined],
    ['permessage-deflate; unknown', undefined],
    ['x-webkit-deflate-frame', undefined],
];
for (const [text, answer] of answers)
    test(`offered: ${text}`, async () => {
        const c = await open(offer(text));
        assert.equal(c.opened.headers['sec-websocket-extensions'], answer);
        c.end();
    });

const pack = (data) => deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
const unpack = (f) => (f.rsv === 4 ? inflateRawSync(Buffer.concat([f.payload, Buffer.from([0, 0, 255, 255])]), { finishFlush: constants.Z_SYNC_FLUSH }) : f.payload);

test('packed messages: whole, in fragments, empty, with a final block; control frames stay plain', async () => {
    const c = await open(offer('permessage-deflate'));
    const text = 'so it goes '.repeat(500), packed = pack(text);
    const empty = Buffer.from([0]), final = deflateRawSync(text);
    const send = [
        [frame(TEXT, packed, { rsv: 4 })],
        [frame(TEXT, packed.subarray(0, 10), { rsv: 4, fin: false }), frame(PING, 'p'), frame(0, packed.subarray(10))],
        [frame(TEXT, Buffer.concat([final, Buffer.from([0])]), { rsv: 4 })],
        [frame(TEXT, text)],
    ];
    for (const frames of send) {
        await c.write(Buffer.concat(frames));
        if (frames.length > 1) assert.equal((await c.frame()).text, 'p');
        const f = await c.frame();
        assert.equal(f.rsv, 4);
        assert.equal(unpack(f).toString(), text);
    }
    await c.write(frame(TEXT, empty, { rsv: 4 }));
    assert.equal((await c.frame()).text, '');
    await c.write(frame(TEXT, 'short'));
    assert.equal((await c.frame()).rsv, 0, 'what is short is not packed');
    c.end();
});

const badPacked = {
    'RSV1 on a continuation': [[frame(TEXT, 'x', { fin: false }), frame(0, 'x', { rsv: 4 })], 1002],
    'RSV1 on a ping': [[frame(PING, 'x', { rsv: 4 })], 1002],
    'what is no deflate': [[frame(TEXT, [0xff, 0xff, 0xff], { rsv: 4 })], 1007],
    'packed text that is no UTF-8': [[frame(TEXT, pack(Buffer.from([0x61, 0xff])), { rsv: 4 })], 1007],
    'a bomb: 1 GiB in 1 MiB': [[frame(BINARY, Buffer.concat(Array(64).fill(deflateRawSync(Buffer.alloc(2 ** 24), { finishFlush: constants.Z_FULL_FLUSH }))), { rsv: 4 })], 1009],
    '16 MiB and one byte': [[frame(BINARY, pack(Buffer.alloc(2 ** 24 + 1)), { rsv: 4 })], 1009],
};
for (const [name, [frames, code]] of Object.entries(badPacked))
    test(`refused with permessage-deflate: ${name}: ${code}`, async () => {
        const c = await open(offer('permessage-deflate'));
        await c.write(Buffer.concat(frames));
        assert.equal((await c.frame()).code, code);
        c.end();
    });

// --- npm ws --------------------------------------------------------------------------------------------------

async function client(options) {
    const ws = new WebSocket(address, options);
    const got = [];
    let wake = () => {};
    ws.on('message', (data, isBinary) => { got.push(isBinary ? data : data.toString()); wake(); });
    await new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject));
    return Object.assign(ws, {
        next: () => new Promise((resolve) => { wake = () => { if (got.length) { wake = () => {}; resolve(got.shift()); } }; wake(); }),
        ended: (...args) => { const p = new Promise((resolve) => ws.once('close', (code, reason) => resolve([code, reason.toString()]))); if (args.length) ws.close(...args); return p; },
    });
}

// Not clientNoContextTakeover: false. With it the client itself refuses an answer that RFC 7692 section 7.1.1.2 allows
// us to give; the offer on the wire does not tell us (docs/decisions/0006).
test('npm ws: every combination of its perMessageDeflate options', async () => {
    const flag = [undefined, true, false], bits = [undefined, 9, 12, 15];
    const text = JSON.stringify(Array.from({ length: 300 }, (_, i) => ({ i, word: `w${i % 7}` })));
    for (const serverNoContextTakeover of flag)
        for (const clientNoContextTakeover of [undefined, true])
            for (const serverMaxWindowBits of bits)
                for (const clientMaxWindowBits of [...bits, true]) {
                    const options = Object.fromEntries(Object.entries({ serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits, threshold: 0 }).filter(([, v]) => v !== undefined));
                    const ws = await client({ perMessageDeflate: options });
                    assert.match(ws.extensions, /permessage-deflate/, JSON.stringify(options));
                    for (const message of ['', 'a', text, text]) {
                        ws.send(message);
                        assert.equal(await ws.next(), message, JSON.stringify(options));
                    }
                    assert.deepEqual(await ws.ended(1000), [1000, '']);
                }
});

test('npm ws: six connections at once, packed JSON of 1 byte to 70 kB, each of them twice', async () => {
    const sizes = [1, 10, 100, 1000, 1023, 1024, 1025, 10_000, 65_535, 65_536, 70_000];
    await Promise.all(Array.from({ length: 6 }, async (_, n) => {
        const ws = await client({ perMessageDeflate: { threshold: n % 2 ? 0 : 1024 } });
        for (const size of [...sizes, ...sizes]) {
            const message = JSON.stringify(Array.from({ length: size }, (_, i) => (i * (n + 1)) % 97)).slice(0, size);
            ws.send(message);
            ws.send(Buffer.from(message));
            assert.equal(await ws.next(), message);
            assert.equal((await ws.next()).toString(), message);
        }
        await ws.ended(1000);
    }));
});

test('npm ws: fragments, pings, closing both ways', async () => {
    const ws = await client({ perMessageDeflate: false });
    ws.send('in ', { fin: false });
    ws.ping('are you there');
    const pong = await new Promise((resolve) => ws.once('pong', resolve));
    assert.equal(pong.toString(), 'are you there');
    ws.send('pieces', { fin: true });
    assert.equal(await ws.next(), 'in pieces');
    assert.deepEqual(await ws.ended(4000, 'enough'), [4000, '']);

    const other = await startServer();
    const stays = new WebSocket(other.url.replace('http', 'ws') + '/ws-echo');
    await new Promise((resolve) => stays.once('open', resolve));
    const end = new Promise((resolve) => stays.once('close', (code) => resolve(code)));
    assert.equal(await other.stop(), 0);
    assert.equal(await end, 1001);
});

// --- slow and silent peers ----------------------------------------------------------------------------------

test('a peer that does not read is not read from, and gets everything when it does', async () => {
    const c = await open();
    const size = 65_000, count = 1000;
    c.socket.pause();
    const before = (await figures())['bytes_total{direction="in"}'];
    let written = 0;
    for (let i = 0; i < count; i++) c.write(frame(TEXT, String(i).padEnd(size, '.'))).then(() => written++);
    let last = -1, same = 0;
    await eventually(async () => {
        const now = (await figures())['bytes_total{direction="in"}'];
        same = now === last ? same + 1 : 0;
        last = now;
        return same >= 20;
    }, 'the server stops reading');
    assert.ok(written < count, 'it took all without giving any');
    assert.ok(last - before < 40_000_000, `${last - before} bytes were read`);
    c.socket.resume();
    for (let i = 0; i < count; i++) assert.equal((await c.frame(60_000)).text.slice(0, 8).replace(/\.+$/, ''), String(i));
    assert.equal((await figures()).dropped_total, 0);
    c.end();
});

test('a peer that goes without a word is forgotten', async () => {
    const c = await open();
    const was = (await figures()).connections;
    c.socket.resetAndDestroy();
    await eventually(async () => (await figures()).connections === was - 1, 'one connection less');
});
