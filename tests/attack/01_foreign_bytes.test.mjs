// Point 1, without a browser: no text of a signed-in stranger ends the process.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { acknowledged, ID, sendHostileEvents, ZERO } from '../lib/foreign_text.mjs';
import { openEngineSocket, openSignalling } from '../lib/realtime.mjs';
import { client, signIn } from '../lib/server.mjs';
import { startRelease } from './release.mjs';

let server, headers;
before(async () => {
    server = await startRelease({ env: { VIVIM_EIO_PING_INTERVAL_MS: '60000' } });
    await signIn(server);
    await server.vivim(['user', 'add', 'reader', '--password-file', '-'], { input: 'correct horse battery\n' });
    headers = { authorization: `Bearer ${(await server.vivim(['token', 'reader', '--scopes', 'read'])).stdout.trim()}` };
});
after(async () => assert.equal(await server.stop(), 0));

const lives = async () => assert.equal((await fetch(`${server.url}/livez`)).status, 200);

async function join() {
    const socket = await openEngineSocket(server.url, '/socket.io/', { headers });
    socket.send('40');
    assert.match(await socket.next(), /^40\{/);
    return socket;
}

test('1b a topic with a zero byte, from an account that may only read, ends nothing', async () => {
    const socket = await join();
    socket.send(`420["subscribe",{"topics":["conv\\u0000:${ID}"]}]`);
    assert.equal((await acknowledged(socket)).refused[0].code, 'invalid_field');
    await lives();
});

test('1b every event of every kind is answered, whatever its strings hold', { timeout: 60_000 }, async () => {
    for (const [name, argument, refused, answer] of await sendHostileEvents(join)) assert.ok(answer || refused === null, `${name} ${argument}`);
    await lives();
});

test('1b the signalling answers such topics too', async () => {
    const socket = await openSignalling(server.url, { headers });
    socket.send(JSON.stringify({ type: 'subscribe', topics: [`conv${ZERO}:${ID}`, `conversation:${ID}${ZERO}`] }));
    assert.match(await socket.next(), /"refused"/);
    assert.match(await socket.next(), /"refused"/);
    await lives();
});

test('1 requests with zero bytes are refused, none is a fault of ours', async () => {
    const api = client(server, headers);
    for (const path of ['/api/v1/conversations/%00', '/api/v1/search?q=%00', '/api/v1/changes?after=%00', `/api/v1/conversations/${ID}/members/%00`]) {
        const { status } = await api.fetch(path);
        assert.ok(status >= 400 && status < 500, `${path}: ${status}`);
    }
    await lives();
});
