// The official clients, new and old, by each transport, in node and in Chromium.
// VIVIM_REALTIME_REFERENCE=1 runs the same tests against npm `socket.io`.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { io } from 'socket.io-client';
import { io as io45 } from 'socket.io-client-45';
import { PATIENT, QUICK, startRealtime } from '../lib/realtime.mjs';
import { tempFolder } from '../lib/server.mjs';

const EXECUTABLE = process.env.VIVIM_TEST_CHROMIUM ?? '/usr/bin/chromium-headless-shell';
const CLIENTS = { 4.8: io, 4.5: io45 };
const TRANSPORTS = { 'polling only': ['polling'], 'WebSocket only': ['websocket'], 'polling, then upgraded': ['polling', 'websocket'] };
const WAIT_MS = 10_000;

let server;
before(async () => { server = await startRealtime(PATIENT); });
after(async () => assert.equal(await server.stop(), 0));

// The next event of a socket: its arguments. It must be asked for before what causes it.
function heard(socket, event, ms = WAIT_MS) {
    return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no ${event} within ${ms} ms`)), ms);
        socket.once(event, (...args) => { clearTimeout(timer); resolve(args); });
    });
}
async function connected(connect, options = {}, nsp = '/', url = server.url) {
    const socket = connect(url + nsp, { forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 200, ...options });
    const auth = heard(socket, 'auth');
    await heard(socket, 'connect');
    return Object.assign(socket, { authHeard: (await auth)[0] });
}

for (const [version, connect] of Object.entries(CLIENTS))
    for (const [how, transports] of Object.entries(TRANSPORTS))
        describe(`client ${version}, ${how}`, () => {
            let socket;
            before(async () => { socket = await connected(connect, { transports, auth: { token: 'abc', deep: { list: [1, null, '€'] } } }); });
            after(() => socket.disconnect());

            test('connects with its auth payload', async () => {
                assert.deepEqual(socket.authHeard, { token: 'abc', deep: { list: [1, null, '€'] } });
                assert.match(socket.id, /^[A-Za-z0-9_-]{20,}$/);
                assert.notEqual(socket.id, socket.io.engine.id);
            });
            test('the server asks, and hears what it is answered', async () => {
                socket.once('asked', (...args) => args.pop()(...args, 'and more', { list: [1, null] }));
                const answered = heard(socket, 'ask-answered');
                socket.emit('ask', 'a question', 7);
                assert.deepEqual(await answered, ['a question', 7, 'and more', { list: [1, null] }]);
                socket.once('asked', (answer) => answer());
                const empty = heard(socket, 'ask-answered');
                socket.emit('ask');
                assert.deepEqual(await empty, []);
            });
            if (transports.length > 1)
                test('is upgraded, and messages sent meanwhile come in order', async () => {
                    const other = connect(server.url, { forceNew: true, transports });
                    const back = [];
                    other.on('message-back', (i) => back.push(i));
                    let sent = 0, done = false;
                    other.io.engine.once('upgrade', () => { done = true; });
                    const end = Date.now() + WAIT_MS;
                    while ((!done || sent < 100) && Date.now() < end) {
                        other.emit('message', sent++);
                        await new Promise((resolve) => setImmediate(resolve));
                    }
                    assert.ok(done, 'no upgrade');
                    const last = new Promise((resolve) => other.on('message-back', (i) => i === sent && resolve()));
                    other.emit('message', sent);
                    await last;
                    assert.deepEqual(back, Array.from({ length: sent + 1 }, (_, i) => i));
                    assert.equal(other.io.engine.transport.name, 'websocket');
                    other.disconnect();
                });
            else
                test('stays on its transport', () => assert.equal(socket.io.engine.transport.name, transports[0]));
            test('arguments of all kinds come back', async () => {
                const args = [1, '2', { 3: [true], '€': '漢字 🦊' }, [], null, 0.1, ''];
                const back = heard(socket, 'message-back');
                socket.emit('message', ...args);
                assert.deepEqual(await back, args);
            });
            test('bytes come back as bytes, at any depth', async () => {
                const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i & 255));
                const back = heard(socket, 'message-back');
                socket.emit('message', bytes, { deep: [{ bytes: Buffer.from('inside') }] }, 'text', Buffer.alloc(0));
                assert.deepEqual(await back, [bytes, { deep: [{ bytes: Buffer.from('inside') }] }, 'text', Buffer.alloc(0)]);
            });
            test('acknowledgements, with bytes too', async () => {
                const answer = await new Promise((resolve) => socket.emit('message-with-ack', 'a', Buffer.from([1, 2]), (...args) => resolve(args)));
                assert.deepEqual(answer, ['a', Buffer.from([1, 2])]);
                const all = await Promise.all(Array.from({ length: 100 }, (_, i) => new Promise((resolve) => socket.emit('message-with-ack', i, resolve))));
                assert.deepEqual(all, Array.from({ length: 100 }, (_, i) => i));
            });
            test('an acknowledgement that does not come is an error of its own, and no end', async () => {
                const error = await new Promise((resolve) => socket.timeout(100).emit('nobody-knows-this', 1, resolve));
                assert.match(error.message, /timed out/);
                const [late, value] = await new Promise((resolve) => socket.timeout(WAIT_MS).emit('message-with-ack', 1, (...args) => resolve(args)));
                assert.deepEqual([late, value], [null, 1]);
            });
            test('two namespaces over one connection', async () => {
                const custom = socket.io.socket('/custom', { auth: { who: 'custom' } });
                assert.deepEqual(await heard(custom, 'auth'), [{ who: 'custom' }]);
                assert.notEqual(custom.id, socket.id);
                custom.disconnect();
                const back = heard(socket, 'message-back');
                socket.emit('message', 'still');
                assert.deepEqual(await back, ['still']);
            });
            test('an unknown namespace is a connect_error', async () => {
                const unknown = connect(`${server.url}/random`, { forceNew: true, transports, reconnection: false });
                const [error] = await heard(unknown, 'connect_error');
                assert.equal(error.message, 'Invalid namespace');
                unknown.disconnect();
            });
            test('disconnects and connects again with a new id', async () => {
                const other = await connected(connect, { transports });
                const first = other.id;
                const left = heard(other, 'disconnect');
                other.disconnect();
                assert.deepEqual((await left)[0], 'io client disconnect');
                const back = heard(other, 'connect');
                other.connect();
                await back;
                assert.notEqual(other.id, first);
                other.disconnect();
            });
            test('10,000 events emitted at once: by polling they are one body', async () => {
                const back = [];
                const collect = (i) => { back.push(i); };
                socket.on('message-back', collect);
                for (let i = 0; i < 10_000; i++) socket.emit('message', i);
                await new Promise((resolve, reject) => socket.timeout(WAIT_MS).emit('message-with-ack', (late) => (late ? reject(late) : resolve())));
                socket.off('message-back', collect);
                assert.deepEqual(back, Array.from({ length: 10_000 }, (_, i) => i));
            });
            test('a large message', async () => {
                const large = 'x'.repeat(500_000);
                const back = heard(socket, 'message-back');
                socket.emit('message', large);
                assert.deepEqual(await back, [large]);
            });
        });

test('100 clients side by side, each hears its own', async () => {
    const sockets = await Promise.all(Array.from({ length: 100 }, (_, i) =>
        connected(Object.values(CLIENTS)[i % 2], { transports: Object.values(TRANSPORTS)[i % 3] })));
    assert.equal(new Set(sockets.map((s) => s.id)).size, 100);
    const backs = sockets.map((s) => heard(s, 'message-back'));
    sockets.forEach((s, i) => s.emit('message', `mine ${i}`));
    assert.deepEqual(await Promise.all(backs), sockets.map((_, i) => [`mine ${i}`]));
    const told = sockets.map((s) => heard(s, 'broadcast-back'));
    sockets[0].emit('broadcast', { to: 'all' });
    assert.deepEqual(await Promise.all(told), sockets.map(() => [{ to: 'all' }]));
    for (const s of sockets) s.disconnect();
});

test('the heartbeat keeps a silent client connected', async () => {
    const quick = await startRealtime(QUICK);
    const socket = await connected(io, { reconnection: false }, '/', quick.url);
    let pings = 0;
    socket.io.on('ping', () => pings++);
    while (pings < 5) await heard(socket.io, 'ping');
    assert.ok(socket.connected);
    socket.disconnect();
    assert.equal(await quick.stop(), 0);
});

test('an answer that does not come is none, one that comes too late is let pass, and the next is heard', async () => {
    const socket = await connected(io, { transports: ['websocket'] });
    const asked = heard(socket, 'asked'), timedOut = heard(socket, 'ask-answered', 30_000);
    socket.emit('ask', 'later');
    const [, answer] = await asked;
    assert.deepEqual(await timedOut, ['timeout']);
    answer('too late');
    socket.once('asked', (question, reply) => reply(question));
    const answered = heard(socket, 'ask-answered');
    socket.emit('ask', 'now');
    assert.deepEqual(await answered, ['now']);
    socket.disconnect();
});

test('kill -9 and a restart: clients of every kind come back by themselves', async () => {
    const data = tempFolder();
    let mortal = await startRealtime({ ...PATIENT, data, keep: true });
    const { url } = mortal, { port } = new URL(url);
    const sockets = [];
    for (const connect of Object.values(CLIENTS))
        for (const transports of Object.values(TRANSPORTS)) sockets.push(await connected(connect, { transports }, '/', url));
    const before = sockets.map((s) => s.id);
    const left = sockets.map((s) => heard(s, 'disconnect'));
    const back = sockets.map((s) => heard(s, 'connect', 30_000));
    await mortal.stop('SIGKILL');
    for (const [reason] of await Promise.all(left)) assert.match(reason, /^transport (close|error)$/);
    mortal = await startRealtime({ ...PATIENT, data, port });
    await Promise.all(back);
    sockets.forEach((s, i) => assert.notEqual(s.id, before[i]));
    const answers = await Promise.all(sockets.map((s, i) => new Promise((resolve) => s.emit('message-with-ack', i, resolve))));
    assert.deepEqual(answers, sockets.map((_, i) => i));
    for (const s of sockets) s.disconnect();
    assert.equal(await mortal.stop(), 0);
});

describe('client 4.8 in Chromium, from another origin', () => {
    let pages, browser, page;
    before(async () => {
        pages = createServer((rq, rs) => rs.setHeader('content-type', 'text/html').end('<!doctype html><title>client</title>')).listen(0, '127.0.0.1');
        await once(pages, 'listening');
        browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] });
        page = await browser.newPage();
        await page.goto(`http://127.0.0.1:${pages.address().port}/`);
        await page.addScriptTag({ path: createRequire(import.meta.url).resolve('socket.io-client/dist/socket.io.js') });
    });
    after(async () => {
        await browser?.close();
        pages?.close();
    });
    for (const [how, transports] of Object.entries(TRANSPORTS))
        test(how, async () => {
            const result = await page.evaluate(async ({ url, transports }) => {
                const socket = io(url, { forceNew: true, transports, auth: { from: 'Chromium' } });
                const heard = (event) => new Promise((resolve) => socket.once(event, (...args) => resolve(args)));
                const upgraded = transports.length > 1 && new Promise((resolve) => socket.io.engine.once('upgrade', resolve));
                const [auth] = await heard('auth');
                await upgraded;
                const back = heard('message-back');
                socket.emit('message', '€', new Uint8Array([1, 2, 255]).buffer, { a: [1] });
                const [text, bytes, object] = await back;
                const ack = await socket.timeout(10_000).emitWithAck('message-with-ack', 'acknowledged');
                const transport = socket.io.engine.transport.name;
                socket.disconnect();
                return { auth, text, bytes: [...new Uint8Array(bytes)], object, ack, transport };
            }, { url: server.url, transports });
            assert.deepEqual(result, { auth: { from: 'Chromium' }, text: '€', bytes: [1, 2, 255], object: { a: [1] }, ack: 'acknowledged', transport: transports.at(-1) });
        });
    test('what goes wrong in one page does not reach another', async () => {
        const other = await browser.newPage();
        await other.goto(page.url());
        await other.addScriptTag({ path: createRequire(import.meta.url).resolve('socket.io-client/dist/socket.io.js') });
        const connect = (url) => new Promise((resolve) => { globalThis.socket = io(url, { forceNew: true }); globalThis.socket.once('auth', () => resolve(globalThis.socket.id)); });
        const ids = [await page.evaluate(connect, server.url), await other.evaluate(connect, server.url)];
        assert.notEqual(ids[0], ids[1]);
        await other.close(); // as a reader closes a tab: no goodbye
        assert.equal(await page.evaluate(() => globalThis.socket.timeout(10_000).emitWithAck('message-with-ack', 'here')), 'here');
        await page.evaluate(() => globalThis.socket.disconnect());
    });
});
