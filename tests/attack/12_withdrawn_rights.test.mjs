// A right that was withdrawn ends under every spelling of the id that it was for, and a batch that is refused leaves nothing
// behind: tried with sockets, presence and signalling against the release build.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { io } from 'socket.io-client';
import { openSignalling } from '../lib/realtime.mjs';
import { addConversations, signIn } from '../lib/server.mjs';
import { startRelease } from './release.mjs';

const PATIENCE_MS = 15_000;
const ROOMS_MAX = 200, TOPICS_MAX = 50;

describe('withdrawn rights', () => {
    let server, ann, ben, conversation, sockets = [];
    const header = (person) => ({ cookie: person.cookie, origin: server.url });
    const share = () => ann.json('PUT', `/api/v1/conversations/${conversation}/members/ben`, { role: 'reader' });
    const withdraw = () => ann.json('DELETE', `/api/v1/conversations/${conversation}/members/ben`);
    const spellings = () => [conversation, conversation.toUpperCase(), conversation.replace(/[a-f]/, (c) => c.toUpperCase())].map((id) => `conversation:${id}`);

    async function connect(person, options = {}) {
        const socket = io(server.url, { transports: ['websocket'], forceNew: true, extraHeaders: header(person), ...options });
        sockets.push(socket);
        const heard = [];
        socket.onAny((name, argument) => heard.push({ name, argument }));
        await once(socket, 'connect');
        return { socket, heard, ask: (name, argument) => socket.timeout(PATIENCE_MS).emitWithAck(name, argument) };
    }
    const told = (c, check) => new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`not told; heard ${JSON.stringify(c.heard)}`)), PATIENCE_MS);
        const look = () => {
            if (!c.heard.some(check)) return;
            clearTimeout(timer);
            c.socket.offAny(look);
            resolve();
        };
        c.socket.onAny(look);
        look();
    });

    before(async () => {
        server = await startRelease();
        [ann, ben] = [await signIn(server, 'ann'), await signIn(server, 'ben')];
        await ann.json('POST', '/api/v1/sample');
        conversation = (await ann.json('GET', '/api/v1/conversations')).body.items[0].id;
    });
    after(async () => {
        for (const socket of sockets) socket.close();
        assert.equal(await server.stop(), 0);
    });

    test('12 a withdrawn grant ends presence under every spelling of the id', async () => {
        await share();
        const a = await connect(ann), bens = [];
        await a.ask('subscribe', { topics: [`conversation:${conversation}`] });
        for (const topic of spellings()) {
            const b = await connect(ben);
            assert.equal((await b.ask('subscribe', { topics: [topic] })).subscribed.length, 1);
            await b.ask('presence', { status: 'online', at: topic });
            bens.push(b);
        }
        await a.ask('presence', { status: 'online', at: `conversation:${conversation}` });
        for (const b of bens) await told(b, (e) => e.name === 'presence' && e.argument.people.some((p) => p.handle === 'ann' && p.status === 'online'));
        await withdraw();
        for (const b of bens) await told(b, (e) => e.name === 'unsubscribed' && e.argument.topic === `conversation:${conversation}`);
        for (const b of bens) b.heard.length = 0;
        await a.ask('presence', { status: 'away', at: `conversation:${conversation}` });
        await told(a, (e) => e.name === 'presence' && e.argument.people.some((p) => p.handle === 'ann' && p.status === 'away'));
        await told(a, (e) => e.name === 'presence' && e.argument.people.some((p) => p.handle === 'ben' && p.status === 'offline'));
        for (const [i, b] of bens.entries()) {
            assert.equal((await b.ask('presence', { status: 'online', at: spellings()[i] })).error.code, 'not_found');
            assert.equal((await b.ask('subscribe', { topics: [spellings()[i]] })).refused[0].code, 'not_found');
            assert.deepEqual(b.heard.filter((e) => e.name === 'presence'), []);
        }
    });
    test('12 what was missed of a document is not told to who comes back when the grant has gone', async () => {
        await share();
        const rename = (title) => ann.json('PATCH', `/api/v1/conversations/${conversation}`, { title });
        const isRenamed = (e) => e.name === 'change' && e.argument.items.some((i) => i.entity === 'conversation' && i.kind === 'updated');
        const a = await connect(ann), b = await connect(ben, { reconnection: false });
        await rename('Heard');
        await told(b, isRenamed);
        await told(a, isRenamed);
        const auth = { pid: b.socket._pid, offset: b.socket._lastOffset };
        b.socket.io.engine.close();
        a.heard.length = 0;
        await rename('Missed');
        await told(a, isRenamed);
        await withdraw();
        const back = await connect(ben, { auth });
        await back.ask('changes', { after: '0.0' });
        assert.deepEqual(back.heard.filter(isRenamed), []);
        assert.notEqual(back.socket._pid, auth.pid);
    });
    test('12 unsubscribing under another spelling leaves the room', async () => {
        const a = await connect(ann), [typed, capitals] = spellings();
        await a.ask('subscribe', { topics: [capitals] });
        await a.ask('unsubscribe', { topics: [typed] });
        a.heard.length = 0;
        const other = await connect(ann);
        await other.ask('subscribe', { topics: [capitals] });
        await other.ask('presence', { status: 'online', at: capitals, message_id: conversation });
        await told(other, (e) => e.name === 'presence' && e.argument.people.some((p) => p.message_id === conversation));
        await a.ask('changes', { after: '0.0' });
        assert.deepEqual(a.heard.filter((e) => e.name === 'presence'), []);
    });
    test('12 one document fills one room of the signalling, and its grant ends it under every spelling', async () => {
        await share();
        const topics = spellings(), all = [];
        for (const topic of topics) {
            const c = await openSignalling(server.url, { headers: header(all.length ? ben : ann) });
            c.subscribe(topic, ...topics);
            assert.deepEqual(await c.settle(), []);
            all.push(c);
        }
        for (const [i, c] of all.entries()) c.publish(topics[i], i);
        for (const c of all) {
            const heard = [];
            while (heard.length < all.length) heard.push(await c.hear());
            assert.deepEqual(new Set(heard.map((m) => `${m.topic} ${m.clients}`)), new Set([`${topics[0]} ${all.length}`]));
            assert.deepEqual(heard.map((m) => m.data).toSorted(), all.map((_, i) => i));
        }
        await withdraw();
        for (const c of all.slice(1)) assert.deepEqual(await c.hear(), { type: 'unsubscribed', topic: topics[0] });
        all[0].publish(topics[1], 'among ourselves');
        assert.equal((await all[0].hear()).clients, 1);
        for (const c of all.slice(1)) {
            for (const topic of topics) c.publish(topic, 'still here');
            assert.deepEqual((await c.settle()).map((m) => m.code), topics.map(() => 'forbidden'));
        }
        for (const c of all) c.close();
    });
    test('12 a batch of topics that crosses the limit is refused whole', async () => {
        const ids = await addConversations(server, ann, ROOMS_MAX + 10);
        const topics = ids.map((id) => `conversation:${id}`), c = await connect(ann);
        const nowhere = 'conversation:01a20000-0000-7000-8000-000000000000';
        const free = 3, first = ROOMS_MAX - 1 - free; // its own room is one
        for (let i = 0; i < first; i += TOPICS_MAX) assert.ok((await c.ask('subscribe', { topics: topics.slice(i, Math.min(i + TOPICS_MAX, first)) })).subscribed);
        for (const batch of [topics.slice(first, first + 4), [...topics.slice(first, first + 4), nowhere, 'nonsense'], [topics[0], topics[first].toUpperCase().replace('CONVERSATION', 'conversation'), ...topics.slice(first + 1, first + 6)]])
            assert.equal((await c.ask('subscribe', { topics: batch })).error.code, 'too_large');
        const last = topics.slice(first + 6, first + 6 + free); // each place is free still
        assert.deepEqual((await c.ask('subscribe', { topics: [...last, last[0].toUpperCase().replace('CONVERSATION', 'conversation'), topics[0]] })).subscribed.length, free + 2);

        const s = await openSignalling(server.url, { headers: header(ann) });
        s.subscribe(...topics.slice(0, TOPICS_MAX - 1));
        s.subscribe(topics[TOPICS_MAX], topics[TOPICS_MAX + 1], topics[0]);
        assert.deepEqual((await s.settle()).map((m) => [m.topic, m.code]), [[topics[TOPICS_MAX], 'too_large'], [topics[TOPICS_MAX + 1], 'too_large']]);
        s.publish(topics[TOPICS_MAX], 'nobody is there');
        assert.equal((await s.hear()).code, 'forbidden');
        s.close();
    });
});
