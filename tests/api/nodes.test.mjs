// Two nodes on one PostgreSQL: what changes on one is heard on the other at once, and what ends on one ends on the other.
// Here no node looks into the log by itself but once in an hour: what is heard, the doorbell has rung for.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { io } from 'socket.io-client';
import { database, postgres, query } from '../lib/postgres.mjs';
import { client, signIn, startServer } from '../lib/server.mjs';
import { eventually } from '../lib/realtime.mjs';

const PATIENCE_MS = 15_000;
const HOUR_MS = String(3600_000);

// The same person at another node: the cookie is good there too.
const at = (server, person) => client(server, { cookie: person.cookie, origin: server.url }, person);

async function connect(server, person) {
    const socket = io(server.url, { transports: ['websocket'], forceNew: true, reconnection: false, extraHeaders: { cookie: person.cookie, origin: server.url } });
    await once(socket, 'connect');
    const ask = (name, argument) => socket.timeout(PATIENCE_MS).emitWithAck(name, argument);
    // Begun before what causes it: the first such event from here on.
    const hear = (name, fits = () => true) => new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no ${name} within ${PATIENCE_MS} ms`)), PATIENCE_MS);
        socket.on(name, (argument) => { if (fits(argument)) { clearTimeout(timer); resolve(argument); } });
    });
    return { socket, ask, hear, subscribe: (...topics) => ask('subscribe', { topics }) };
}

if (process.env.VIVIM_TEST_PG_URL) describe('two nodes on one PostgreSQL', () => {
    let pg, url, a, b, ann, ben, conversation;
    const open = [];
    const start = () => startServer({ env: { VIVIM_DATABASE_URL: url, VIVIM_LOG_POLL_MS: HOUR_MS, VIVIM_MASTER_KEY: start.key } });
    start.key = randomBytes(32).toString('hex');
    const connected = async (...who) => { const c = await connect(...who); open.push(c.socket); return c; };
    before(async () => {
        pg = await postgres();
        url = await database(pg, 'nodes');
        a = await start();
        ann = await signIn(a, 'ann'); // by the setup link of this start: that of a later one would take its place
        b = await start();
        ben = await signIn(a, 'ben');
        assert.equal((await ann.json('POST', '/api/v1/sample')).status, 200);
        [conversation] = (await ann.json('GET', '/api/v1/conversations')).body.items.map((c) => c.id);
    });
    after(async () => {
        for (const s of open) s.close();
        assert.deepEqual([await a.stop(), await b.stop()], [0, 0]);
        await pg.stop();
    });
    const share = () => ann.json('PUT', `/api/v1/conversations/${conversation}/members/ben`, { role: 'reader' });
    const withdraw = () => ann.json('DELETE', `/api/v1/conversations/${conversation}/members/ben`);

    test('a change at one is heard by a socket at the other, and ends a wait there', async () => {
        const c = await connected(b, ann), { body: { cursor } } = await at(b, ann).json('GET', '/api/v1/changes');
        const heard = c.hear('change', (e) => e.items.some((i) => i.id === conversation));
        const waited = at(b, ann).json('GET', `/api/v1/changes?after=${cursor}&wait=1`);
        assert.equal((await ann.json('PATCH', `/api/v1/conversations/${conversation}`, { title: 'From the other node' })).status, 200);
        await heard;
        assert.equal((await waited).status, 200);
    });
    test('a grant given and withdrawn at one opens and closes the topic at the other', async () => {
        const c = await connected(b, ben), topic = `conversation:${conversation}`;
        const given = c.hear('change', (e) => e.items.some((i) => i.entity === 'access' && i.kind === 'created'));
        assert.equal((await share()).status, 200);
        await given;
        assert.deepEqual((await c.subscribe(topic)).subscribed, [topic]);
        const gone = c.hear('unsubscribed');
        await withdraw();
        assert.deepEqual(await gone, { topic });
        assert.equal((await c.subscribe(topic)).refused[0].code, 'not_found');
    });
    test('a session that ends at one ends sockets at the other, which lets nobody in with it from then on', async () => {
        const cat = await signIn(a, 'cat'), there = at(b, cat);
        assert.equal((await there.json('GET', '/api/v1/me')).status, 200); // it is in the cache there
        const c = await connected(b, cat), ended = once(c.socket, 'disconnect', { signal: AbortSignal.timeout(PATIENCE_MS) });
        assert.ok((await cat.json('POST', '/api/v1/auth/logout')).status < 300);
        await ended;
        assert.equal((await there.json('GET', '/api/v1/me')).status, 401); // as soon as the socket has ended, not when the cache grows old
    });
    test('so with a token, and with an account that is disabled', async () => {
        const dan = await signIn(a, 'dan');
        const { body: { token, id } } = await dan.json('POST', '/api/v1/tokens', { name: 'elsewhere' });
        const withToken = client(b, { authorization: `Bearer ${token}` });
        assert.equal((await withToken.json('GET', '/api/v1/me')).status, 200);
        assert.ok((await dan.json('DELETE', `/api/v1/tokens/${id}`)).status < 300);
        await eventually(async () => (await withToken.json('GET', '/api/v1/me')).status === 401, PATIENCE_MS);
        const there = at(b, dan);
        assert.equal((await there.json('GET', '/api/v1/me')).status, 200);
        const c = await connected(b, dan), ended = once(c.socket, 'disconnect', { signal: AbortSignal.timeout(PATIENCE_MS) });
        await a.vivim(['user', 'disable', 'dan']);
        await ended;
        assert.equal((await there.json('GET', '/api/v1/me')).status, 401);
    });
    test('a doorbell whose connection was cut rings again, also for what was missed', async () => {
        const c = await connected(b, ann);
        const heard = c.hear('change', (e) => e.items.some((i) => i.id === conversation));
        const cut = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'nodes' AND query ~ '^(LISTEN|NOTIFY)'`;
        assert.equal(await query(pg.url, cut), '2');
        assert.equal((await ann.json('PATCH', `/api/v1/conversations/${conversation}`, { title: 'While nobody listened' })).status, 200);
        await heard;
    });
    test('a store that hangs holds up no stop of a node that listens', async () => {
        const third = await start();
        const c = await connected(third, ann);
        pg.pause();
        const began = Date.now();
        try {
            assert.equal(await third.stop(), 0);
        } finally {
            pg.resume();
        }
        assert.ok(Date.now() - began < 10_000, `${Date.now() - began} ms`);
        c.socket.close();
    });
});
else describe('one node on SQLite', () => {
    test('has no doorbell, and hears of its own commits without looking', async () => {
        const server = await startServer({ env: { VIVIM_LOG_POLL_MS: HOUR_MS } });
        const ann = await signIn(server, 'ann');
        const c = await connect(server, ann), heard = c.hear('change', (e) => e.items.some((i) => i.entity === 'token'));
        assert.equal((await ann.json('POST', '/api/v1/tokens', { name: 'one' })).status, 201);
        await heard;
        c.socket.close();
        assert.equal(await server.stop(), 0);
    });
});
