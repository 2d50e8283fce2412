// What strangers send: mutated frames, packets, payloads and requests over many raw connections to one server, which
// must answer as before, hold nothing back, and end without a leak (the sanitizer build says so by its exit status).
//
//   MUTATIONS=1000000 node --test tests/protocol/mutation.test.mjs     many more
//   MUTATION_SEED=7                                                    the same bytes again: connection by connection
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import { constants, deflateRawSync } from 'node:zlib';
import { clientFrame, mutate, random } from '../lib/mutate.mjs';
import { connect } from '../lib/raw.mjs';
import { sessionCount, eventually, figure, httpBytes, openSignalling, openEngineSocket, openPolling, QUICK, SEPARATOR, startRealtime, target } from '../lib/realtime.mjs';

const MUTATIONS = Number(process.env.MUTATIONS ?? 20_000);
const SEED = Number(process.env.MUTATION_SEED ?? randomInt(2 ** 31));
const WIDTH = 24; // connections at a time
const ADDRESSES = 20; // a limit counts by address
const EACH_MAX = 8; // mutations on one connection: the first that is a fault ends it, so few
const HANG_MS = 30_000;

const texts = (list) => list.map((s) => Buffer.from(s));
const PLACEHOLDER = '{"_placeholder":true,"num":0}';
const ENGINE_PACKETS = texts(['4hello', '4€ 漢字 🦊', '4', '3', '6', '2probe', '5', '1', '3probe', 'bAQIDBA==', 'b']);
const SOCKET_PACKETS = texts(['40', '40{"token":"abc"}', '40/custom,{"a":[1,{"b":null}]}', '41', '41/custom,', '42["message",1,"2",{"3":[true]}]', '42/custom,17["message"]',
    '42123["message-with-ack",{"a":{"b":[0.5,-1e9,"\\u20ac\\n"]}}]', '4317["ok"]', '43/custom,0[]', '44{"message":"x"}', `451-["message",${PLACEHOLDER}]`, `452-/custom,7["message-with-ack",${PLACEHOLDER},[${PLACEHOLDER.replace('0', '1')}]]`,
    `461-12[${PLACEHOLDER}]`, '42["broadcast",1]', `42["message",${'['.repeat(31)}${']'.repeat(31)}]`]);
const SIGNALS = texts(['{"type":"subscribe","topics":["a","b",7]}', '{"type":"unsubscribe","topics":["b"]}', '{"type":"ping"}', '{"type":"publish","topic":"a","data":{"type":"announce","from":"x"}}',
    '{"clients":1,"type":"publish","topic":"\\u0061","data":["},{",{"clients":2}]}', `{"type":"publish","topic":"a","data":${'['.repeat(30)}${']'.repeat(30)}}`]);
const CLOSE = Buffer.from([0x03, 0xe8, 0x62, 0x79, 0x65]); // 1000 "bye"

const TEXT = 0x81, BINARY = 0x82, PARTS = { text: 0x01, more: 0x00, last: 0x80 }, DEFLATED = 0xc1;
const deflated = (bytes) => deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
const framesOf = (packets) => [
    ...packets.map((p) => clientFrame(TEXT, p)),
    clientFrame(BINARY, Buffer.from([1, 2, 3, 4])), clientFrame(BINARY, Buffer.alloc(200, 7)), clientFrame(TEXT, Buffer.alloc(70_000, '4')),
    Buffer.concat([clientFrame(PARTS.text, Buffer.from('4one ')), clientFrame(0x89, Buffer.from('ping')), clientFrame(PARTS.more, Buffer.from('two ')), clientFrame(PARTS.last, Buffer.from('three'))]),
    clientFrame(0x89, Buffer.alloc(125, 'p')), clientFrame(0x8a, Buffer.alloc(0)), clientFrame(0x88, CLOSE), clientFrame(0x88, Buffer.alloc(0)),
];
const COMPRESSED = ['hello', '', 'x'.repeat(5000), '€ 漢字 🦊'].map((s) => clientFrame(DEFLATED, deflated(Buffer.from(s))))
    .concat([clientFrame(DEFLATED, deflated(Buffer.alloc(3_000_000))), clientFrame(0x41, deflated(Buffer.from('first'))), clientFrame(PARTS.last, Buffer.from([0]))]);

let server, url, upgrade, deflates;
before(async () => {
    server = await startRealtime(QUICK);
    url = server.url;
    upgrade = (path, more = {}) => httpBytes(url, 'GET', path, { headers: {
        Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', ...more } });
    deflates = upgrade('/ws-echo', { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' });
});

// The mutations of a connection, one after the other, in pieces of every size; what they are is the door's affair.
const several = (r, one) => Array.from({ length: 1 + r.below(EACH_MAX) }, () => one(r));

// What can be talked to, and how: each opens with bytes that are right and goes on with some that are not.
const websocket = (path) => target(path, { transport: 'websocket' });
const FRAMES = framesOf(ENGINE_PACKETS), SOCKET_FRAMES = framesOf(SOCKET_PACKETS);
const SIGNAL_FRAMES = framesOf(SIGNALS);
const JOINED = clientFrame(TEXT, Buffer.from('40')), SUBSCRIBED = clientFrame(TEXT, SIGNALS[0]);
const DOORS = [
    (r) => [upgrade(websocket('/engine.io/')), ...several(r, () => mutate(r, FRAMES))],
    (r) => [upgrade(websocket('/socket.io/')), JOINED, ...several(r, () => mutate(r, SOCKET_FRAMES))],
    // The frame is right, the packet in it is not.
    (r) => [upgrade(websocket('/engine.io/')), ...several(r, () => clientFrame(r.chance(0.8) ? TEXT : BINARY, mutate(r, ENGINE_PACKETS)))],
    (r) => [upgrade(websocket('/socket.io/')), JOINED, ...several(r, () => clientFrame(r.chance(0.9) ? TEXT : BINARY, mutate(r, SOCKET_PACKETS)))],
    (r) => [upgrade('/signaling'), SUBSCRIBED, ...several(r, () => (r.chance(0.3) ? mutate(r, SIGNAL_FRAMES) : clientFrame(r.chance(0.9) ? TEXT : BINARY, mutate(r, SIGNALS))))],
    (r) => [deflates, ...several(r, () => mutate(r, r.chance(0.7) ? COMPRESSED : FRAMES))],
    (r) => several(r, () => mutate(r, requests())),
];
let cachedRequests;
const requests = () => (cachedRequests ??= [
    httpBytes(url, 'GET', target('/engine.io/', { transport: 'polling' })), httpBytes(url, 'GET', target('/socket.io/', { transport: 'polling', sid: 'abcdefghijklmnopqrst' })),
    httpBytes(url, 'POST', target('/socket.io/', { transport: 'polling', sid: 'x' }), { body: '40' }), httpBytes(url, 'OPTIONS', target('/engine.io/', { transport: 'polling' })),
    upgrade(websocket('/engine.io/')), upgrade(websocket('/socket.io/')), upgrade('/signaling'), deflates,
]);

// All at once or in pieces; then the end of what we say, after which the server must end the connection: that it does
// is what shows that it has read everything and does not hang.
let upgraded = 0; // connections that became WebSockets: what is refused at the door has mutated nothing
async function rawConnection(r, door) {
    const c = connect(url, { localAddress: `127.0.0.${1 + r.below(ADDRESSES)}` });
    const parts = door(r), bytes = Buffer.concat(parts);
    c.socket.resume();
    for (let at = 0; at < bytes.length;) {
        const size = r.chance(0.8) ? bytes.length : 1 + r.below(2000);
        await c.write(bytes.subarray(at, at + size));
        at += size;
    }
    if (r.chance(0.1)) c.end();
    else c.socket.end();
    await c.closed(HANG_MS);
    if (c.text().startsWith('HTTP/1.1 101')) upgraded++;
    return parts.length;
}

// Mutated payloads by polling, session after session on one connection.
async function pollingConnection(r) {
    const path = r.pick(['/engine.io/', '/socket.io/']), packets = path === '/engine.io/' ? ENGINE_PACKETS : [...SOCKET_PACKETS, ...ENGINE_PACKETS];
    const payloads = [...packets, Buffer.from(packets.join(SEPARATOR)), Buffer.from(packets.slice(0, 3).join(SEPARATOR))];
    const c = connect(url, { localAddress: `127.0.0.${1 + r.below(ADDRESSES)}` });
    let sent = 0;
    await c.write(httpBytes(url, 'GET', target(path, { transport: 'polling' })));
    const { status, body } = await c.answer(HANG_MS);
    assert.equal(status, 200, body);
    const at = target(path, { transport: 'polling', sid: JSON.parse(body.split(SEPARATOR)[0].slice(1)).sid });
    for (let left = 1 + r.below(EACH_MAX), ok = true; ok && left > 0; left--, sent++) {
        await c.write(httpBytes(url, 'POST', at, { body: sent === 0 && r.chance(0.5) ? '40' : mutate(r, payloads) }));
        ok = (await c.answer(HANG_MS)).status === 200;
    }
    c.socket.end();
    await c.closed(HANG_MS);
    return sent;
}

test('the server survives what strangers send', async (t) => {
    t.diagnostic(`MUTATION_SEED=${SEED}`);
    const doors = DOORS.map((door) => (r) => rawConnection(r, door)).concat([pollingConnection]);
    let mutations = 0, connections = 0, ended = null;
    server.exited.then((code) => { ended = code; });
    const begin = Date.now();
    await Promise.all(Array.from({ length: WIDTH }, async () => {
        while (mutations < MUTATIONS && ended === null) {
            const number = connections++, r = random(SEED + number);
            const sent = await doors[r.below(doors.length)](r).catch((e) => {
                throw new Error(`connection ${number} of MUTATION_SEED=${SEED} (the server ${ended === null ? 'runs' : `ended with ${ended}`}): ${e.message}\n${server.log?.() ?? ''}`);
            });
            mutations += sent;
        }
    }));
    t.diagnostic(`${mutations} mutations over ${connections} connections, ${upgraded} of them WebSockets, in ${((Date.now() - begin) / 1000).toFixed(1)} s`);
    assert.equal(ended, null, `the server ended; MUTATION_SEED=${SEED}\n${server.log?.() ?? ''}`);
    assert.ok(mutations >= MUTATIONS && upgraded > connections / 3);
});

test('afterwards it answers as before', async () => {
    const session = await openPolling(url);
    await session.send('4hello');
    assert.equal(await session.receive(), '4hello');
    const socket = await openEngineSocket(url, '/socket.io/');
    socket.send('40');
    while (!(await socket.next()).startsWith('42["auth"'));
    socket.send('42["message","still"]');
    while ((await socket.next()) !== '42["message-back","still"]');
    socket.close();
    await session.post('1');
    const signalling = await openSignalling(url);
    signalling.subscribe('still');
    signalling.publish('still', 'here');
    assert.deepEqual(await signalling.hear(), { type: 'publish', topic: 'still', data: 'here', clients: 1 });
    signalling.close();
});

test('and no session is left', async () => {
    await eventually(async () => (await sessionCount(url)) === 0 && (await figure(url, 'signallers')) === 0);
});

after(async () => assert.equal(await server.stop(), 0));
