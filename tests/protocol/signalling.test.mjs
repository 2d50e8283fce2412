// The signalling of y-webrtc at /signaling: each row of its protocol with a raw client, who may come in and hear what,
// the limits, and the official client: two providers in real Chromium, and its connection in node.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { WebsocketClient } from 'lib0/websocket';
import { chromium } from 'playwright-core';
import { build } from 'vite';
import { eventually, figure, openSignalling, PATIENT, QUICK, startRealtime } from '../lib/realtime.mjs';
import { client, signIn, startServer } from '../lib/server.mjs';

const EXECUTABLE = process.env.VIVIM_TEST_CHROMIUM ?? '/usr/bin/chromium-headless-shell';
const TOPIC_BYTES_MAX = 128, TOPICS_MAX = 50, SUBSCRIBERS_MAX = 200, MESSAGE_BYTES_MAX = 64 * 1024, BURST = 1000;
const announce = (from) => ({ type: 'announce', from });

// Several connections that have subscribed to the same topics, and all been counted.
async function subscribed(url, count, topics, options) {
    const all = await Promise.all(Array.from({ length: count }, () => openSignalling(url, options)));
    for (const c of all) {
        c.subscribe(...topics);
        assert.deepEqual(await c.settle(), []);
    }
    return all;
}
const closeAll = async (connections) => {
    for (const c of connections) c.close();
    await Promise.all(connections.map((c) => c.closed()));
};

describe('the protocol, as outside suites meet it', () => {
    let server;
    before(async () => { server = await startRealtime({ ...PATIENT }); });
    after(async () => assert.equal(await server.stop(), 0));

    test('what is published comes to every subscriber, the sender too, with the number of them', async () => {
        const [a, b, c] = await subscribed(server.url, 3, ['room']);
        const other = await openSignalling(server.url);
        other.subscribe('another room');
        a.publish('room', announce('a'));
        for (const one of [a, b, c]) assert.deepEqual(await one.hear(), { type: 'publish', topic: 'room', data: announce('a'), clients: 3 });
        assert.deepEqual(await other.settle(), []);
        await closeAll([a, b, c, other]);
    });
    test('the object comes back as it was said, byte by byte, whatever `data` is', async () => {
        const [a] = await subscribed(server.url, 1, ['room']);
        for (const data of ['"3q2+7w=="', '{"type":"signal","to":"x","from":"y","token":1700000000000.5,"signal":{"sdp":"v=0\\r\\n"}}',
            'null', '-0.0', '[1e2,12345678901234567890123,"\\ud83e\\udd8a","\\/","},{"]', '{"clients":1,"topic":"else"}', ' { "a" : [ ] } ']) {
            a.send(`{"type":"publish","topic":"room","data":${data},"more":[true]}`);
            assert.equal(await a.next(), `{"type":"publish","topic":"room","data":${data},"more":[true],"clients":1}`);
        }
        a.send('{"clients":99,"topic":"room","type":"publish"}'); // that number is the server's to say
        assert.equal(await a.next(), '{"topic":"room","type":"publish","clients":1}');
        await closeAll([a]);
    });
    test('many topics in one message; what is no string is let pass; twice is once', async () => {
        const a = await openSignalling(server.url);
        a.subscribe('one', 7, null, ['two'], { three: 3 }, 'four', 'one');
        a.subscribe('one');
        a.say({ type: 'subscribe' });
        assert.deepEqual(await a.settle(), []);
        for (const topic of ['one', 'four']) {
            a.publish(topic, topic);
            assert.deepEqual(await a.hear(), { type: 'publish', topic, data: topic, clients: 1 });
        }
        await closeAll([a]);
    });
    test('unsubscribe ends it, for the topics it names', async () => {
        const [a, b] = await subscribed(server.url, 2, ['one', 'two']);
        a.unsubscribe('one', 'never', 9);
        assert.deepEqual(await a.settle(), []);
        b.publish('one', 1);
        b.publish('two', 2);
        assert.equal((await b.hear()).clients, 1);
        assert.deepEqual(await a.hear(), { type: 'publish', topic: 'two', data: 2, clients: 2 });
        await closeAll([a, b]);
    });
    test('who goes is not counted any more', async () => {
        const [a, b, c] = await subscribed(server.url, 3, ['room']);
        b.close();
        c.ws.terminate();
        await eventually(async () => (await figure(server.url, 'signallers')) === 1);
        a.publish('room', 1);
        assert.equal((await a.hear()).clients, 1);
        await closeAll([a]);
    });
    test('a ping is answered with a pong; nothing is acknowledged, nobody is told who came', async () => {
        const [a] = await subscribed(server.url, 1, ['room']);
        const [b] = await subscribed(server.url, 1, ['room']);
        assert.deepEqual(await a.settle(), []);
        b.unsubscribe('room');
        assert.deepEqual(await b.settle(), []);
        await closeAll([a, b]);
    });
    test('subscribe and publish in one breath: the first is through before the second', async () => {
        const a = await openSignalling(server.url);
        a.subscribe('room');
        a.publish('room', announce('a'));
        assert.equal((await a.hear()).clients, 1);
        await closeAll([a]);
    });
    test('messages of one sender come in order, over all loops, and nobody misses one', async () => {
        const many = await startRealtime({ ...PATIENT });
        try {
            const all = await subscribed(many.url, 12, ['room']);
            const COUNT = 60;
            for (let i = 0; i < COUNT; i++) for (const [from, c] of all.entries()) c.publish('room', { from, i });
            for (const c of all) {
                const next = Array(all.length).fill(0);
                for (let i = 0; i < COUNT * all.length; i++) {
                    const { data, clients } = await c.hear();
                    assert.deepEqual([data.i, clients], [next[data.from]++, all.length]);
                }
            }
            await closeAll(all);
        } finally {
            assert.equal(await many.stop(), 0);
        }
    });
    test('types that nobody knows are let pass', async () => {
        const a = await openSignalling(server.url);
        a.say({ type: 'hello' });
        a.say({});
        a.say({ type: ['ping'] });
        assert.deepEqual(await a.settle(), []);
        await closeAll([a]);
    });
    test('what is not understood is refused with a code, the connection stays', async () => {
        const a = await openSignalling(server.url);
        for (const [text, code] of [
            ['ping', 'bad_json'], ['', 'bad_json'], ['{"type":"ping"', 'bad_json'], ['null', 'bad_input'], ['["ping"]', 'bad_input'], [Buffer.from('{"type":"ping"}'), 'bad_input'],
            ['{"type":"subscribe","topics":"room"}', 'invalid_field'], ['{"type":"publish"}', 'invalid_field'], ['{"type":"publish","topic":7}', 'invalid_field'],
            ['{"type":"publish","topic":"room","topic":"other"}', 'bad_input'], [`{"type":"publish","topic":"room","data":${'['.repeat(40)}${']'.repeat(40)}}`, 'too_large'],
        ]) {
            a.send(text);
            const answer = await a.hear();
            assert.deepEqual([String(text), answer.type, answer.code], [String(text), 'refused', code]);
            assert.ok(answer.detail);
        }
        assert.deepEqual(await a.settle(), []);
        await closeAll([a]);
    });
    test('who has not subscribed may not publish', async () => {
        const [a] = await subscribed(server.url, 1, ['room']);
        const b = await openSignalling(server.url);
        b.publish('room', 'from outside');
        const { type, topic, code } = await b.hear();
        assert.deepEqual({ type, topic, code }, { type: 'refused', topic: 'room', code: 'forbidden' });
        assert.deepEqual(await a.settle(), []);
        await closeAll([a, b]);
    });
    test('what happens is counted', async () => {
        const names = ['signals_in_total', 'signals_out_total', 'signals_refused_total'];
        const figures = () => Promise.all(names.map((name) => figure(server.url, name)));
        const first = await figures();
        const [a, b] = await subscribed(server.url, 2, ['room']); // four messages
        assert.equal(await figure(server.url, 'signallers'), 2);
        a.publish('room', 1);
        a.publish('nowhere', 1);
        await Promise.all([a.hear(), a.hear(), b.hear()]);
        const last = await figures();
        assert.deepEqual(last.map((n, i) => n - first[i]), [6, 2, 1]);
        await closeAll([a, b]);
        await eventually(async () => (await figure(server.url, 'signallers')) === 0);
    });
});

describe('the heartbeat', () => {
    let server;
    before(async () => { server = await startRealtime(QUICK); });
    after(async () => assert.equal(await server.stop(), 0));
    test('WebSocket pings are sent, and who answers them stays', async () => {
        const [a] = await subscribed(server.url, 1, ['room']);
        for (let i = 0; i < 3; i++) await once(a.ws, 'ping');
        assert.deepEqual(await a.settle(), []);
        await closeAll([a]);
    });
    test('a peer that answers none of them is gone, and not counted', async () => {
        const [a] = await subscribed(server.url, 1, ['room']);
        const [silent] = await subscribed(server.url, 1, ['room'], { autoPong: false });
        await silent.closed();
        await eventually(async () => {
            a.publish('room', 1);
            return (await a.hear()).clients === 1;
        });
        await closeAll([a]);
    });
    test('who stops is told: 1001', async () => {
        const other = await startRealtime(PATIENT);
        const [a] = await subscribed(other.url, 1, ['room']);
        assert.equal(await other.stop(), 0);
        assert.equal((await a.closed()).code, 1001);
    });
});

describe('limits', () => {
    let server;
    before(async () => { server = await startRealtime(PATIENT); });
    after(async () => assert.equal(await server.stop(), 0));

    test('the size of a message: one byte more closes with 1009', async () => {
        const [a] = await subscribed(server.url, 1, ['room']);
        const sized = (bytes) => {
            const empty = '{"type":"publish","topic":"room","data":""}';
            return empty.replace('""', `"${'x'.repeat(bytes - empty.length)}"`);
        };
        a.send(sized(MESSAGE_BYTES_MAX));
        assert.equal((await a.hear()).data.length, MESSAGE_BYTES_MAX - 43);
        a.send(sized(MESSAGE_BYTES_MAX + 1));
        assert.equal((await a.closed()).code, 1009);
    });
    test('the length of a topic', async () => {
        const a = await openSignalling(server.url);
        const longest = '€'.repeat(42) + 'ab';
        assert.equal(Buffer.byteLength(longest), TOPIC_BYTES_MAX);
        a.subscribe(longest, longest + 'c', '', 'zero\0byte');
        const refusals = await a.settle();
        assert.deepEqual(refusals.map((r) => [r.type, r.code]), Array(3).fill(['refused', 'invalid_field']));
        a.publish(longest, 1);
        assert.equal((await a.hear()).topic, longest);
        a.publish('x'.repeat(60_000), 1);
        const { code, topic } = await a.hear();
        assert.deepEqual([code, topic.length], ['forbidden', TOPIC_BYTES_MAX]);
        await closeAll([a]);
    });
    test('topics of a connection, and in a message', async () => {
        const a = await openSignalling(server.url);
        const topics = Array.from({ length: TOPICS_MAX }, (_, i) => `room ${i}`);
        a.subscribe(...topics);
        assert.deepEqual(await a.settle(), []);
        a.subscribe('one more', topics[0]);
        assert.deepEqual((await a.settle()).map((r) => [r.topic, r.code]), [['one more', 'too_large']]);
        a.unsubscribe(topics[1]);
        a.subscribe(topics[1], 'one more', topics[0]); // one place is free, and two are wanted: none is taken
        assert.deepEqual((await a.settle()).map((r) => [r.topic, r.code]), [[topics[1], 'too_large'], ['one more', 'too_large']]);
        a.subscribe(topics[1]);
        assert.deepEqual(await a.settle(), []);
        a.subscribe(...topics, topics[0]);
        assert.deepEqual((await a.settle()).map((r) => r.code), ['invalid_field']);
        a.unsubscribe(topics[0]);
        a.subscribe('one more');
        assert.deepEqual(await a.settle(), []);
        await closeAll([a]);
    });
    test('subscribers of a topic', async () => {
        const all = await subscribed(server.url, SUBSCRIBERS_MAX, ['full']);
        const late = await openSignalling(server.url);
        late.subscribe('full');
        assert.deepEqual((await late.settle()).map((r) => [r.topic, r.code]), [['full', 'too_large']]);
        all[0].publish('full', 1);
        assert.deepEqual(new Set(await Promise.all(all.map(async (c) => (await c.hear()).clients))), new Set([SUBSCRIBERS_MAX]));
        all[0].unsubscribe('full');
        assert.deepEqual(await all[0].settle(), []);
        late.subscribe('full');
        assert.deepEqual(await late.settle(), []);
        await closeAll([...all, late]);
    });
    test('the rate: a flood is refused with a code, the connection stays', async () => {
        const [a] = await subscribed(server.url, 1, ['room']);
        for (let i = 0; i < 4 * BURST; i++) a.publish('room', i);
        const heard = [];
        while (heard.length < 4 * BURST) heard.push(await a.hear());
        const refused = heard.filter((m) => m.type === 'refused');
        assert.ok(refused.length > 0 && refused.every((m) => m.code === 'rate_limited'));
        assert.ok(heard.length - refused.length >= BURST - 10);
        await eventually(async () => (await (a.publish('room', 'again'), a.hear())).data === 'again');
        await closeAll([a]);
    });
    test('a slow reader is cut off, and holds up nobody', async () => {
        const [a, slow] = await subscribed(server.url, 2, ['room']);
        slow.ws.pause();
        const data = 'x'.repeat(60_000);
        let clients = 2;
        for (let i = 0; clients === 2 && i < 2 * BURST; i++) {
            a.publish('room', data);
            const m = await a.hear();
            if (m.code === 'rate_limited') await new Promise((resolve) => setTimeout(resolve, 50)); // the rate, no race
            else ({ clients } = m);
        }
        assert.equal(clients, 1);
        slow.ws.resume();
        await slow.closed();
        await closeAll([a]);
    });
});

describe('in the product', () => {
    let server, ann, ben, eve, conversation, topic;
    const open = (who) => openSignalling(server.url, { headers: { cookie: who.cookie, origin: server.url } });
    const joined = async (who) => {
        const c = await open(who);
        c.subscribe(topic);
        assert.deepEqual(await c.settle(), []);
        return c;
    };
    const share = (handle) => ann.json('PUT', `/api/v1/conversations/${conversation}/members/${handle}`, { role: 'reader' });
    const tokenOf = async (handle, ...options) => (await server.vivim(['token', handle, ...options])).stdout.trim();
    const unsubscribed = (name) => ({ type: 'unsubscribed', topic: name });

    before(async () => {
        server = await startServer();
        ann = await signIn(server, 'ann');
        ben = await signIn(server, 'ben');
        eve = await signIn(server, 'eve');
        await ann.json('POST', '/api/v1/sample');
        conversation = (await ann.json('GET', '/api/v1/conversations')).body.items[0].id;
        topic = `conversation:${conversation}`;
    });
    after(async () => assert.equal(await server.stop(), 0));

    describe('who may come in', () => {
        test('without a credential nobody, but in test mode', async () => {
            const strict = await startServer({ env: { VIVIM_TEST: '0' } });
            try {
                assert.equal((await (await openSignalling(strict.url)).closed()).status, 401);
            } finally {
                assert.equal(await strict.stop(), 0);
            }
        });
        test('a token that is none', async () => {
            assert.equal((await (await openSignalling(server.url, { headers: { authorization: 'Bearer vvm_nothing' } })).closed()).status, 401);
        });
        test('with the session cookie, from our own pages alone', async () => {
            const foreign = await openSignalling(server.url, { headers: { cookie: ann.cookie, origin: 'https://elsewhere.example' } });
            assert.equal((await foreign.closed()).status, 403);
            await closeAll([await joined(ann)]);
        });
        test('with a token that has the scope', async () => {
            const c = await openSignalling(server.url, { headers: { authorization: `Bearer ${await tokenOf('ann', '--scopes', 'read')}` } });
            c.subscribe(topic);
            assert.deepEqual(await c.settle(), []);
            const without = await openSignalling(server.url, { headers: { authorization: `Bearer ${await tokenOf('ann', '--scopes', 'capture')}` } });
            assert.equal((await without.closed()).status, 403);
            await closeAll([c]);
        });
    });

    describe('which topics', () => {
        test('a document that one may read: the owner, and whom it is shared with', async () => {
            await share('ben');
            const a = await joined(ann), b = await joined(ben);
            b.publish(topic, announce('ben'));
            for (const c of [a, b]) assert.deepEqual(await c.hear(), { type: 'publish', topic, data: announce('ben'), clients: 2 });
            await closeAll([a, b]);
        });
        test('nothing else: another one’s, unknown ones, kinds that are no documents', async () => {
            const e = await open(eve);
            const nowhere = 'conversation:01a20000-0000-7000-8000-000000000000';
            const topics = { [topic]: 'not_found', [nowhere]: 'not_found', [`notebook:${conversation}`]: 'invalid_field', [`message:${conversation}`]: 'invalid_field',
                [`capture:${conversation}`]: 'invalid_field', feed: 'invalid_field', room: 'invalid_field', 'conversation:x': 'invalid_field', [topic.toUpperCase()]: 'invalid_field' };
            e.subscribe(...Object.keys(topics));
            const refused = await e.settle();
            assert.deepEqual(Object.fromEntries(refused.map((r) => [r.topic, r.code])), topics);
            assert.ok(refused.every((r) => r.type === 'refused' && r.detail));
            e.publish(topic, 'from outside');
            assert.equal((await e.hear()).code, 'forbidden');
            await closeAll([e]);
        });
        test('one document is one room, however its id was typed, and everybody hears of it by its one name', async () => {
            await share('ben');
            const capitals = `conversation:${conversation.toUpperCase()}`, a = await joined(ann), b = await open(ben);
            b.subscribe(capitals, topic);
            assert.deepEqual(await b.settle(), []);
            b.publish(capitals, announce('ben'));
            for (const c of [a, b]) assert.deepEqual(await c.hear(), { type: 'publish', topic, data: announce('ben'), clients: 2 });
            b.unsubscribe(topic);
            b.publish(capitals, 'from outside');
            assert.deepEqual((await b.settle()).map((m) => m.code), ['forbidden']);
            b.subscribe(capitals);
            await ann.json('DELETE', `/api/v1/conversations/${conversation}/members/ben`);
            assert.deepEqual(await b.hear(), unsubscribed(topic));
            a.publish(capitals, 'among ourselves');
            assert.deepEqual(await a.hear(), { type: 'publish', topic, data: 'among ourselves', clients: 1 });
            await closeAll([a, b]);
        });
        test('strangers of the test mode do not meet those who have a credential', async () => {
            const a = await joined(ann);
            const [stranger] = await subscribed(server.url, 1, [topic]);
            stranger.publish(topic, 'hello');
            assert.equal((await stranger.hear()).clients, 1);
            a.publish(topic, 'hello');
            assert.equal((await a.hear()).clients, 1);
            assert.deepEqual(await a.settle(), []);
            assert.deepEqual(await stranger.settle(), []);
            await closeAll([a, stranger]);
        });
    });

    describe('what is withdrawn', () => {
        test('a grant: told, left, and no way back', async () => {
            await share('ben');
            const a = await joined(ann), b = await joined(ben);
            await ann.json('DELETE', `/api/v1/conversations/${conversation}/members/ben`);
            assert.deepEqual(await b.hear(), unsubscribed(topic));
            a.publish(topic, 'among ourselves');
            assert.equal((await a.hear()).clients, 1);
            b.publish(topic, 'still here');
            b.subscribe(topic);
            assert.deepEqual((await b.settle()).map((r) => r.code), ['forbidden', 'not_found']);
            await closeAll([a, b]);
        });
        test('the document itself: for everybody, its owner too', async () => {
            const { body } = await ann.json('GET', '/api/v1/conversations');
            const extra = `conversation:${body.items[1].id}`;
            await ann.json('PUT', `/api/v1/conversations/${body.items[1].id}/members/ben`, { role: 'editor' });
            const a = await open(ann), b = await open(ben);
            for (const c of [a, b]) {
                c.subscribe(extra);
                assert.deepEqual(await c.settle(), []);
            }
            assert.equal((await ann.json('DELETE', `/api/v1/conversations/${body.items[1].id}`)).status, 204);
            for (const c of [a, b]) {
                assert.deepEqual(await c.hear(), unsubscribed(extra));
                await closeAll([c]);
            }
        });
        test('the credential: a session, a token, an account', async () => {
            const dan = await signIn(server, 'dan'), token = await tokenOf('dan');
            const bySession = await open(dan), byToken = await openSignalling(server.url, { headers: { authorization: `Bearer ${token}` } });
            const ends = async (c) => {
                assert.deepEqual(await c.hear(), { type: 'signed_out' });
                assert.equal((await c.closed()).code, 1008);
            };
            for (const c of [bySession, byToken]) assert.deepEqual(await c.settle(), []);
            await dan.json('POST', '/api/v1/auth/logout');
            await ends(bySession);
            assert.deepEqual(await byToken.settle(), []);
            const again = await openSignalling(server.url, { headers: { authorization: `Bearer ${await tokenOf('dan')}` } });
            const me = client(server, { authorization: `Bearer ${token}` });
            const { body } = await me.json('GET', '/api/v1/tokens');
            await me.json('DELETE', `/api/v1/tokens/${body.items.at(-1).id}`);
            await ends(byToken);
            await server.vivim(['user', 'disable', 'dan']);
            await ends(again);
        });
    });

    // lib0's connection is the one that y-webrtc's provider has.
    test('kill -9 and restart: the official connection comes back by itself', async (t) => {
        const first = await startRealtime({ ...PATIENT, keep: true });
        t.after(() => first.stop('SIGKILL'));
        const port = Number(new URL(first.url).port);
        const peers = [0, 1].map(() => new WebsocketClient(`ws://127.0.0.1:${port}/signaling`));
        const heard = peers.map(() => []);
        t.after(() => peers.forEach((p) => p.destroy()));
        for (const [i, p] of peers.entries()) {
            p.on('connect', () => {
                p.send({ type: 'subscribe', topics: ['room'] });
                p.send({ type: 'publish', topic: 'room', data: i });
            });
            p.on('message', (m) => heard[i].push(m));
        }
        const both = () => heard.every((h) => h.some((m) => m.clients === 2));
        await eventually(both);
        await first.stop('SIGKILL');
        for (const h of heard) h.length = 0;
        const second = await startRealtime({ ...PATIENT, data: first.data, port });
        t.after(() => second.stop('SIGKILL'));
        await eventually(() => {
            for (const p of peers) if (p.connected) p.send({ type: 'publish', topic: 'room', data: 'back' });
            return both();
        });
        for (const p of peers) p.destroy();
        assert.equal(await second.stop(), 0);
    });
});

describe('npm y-webrtc in Chromium', () => {
    let server, browser, script;
    before(async () => {
        server = await startServer();
        const entry = new URL('../lib/peers.mjs', import.meta.url).pathname;
        const [{ output }] = await build({ configFile: false, logLevel: 'warn', build: { write: false, lib: { entry, formats: ['iife'], name: 'Peers' } } });
        script = output[0].code;
        // Candidates that the other side can reach where there is no network but loopback.
        browser = await chromium.launch({ executablePath: EXECUTABLE,
            args: ['--no-sandbox', '--allow-loopback-in-peer-connection', '--disable-features=WebRtcHideLocalIpsWithMdns'] });
    });
    after(async () => {
        await browser?.close();
        assert.equal(await server.stop(), 0);
    });

    // A browser of its own for each person, signed in, with a provider of the document; no server beside ours.
    async function visitor(account, topic) {
        const context = await browser.newContext({ bypassCSP: true });
        const [name, value] = account.cookie.split('=');
        await context.addCookies([{ name, value, url: server.url }]);
        const page = await context.newPage();
        await page.goto(server.url + '/livez');
        await page.addScriptTag({ content: script });
        await page.evaluate(([topic, signalling]) => {
            const doc = new Peers.Doc();
            globalThis.text = doc.getText('content');
            globalThis.peers = [];
            globalThis.provider = new Peers.WebrtcProvider(topic, doc, { signaling: [signalling], peerOpts: { config: { iceServers: [] } } });
            globalThis.provider.on('peers', (change) => { globalThis.peers = change.webrtcPeers; });
        }, [topic, server.url.replace('http', 'ws') + '/signaling']);
        return page;
    }
    const write = (page, words) => page.evaluate((words) => text.insert(0, words), words);
    const reads = (page, ...words) => page.waitForFunction((words) => words.every((w) => text.toString().includes(w)), words);

    test('two people who share a document find each other and merge it; a third does not', async () => {
        const ann = await signIn(server, 'ann'), ben = await signIn(server, 'ben'), eve = await signIn(server, 'eve');
        await ann.json('POST', '/api/v1/sample');
        const { id } = (await ann.json('GET', '/api/v1/conversations')).body.items[0];
        await ann.json('PUT', `/api/v1/conversations/${id}/members/ben`, { role: 'editor' });
        const [a, b, e] = [await visitor(ann, `conversation:${id}`), await visitor(ben, `conversation:${id}`), await visitor(eve, `conversation:${id}`)];
        await write(a, 'from ann ');
        await write(b, 'from ben ');
        await write(e, 'from eve ');
        for (const page of [a, b]) await reads(page, 'from ann', 'from ben');
        const texts = await Promise.all([a, b, e].map((page) => page.evaluate(() => text.toString())));
        assert.equal(texts[0], texts[1]);
        assert.equal(texts[2], 'from eve ');
        for (const page of [a, b]) assert.equal(await page.evaluate(() => peers.length), 1); // over WebRTC
        await write(b, 'later ');
        await reads(a, 'later');
        for (const page of [a, b, e]) await page.context().close();
    });
});
