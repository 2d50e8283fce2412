// Zero bytes, halves of surrogate pairs, a megabyte, wrong types: in events, in the signalling, in requests. Each is answered.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { acknowledged, HALF, ID, sendHostileEvents, ZERO } from '../lib/foreign_text.mjs';
import { openEngineSocket, openSignalling } from '../lib/realtime.mjs';
import { signIn, startServer } from '../lib/server.mjs';

let server, owner, headers;
before(async () => {
    server = await startServer({ env: { VIVIM_EIO_PING_INTERVAL_MS: '60000' } });
    owner = await signIn(server);
    headers = { cookie: owner.cookie, origin: server.url };
});
after(async () => assert.equal(await server.stop(), 0));

async function join() {
    const socket = await openEngineSocket(server.url, '/socket.io/', { headers });
    socket.send('40');
    assert.match(await socket.next(), /^40\{/);
    return socket;
}

test('a topic with a zero byte ends nothing', async () => {
    const socket = await join();
    socket.send(`420["subscribe",{"topics":["conv\\u0000:${ID}"]}]`);
    const answer = await acknowledged(socket);
    assert.deepEqual(answer.subscribed, []);
    assert.equal(answer.refused[0].code, 'invalid_field');
    assert.equal(answer.refused[0].topic, `conv${ZERO}:${ID}`);
    socket.close();
});

test('every event is answered whatever its argument holds', { timeout: 60_000 }, async () => {
    for (const [name, argument, refused, answer] of await sendHostileEvents(join)) {
        const what = `${name} ${argument}: ${JSON.stringify(answer)?.slice(0, 300)}`;
        if (refused === null) continue; // answered, or the connection is closed: the packet is none
        assert.ok(answer, what);
        if (refused) assert.match(answer.error.code, /^(invalid_field|bad_input|not_found|too_large)$/, what);
        else assert.ok(answer.subscribed.length === 0 && answer.refused.every((r) => r.code === 'invalid_field'), what);
    }
    assert.equal((await fetch(`${server.url}/livez`)).status, 200);
});

test('what nests too deep closes its own connection alone', async () => {
    const [deep, other] = [await join(), await join()];
    deep.send(`420["subscribe",{"topics":${'['.repeat(200)}${']'.repeat(200)}}]`);
    assert.equal(await acknowledged(deep), null);
    other.send('420["presence",{"status":"online"}]');
    assert.ok(await acknowledged(other));
    other.close();
});

test('the signalling refuses topics that are no text, and loses nothing behind a zero byte', async () => {
    const socket = await openSignalling(server.url, { headers });
    const topics = [`conversation:${ID}${ZERO}`, `conv${ZERO}:${ID}`, ZERO, HALF, 'x'.repeat(50_000)];
    socket.send(JSON.stringify({ type: 'subscribe', topics }));
    for (let i = 0; i < topics.length; i++) assert.match(await socket.next(), /"type":"refused".*"code":"invalid_field"/);
    socket.send(JSON.stringify({ type: 'unsubscribe', topics }), JSON.stringify({ type: 'publish', topic: topics[0], data: HALF }));
    assert.match(await socket.next(), /"type":"refused".*"code":"forbidden"/);
    socket.close();
});

test('requests with such text are the client’s fault, on every route that takes some', async () => {
    const zero = encodeURIComponent(ZERO), bad = '%ff';
    for (const path of [`/api/v1/conversations/${zero}`, `/api/v1/search?q=${zero}`, `/api/v1/search?q=a&cursor=${zero}`, `/api/v1/changes?after=${zero}`,
        `/api/v1/conversations?cursor=${bad}`, `/api/v1/conversations/${ID}/members/${zero}`, `/api/v1/captures/${ID}${zero}`]) {
        const { status } = await owner.fetch(path);
        assert.ok(status >= 400 && status < 500, `${path}: ${status}`);
    }
    for (const [method, path, body] of [['POST', '/api/v1/auth/login', { handle: `own${ZERO}er`, password: 'x' }], ['POST', '/api/v1/auth/login', { handle: 'owner', password: `a${ZERO}` }],
        ['POST', '/api/v1/tokens', { name: `n${ZERO}` }], ['POST', '/api/v1/tokens', { name: 'n', scopes: [`read${ZERO}`] }], ['POST', '/api/v1/captures', { url: `https://chatgpt.com/share/${ID}${ZERO}` }]]) {
        const { status, body: problem } = await owner.json(method, path, body);
        assert.ok(status >= 400 && status < 500, `${method} ${path}: ${status} ${JSON.stringify(problem)}`);
    }
    const half = await owner.json('POST', '/api/v1/tokens', { name: `n${HALF}` });
    assert.equal(half.status, 201); // half of a character is repaired where it is read
    assert.equal((await owner.json('GET', '/api/v1/tokens')).body.items.find((t) => t.id === half.body.id).name, 'n\ufffd');
});
