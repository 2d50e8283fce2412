// Real time in the product: from the handshake to ready, who hears what, presence, rights that go, connections that are lost.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { io } from 'socket.io-client';
import { once } from 'node:events';
import { addConversations, changeRows, client, signIn, startServer } from '../lib/server.mjs';
import { eventually, openEngineSocket, openPolling, openSignalling, openSocket, SEPARATOR } from '../lib/realtime.mjs';

const PATIENCE_MS = 15_000;

// Every event that a socket hears, in order; `next(name, check)` takes the first that fits, now or later.
function listen(socket) {
    const heard = [], waiting = [];
    socket.onAny((name, argument) => {
        heard.push({ name, argument });
        for (const look of [...waiting]) look();
    });
    return {
        heard,
        next: (name, check = () => true) => new Promise((resolve, reject) => {
            const look = () => {
                const i = heard.findIndex((e) => e.name === name && check(e.argument));
                if (i < 0) return;
                clearTimeout(timer);
                waiting.splice(waiting.indexOf(look), 1);
                resolve(heard.splice(i, 1)[0].argument);
            };
            const timer = setTimeout(() => reject(new Error(`no ${name}; heard ${JSON.stringify(heard).slice(0, 2000)}`)), PATIENCE_MS);
            waiting.push(look);
            look();
        }),
    };
}

const opened = []; // so that a test which fails leaves nobody behind who comes back for ever

async function connect(server, person, options = {}) {
    const socket = io(server.url, {
        transports: ['websocket'], forceNew: true, reconnectionDelay: 20, reconnectionDelayMax: 100,
        ...(person ? { extraHeaders: { cookie: person.cookie, origin: server.url } } : {}), ...options,
    });
    opened.push(socket);
    const ears = listen(socket);
    const connected = once(socket, 'connect');
    const refused = once(socket, 'connect_error').then(([e]) => { throw e; });
    refused.catch(() => {});
    await Promise.race([connected, refused]);
    const ask = (name, argument) => socket.timeout(PATIENCE_MS).emitWithAck(name, argument);
    return { socket, ask, ...ears, subscribe: (...topics) => ask('subscribe', { topics }), close: () => socket.close() };
}

async function tokenOf(server, handle, ...options) {
    const { stdout } = await server.vivim(['token', handle, ...options]);
    return stdout.trim();
}

async function conversationOf(person) {
    const list = await person.json('GET', '/api/v1/conversations');
    return list.body.items[0].id;
}

const share = (owner, id, handle, role = 'reader') => owner.json('PUT', `/api/v1/conversations/${id}/members/${handle}`, { role });
const withdraw = (owner, id, handle) => owner.json('DELETE', `/api/v1/conversations/${id}/members/${handle}`);

describe('real time', () => {
    let server, ann, ben, eve, conversation;
    before(async () => {
        server = await startServer({ env: { VIVIM_EIO_PING_INTERVAL_MS: '2000', VIVIM_EIO_PING_TIMEOUT_MS: '2000' } });
        ann = await signIn(server, 'ann');
        ben = await signIn(server, 'ben');
        eve = await signIn(server, 'eve');
        await ann.json('POST', '/api/v1/sample');
        conversation = await conversationOf(ann);
    });
    after(async () => {
        for (const socket of opened) socket.close();
        assert.equal(await server.stop(), 0);
    });

    describe('who may come in', () => {
        test('with the session cookie', async () => {
            const c = await connect(server, ann);
            const { subscribed } = await c.subscribe('feed');
            assert.deepEqual(subscribed, ['feed']);
            assert.equal((await c.next('ready')).handle, 'ann');
            c.close();
        });
        test('with a token, in the CONNECT or as a header', async () => {
            const token = await tokenOf(server, 'ben');
            for (const options of [{ auth: { token } }, { extraHeaders: { authorization: `Bearer ${token}` } }, { auth: { token }, transports: ['polling'] }]) {
                const c = await connect(server, null, options);
                await c.subscribe();
                assert.equal((await c.next('ready')).handle, 'ben');
                c.close();
            }
        });
        test('the token of CONNECT counts before the cookie of the handshake', async () => {
            const c = await connect(server, ann, { auth: { token: await tokenOf(server, 'ben') } });
            await c.subscribe();
            assert.equal((await c.next('ready')).handle, 'ben');
            c.close();
        });
        test('without a credential, or with a bad one, not', async () => {
            // Without the test key: with it, who has no credential gets the echo of the outside suites.
            const strict = await startServer({ env: { VIVIM_TEST: '0' } });
            try {
                for (const auth of [undefined, { token: 'vvm_nothing' }, { token: 7 }])
                    await assert.rejects(connect(strict, null, { auth, reconnection: false }), (e) => {
                        assert.equal(e.data.code, 'unauthenticated');
                        assert.ok(e.message && e.data.detail);
                        return true;
                    });
            } finally {
                assert.equal(await strict.stop(), 0);
            }
        });
    });

    describe('topics', () => {
        test('are checked one by one; ready follows', async () => {
            const c = await connect(server, ben);
            const answer = await c.subscribe(`conversation:${conversation}`, 'notifications', 'nonsense', 'account:' + conversation, `conversation:${conversation.slice(0, -1)}`);
            assert.deepEqual(answer.subscribed, ['notifications']);
            assert.deepEqual(answer.refused.map((r) => r.code), ['not_found', 'invalid_field', 'invalid_field', 'invalid_field']);
            const ready = await c.next('ready');
            assert.match(ready.cursor, /^\d+\.\d+$/);
            assert.ok(Math.abs(Date.parse(ready.server_time) - Date.now()) < 60_000);
            c.close();
        });
        test('a token needs the scope', async () => {
            const c = await connect(server, null, { auth: { token: await tokenOf(server, 'ann', '--scopes', 'capture') } });
            assert.equal((await c.subscribe('feed')).error.code, 'forbidden');
            c.close();
        });
        test('wrong arguments and unknown events are answered with a code', async () => {
            const c = await connect(server, ann);
            for (const [name, argument, code, field] of [
                ['subscribe', {}, 'invalid_field', 'topics'], ['subscribe', { topics: 'feed' }, 'invalid_field', 'topics'],
                ['subscribe', { topics: Array(51).fill('feed') }, 'invalid_field', 'topics'], ['subscribe', ['feed'], 'invalid_field'],
                ['subscribe', { topics: [], more: 1 }, 'invalid_field', 'more'], ['changes', { after: 'x' }, 'bad_input', 'cursor'], ['changes', { after: 7 }, 'invalid_field', 'after'],
                ['presence', { status: 'asleep' }, 'invalid_field', 'status'], ['presence', { status: 'online', at: 'conversation:x' }, 'invalid_field', 'topics'],
                ['presence', { status: 'online', message_id: 'x' }, 'invalid_field', 'message_id'], ['nothing', {}, 'not_found'],
            ]) {
                const { error } = await c.ask(name, argument);
                assert.deepEqual([name, error?.code, error?.field], [name, code, field]);
                assert.ok(error.detail);
            }
            c.socket.emit('nothing', {}); // no acknowledgement asked for: the error comes as an event
            assert.equal((await c.next('problem')).error.code, 'not_found');
            assert.deepEqual((await c.ask('subscribe', { topics: [[]] })).refused[0].code, 'invalid_field');
            c.socket.emit('subscribe', { topics: [Buffer.from('x')] });
            assert.equal((await c.next('problem')).error.code, 'invalid_field');
            c.close();
        });
        test('a flood of events is slowed down with a code, the connection stays', async () => {
            const c = await connect(server, ann);
            const answers = await Promise.all(Array.from({ length: 400 }, () => c.ask('changes', { after: '0.0', limit: 1 })));
            assert.ok(answers.some((a) => a.error?.code === 'rate_limited'));
            assert.ok(answers.some((a) => a.items));
            c.close();
        });
        test('thousands of topics that are not there are refused one by one; the same one again and again is one room', async () => {
            const c = await connect(server, ann);
            const nowhere = (i) => `conversation:01a20000-0000-7000-8000-${String(i).padStart(12, '0')}`;
            let refused = 0;
            for (let i = 0; i < 80; i++) refused += (await c.subscribe(...Array.from({ length: 50 }, (_, k) => nowhere(50 * i + k)))).refused?.length ?? 50;
            assert.equal(refused, 4000);
            await new Promise((resolve) => setTimeout(resolve, 1000)); // the rate of events
            for (let i = 0; i < 5; i++) assert.equal((await c.subscribe(...Array(50).fill(`conversation:${conversation}`))).subscribed.length, 50);
            c.close();
        });
        test('have one name and one room, however the id was typed', async () => {
            const c = await connect(server, ann), topic = `conversation:${conversation}`, capitals = `conversation:${conversation.toUpperCase()}`;
            assert.deepEqual((await c.subscribe(capitals, topic)).subscribed, [topic, topic]);
            await c.ask('presence', { status: 'online', at: capitals });
            assert.equal((await c.next('presence')).topic, topic);
            for (const spelling of [`{${conversation}}`, conversation.replaceAll('-', ''), ` ${conversation}`, `${conversation} `, `${conversation}:`, `urn:uuid:${conversation}`])
                assert.deepEqual((await c.subscribe(`conversation:${spelling}`)).refused.map((r) => r.code), ['invalid_field'], spelling);
            for (const kind of ['Conversation', 'CONVERSATION', ' conversation', 'conversation ', 'conversations', ''])
                assert.deepEqual((await c.subscribe(`${kind}:${conversation}`)).refused.map((r) => r.code), ['invalid_field'], kind);
            await c.ask('unsubscribe', { topics: [capitals] });
            const other = await connect(server, ann);
            await other.subscribe(topic);
            await other.ask('presence', { status: 'away', at: capitals });
            await other.next('presence', (p) => p.people.some((v) => v.status === 'away'));
            await c.ask('changes', { after: '0.0' }); // behind what it could have heard
            assert.ok(!c.heard.some((h) => h.name === 'presence' && h.argument.people.some((v) => v.status === 'away')));
            for (const one of [c, other]) one.close();
        });
        test('a batch that crosses the limit is refused whole', async () => {
            const rooms = 200, most = 50, c = await connect(server, eve);
            const topics = (await addConversations(server, eve, rooms)).map((id) => `conversation:${id}`);
            for (let i = 0; i < rooms - 2; i += most) assert.ok((await c.subscribe(...topics.slice(i, Math.min(i + most, rooms - 2)))).subscribed); // one place is free: its own room counts
            for (const batch of [topics.slice(-2), [...topics.slice(-2), 'nonsense', `conversation:${conversation}`]]) {
                const { error } = await c.subscribe(...batch);
                assert.deepEqual([error.code, error.field], ['too_large', 'topics']);
                assert.match(error.detail, /200 rooms/);
            }
            assert.deepEqual((await c.subscribe(topics.at(-1), topics[0])).subscribed, [topics.at(-1), topics[0]]);
            assert.equal((await c.subscribe(topics.at(-2))).error.code, 'too_large');
            c.close();
        });
        test('what clients ask is counted, with how long it took', async () => {
            const c = await connect(server, ann);
            const figures = async () => {
                const text = await (await ann.fetch('/metrics')).text();
                return (name) => Number(new RegExp(`^vivim_realtime_${name.replace(/[{}]/g, "\\$&")} ([0-9.]+)$`, 'm').exec(text)?.[1]);
            };
            const before = await figures();
            await c.subscribe('feed');
            await c.ask('presence', { status: 'asleep' });
            const after = await figures();
            assert.equal(after('events_total{event="subscribe"}') - before('events_total{event="subscribe"}'), 1);
            assert.equal(after('events_failed_total{event="presence"}') - before('events_failed_total{event="presence"}'), 1);
            assert.ok(after('event_seconds_total{event="subscribe"}') > before('event_seconds_total{event="subscribe"}'));
            assert.ok(after('sessions') >= 1 && after('rooms') >= 1);
            await eventually(async () => (await figures())('calls_waiting') === 0);
            c.close();
        });
    });

    describe('changes', () => {
        test('the owner hears, a stranger does not', async () => {
            const a = await connect(server, ann), e = await connect(server, eve);
            await a.subscribe();
            await e.subscribe();
            await ann.json('PATCH', `/api/v1/conversations/${conversation}`, { title: 'Heard at once' });
            const { items, cursor } = await a.next('change', (c) => c.items.some((i) => i.id === conversation));
            const item = items.find((i) => i.id === conversation);
            assert.deepEqual([item.entity, item.kind, item.fields], ['conversation', 'updated', ['title']]);
            assert.match(cursor, /^\d+\.\d+$/);
            // Something of her own is the next thing that eve hears.
            await tokenOf(server, 'eve');
            const own = await e.next('change');
            assert.ok(own.items.every((i) => i.entity === 'token'), JSON.stringify(own));
            a.close();
            e.close();
        });
        test('who was away asks by cursor and misses nothing, over the socket and over HTTP', async () => {
            const c = await connect(server, ann);
            await c.subscribe();
            const { cursor } = await c.next('ready');
            c.close();
            const titles = ['One', 'Two', 'Three'];
            for (const title of titles) await ann.json('PATCH', `/api/v1/conversations/${conversation}`, { title });
            const again = await connect(server, ann);
            // Under PostgreSQL an op is shown once no older transaction is open, so `more: false` means "for now": whoever
            // wants all that is committed asks on, and nothing comes behind a cursor that it had.
            const updates = (items) => items.filter((i) => i.id === conversation && i.kind === 'updated').length;
            const items = [];
            let at = cursor;
            await eventually(async () => {
                const page = await again.ask('changes', { after: at });
                items.push(...page.items);
                at = page.cursor;
                return !page.more && updates(items) >= titles.length;
            });
            assert.equal(updates(items), titles.length);
            const upTo = (page) => page.items.slice(0, items.length); // later ones may be there by now
            assert.deepEqual(upTo((await ann.json('GET', `/api/v1/changes?after=${cursor}`)).body), items);
            const single = [];
            for (at = cursor; single.length < items.length;) { // one at a time
                const page = await again.ask('changes', { after: at, limit: 1 });
                assert.equal(page.items.length, 1);
                single.push(...page.items);
                at = page.cursor;
            }
            assert.deepEqual(single, items);
            assert.equal((await again.ask('changes', { after: '999999999999.999999999' })).error.code, 'cursor_expired');
            assert.equal((await ann.json('GET', '/api/v1/changes?after=x')).status, 400);
            again.close();
        });
        test('a request may wait for a change', async () => {
            const { body } = await ann.json('GET', '/api/v1/changes');
            const waiting = ann.json('GET', `/api/v1/changes?after=${body.cursor}&wait=true`);
            await ann.json('PATCH', `/api/v1/conversations/${conversation}`, { title: 'Awaited' });
            const { body: woken } = await waiting;
            const { body: news } = await ann.json('GET', `/api/v1/changes?after=${woken.cursor}`);
            assert.ok([...woken.items, ...news.items].some((i) => i.id === conversation));
        });
        test('many at once come coalesced, all of them, in the order of the log', async () => {
            const c = await connect(server, ann);
            await c.subscribe();
            const { cursor } = await c.next('ready');
            const before = (await ann.json('GET', `/api/v1/conversations/${conversation}`)).body.version;
            const ROUNDS = 150;
            for (let i = 0; i < ROUNDS; i += 10)
                await Promise.all(Array.from({ length: 10 }, (_, k) => ann.json('PATCH', `/api/v1/conversations/${conversation}`, { title: `Title ${i + k}` })));
            // A change from before may still come: under PostgreSQL an op is seen only when no older transaction is open.
            const versions = (items) => items.filter((i) => i.id === conversation && i.version > before).map((i) => i.version);
            const asked = [], heard = [];
            let at = cursor;
            await eventually(async () => {
                const page = await c.ask('changes', { after: at });
                asked.push(...versions(page.items));
                at = page.cursor;
                return !page.more && asked.length >= ROUNDS;
            });
            assert.deepEqual(asked.toSorted((a, b) => a - b), Array.from({ length: ROUNDS }, (_, i) => before + 1 + i));
            while (heard.length < ROUNDS) heard.push(...versions((await c.next('change')).items));
            assert.deepEqual(heard, asked);
            c.close();
        });
        test('whom it is shared with hears of the grant, of changes, and of its end, also when away', async () => {
            const b = await connect(server, ben);
            await b.subscribe();
            const { cursor } = await b.next('ready');
            assert.equal((await share(ann, conversation, 'ben')).status, 200);
            await b.next('change', (c) => c.items.some((i) => i.entity === 'access' && i.kind === 'created' && i.id === conversation));
            await ann.json('PATCH', `/api/v1/conversations/${conversation}`, { title: 'Shared' });
            await b.next('change', (c) => c.items.some((i) => i.entity === 'conversation' && i.id === conversation));
            assert.deepEqual((await b.subscribe(`conversation:${conversation}`)).subscribed, [`conversation:${conversation}`]);
            await withdraw(ann, conversation, 'ben');
            assert.deepEqual(await b.next('unsubscribed'), { topic: `conversation:${conversation}` });
            await b.next('change', (c) => c.items.some((i) => i.entity === 'access' && i.kind === 'deleted'));
            assert.equal((await b.subscribe(`conversation:${conversation}`)).refused[0].code, 'not_found');
            b.close();
            const away = await ben.json('GET', `/api/v1/changes?after=${cursor}`);
            assert.deepEqual(away.body.items.map((i) => [i.entity, i.kind]), [['access', 'created'], ['access', 'deleted']]); // what was shared is not any more
        });
        test('what a deleted account shared leaves the topics of others, and comes back with it', async () => {
            const eva = await signIn(server, 'eva');
            assert.equal((await eva.json('POST', '/api/v1/sample')).status, 200);
            const [{ id }] = (await eva.json('GET', '/api/v1/conversations')).body.items, topic = `conversation:${id}`;
            assert.equal((await share(eva, id, 'ben')).status, 200);
            const b = await connect(server, ben);
            assert.deepEqual((await b.subscribe(topic)).subscribed, [topic]);
            await server.vivim(['user', 'delete', 'eva', '--yes']);
            assert.deepEqual(await b.next('unsubscribed'), { topic });
            await b.next('change', (c) => c.items.some((i) => i.entity === 'access' && i.kind === 'deleted' && i.id === id));
            assert.equal((await b.subscribe(topic)).refused[0].code, 'not_found');
            await server.vivim(['user', 'restore', 'eva']);
            await b.next('change', (c) => c.items.some((i) => i.entity === 'access' && i.kind === 'created' && i.id === id));
            assert.deepEqual((await b.subscribe(topic)).subscribed, [topic]);
            b.close();
        });
        test('a deleted conversation closes its topic, and whom it was shared with hears of it, also when away', async () => {
            const extra = (await ann.json('GET', '/api/v1/conversations')).body.items.at(-1).id;
            await share(ann, extra, 'ben');
            const a = await connect(server, ann), b = await connect(server, ben);
            await a.subscribe(`conversation:${extra}`);
            await b.subscribe();
            const { cursor } = await b.next('ready');
            assert.equal((await ann.json('DELETE', `/api/v1/conversations/${extra}`)).status, 204);
            assert.deepEqual(await a.next('unsubscribed'), { topic: `conversation:${extra}` });
            await b.next('change', (c) => c.items.some((i) => i.entity === 'access' && i.kind === 'deleted' && i.id === extra));
            const { items } = await b.ask('changes', { after: cursor });
            assert.ok(items.some((i) => i.entity === 'access' && i.kind === 'deleted' && i.id === extra));
            b.close();
            a.close();
        });
    });

    const closes = async (c) => {
        const [why] = await once(c.socket, 'disconnect', { signal: AbortSignal.timeout(PATIENCE_MS) });
        assert.equal(why, 'io server disconnect'); // the client does not come back by itself
        assert.ok(c.heard.some((e) => e.name === 'signed_out'));
    };

    describe('credentials that go close their sockets', () => {
        test('a session that signs out, and one that is revoked from another; the others stay', async () => {
            const one = await signIn(server, 'dan'), c = await connect(server, one);
            const other = client(server, { cookie: (await fetch(server.url + '/api/v1/auth/login', {
                method: 'POST', headers: { 'content-type': 'application/json', origin: server.url }, body: JSON.stringify({ handle: 'dan', password: one.password }),
            })).headers.get('set-cookie').split(';')[0], origin: server.url });
            const gone = closes(c);
            await one.json('POST', '/api/v1/auth/logout');
            await gone;
            const d = await connect(server, null, { auth: { token: await tokenOf(server, 'dan') } });
            const sessions = await other.json('GET', '/api/v1/sessions');
            assert.equal(sessions.status, 200);
            assert.ok((await d.subscribe()).subscribed);
            d.close();
        });
        const loggedIn = async (person, headers = {}) => client(server, { cookie: (await fetch(server.url + '/api/v1/auth/login', {
            method: 'POST', headers: { 'content-type': 'application/json', origin: server.url, ...headers }, body: JSON.stringify({ handle: person.handle, password: person.password }),
        })).headers.get('set-cookie').split(';')[0], origin: server.url });
        for (const [name, handle, end] of [
            ['a token is revoked', 'wim', async (one, other, token) => other.json('DELETE', `/api/v1/tokens/${token.id}`)],
            ['a session is revoked', 'wil', async (one, other) => other.json('DELETE', `/api/v1/sessions/${(await one.json('GET', '/api/v1/me')).body.session_id}`)],
            ['all sessions but one are revoked', 'wes', async (one, other) => other.json('DELETE', '/api/v1/sessions')],
            ['a session gives way to a new one', 'win', async (one) => loggedIn(one, { cookie: one.cookie })],
            ['the account is disabled', 'wal', async () => server.vivim(['user', 'disable', 'wal'])],
        ]) test(`a request that waits is refused at once: ${name}`, async () => {
            const one = { ...await signIn(server, handle), handle }, other = await loggedIn(one);
            const c = await connect(server, one);
            await c.subscribe();
            const { body: token } = await other.json('POST', '/api/v1/tokens', { name: 'waits', scopes: ['read'] });
            const told = await c.next('change', (x) => x.items.some((i) => i.id === token.id)); // the account's last op so far
            const asks = handle === 'wim' ? client(server, { authorization: `Bearer ${token.token}` }) : one;
            c.close();
            let ending = false;
            const waiting = (async () => { // a wait may end for nothing before it has begun: ask again
                for (let { cursor } = told;;) {
                    const answer = await asks.json('GET', `/api/v1/changes?after=${cursor}&wait=true`);
                    if (ending || answer.status !== 200) return answer;
                    ({ cursor } = answer.body);
                }
            })();
            await eventually(async () => /vivim_realtime_waiters 1/.test(await (await fetch(server.url + '/metrics')).text()));
            ending = true;
            await end(one, other, token);
            const { status, body } = await waiting;
            assert.equal(status, 401);
            assert.equal(body.code, 'unauthenticated');
        });
        test('a token that is revoked', async () => {
            const token = await tokenOf(server, 'ben'), c = await connect(server, null, { auth: { token } });
            const gone = closes(c);
            const list = await ben.json('GET', '/api/v1/tokens');
            for (const t of list.body.items) await ben.json('DELETE', `/api/v1/tokens/${t.id}`);
            await gone;
        });
        test('who polls hears it all, then the close packet, which waits for a poll; a connection that probes ends with it', async () => {
            const token = await tokenOf(server, 'ben');
            const session = await openPolling(server.url, '/socket.io/');
            await session.send(`40${JSON.stringify({ token })}`);
            assert.match(await session.receive(), /^40{"sid"/);
            const probe = await openSocket(server.url, '/socket.io/', { sid: session.sid });
            probe.send('2probe');
            assert.equal(await probe.next(), '3probe');
            const list = await ben.json('GET', '/api/v1/tokens');
            for (const t of list.body.items) await ben.json('DELETE', `/api/v1/tokens/${t.id}`);
            await probe.closed(); // no poll is open meanwhile
            await session.send('42["subscribe",{"topics":["feed"]}]'); // what crosses the close is let pass
            const heard = [];
            for (;;) {
                const { status, body } = await session.poll();
                assert.equal(status, 200);
                if (body === '1') break;
                heard.push(...body.split(SEPARATOR).filter((p) => p !== '2' && p !== '6'));
            }
            assert.deepEqual(heard.at(-1), '41');
            assert.match(heard.at(-2), /^42\["signed_out",{}/);
            assert.equal((await session.poll()).status, 400);
        });
        test('a disabled account: at once; a new password: its sessions, not its tokens; a deleted account', async () => {
            const fay = await signIn(server, 'fay');
            const token = await tokenOf(server, 'fay');
            const bySession = await connect(server, fay), byToken = await connect(server, null, { auth: { token } });
            let gone = closes(bySession);
            await server.vivim(['user', 'passwd', 'fay', '--password-file', '-'], { input: 'another good pass\n' });
            await gone;
            assert.ok((await byToken.subscribe()).subscribed);
            gone = closes(byToken);
            await server.vivim(['user', 'disable', 'fay']);
            await gone;
            const gus = await signIn(server, 'gus'), c = await connect(server, gus);
            gone = closes(c);
            await server.vivim(['user', 'delete', 'gus', '--yes']);
            await gone;
        });
    });

    describe('credentials that end by themselves close their sockets', { concurrency: true }, () => {
        const IDLE_MS = 14 * 24 * 3600 * 1000, SOON_MS = 4000;
        const of = (handle) => `owner_id = (SELECT id FROM account WHERE handle = '${handle}')`;
        // Before anybody has looked at them: what is known of a credential is remembered for a second.
        const endSession = (handle, at) => changeRows(server, `UPDATE session SET expires_ms = ${at} WHERE ${of(handle)}`);
        const endTokens = (handle, at) => changeRows(server, `UPDATE api_token SET expires_ms = ${at} WHERE ${of(handle)}`);
        const usedLast = (handle, at) => changeRows(server, `UPDATE session SET last_used_ms = ${at} WHERE ${of(handle)}`);
        const signallingEnds = async (c) => {
            assert.deepEqual(await c.hear(), { type: 'signed_out' });
            assert.equal((await c.closed()).code, 1008);
        };

        test('a session and a token, by each transport, and of the signalling', async () => {
            const hal = await signIn(server, 'hal'), token = await tokenOf(server, 'hal');
            const end = Date.now() + SOON_MS;
            await endSession('hal', end);
            await endTokens('hal', end);
            const bearer = { authorization: `Bearer ${token}` };
            const clients = await Promise.all([connect(server, hal), connect(server, hal, { transports: ['polling'] }), connect(server, null, { auth: { token } }),
                connect(server, null, { extraHeaders: bearer })]);
            const signallers = await Promise.all([{ cookie: hal.cookie, origin: server.url }, bearer].map((headers) => openSignalling(server.url, { headers })));
            await Promise.all([...clients.map(closes), ...signallers.map(signallingEnds)]);
            assert.ok(Date.now() >= end);
            assert.equal((await hal.json('GET', '/api/v1/me')).status, 401);
        });
        test('a session that was used meanwhile lives on', async () => {
            const ida = await signIn(server, 'ida'), token = await tokenOf(server, 'ida');
            await usedLast('ida', Date.now() - IDLE_MS + SOON_MS);
            const used = await connect(server, ida); // this is a use
            await endTokens('ida', Date.now() + 2 * SOON_MS);
            const later = await connect(server, null, { auth: { token } });
            await closes(later);
            assert.ok((await used.subscribe('feed')).subscribed); // it was asked about before, and is still here
            assert.ok(!used.heard.some((e) => e.name === 'signed_out'));
            used.close();
        });
        test('a session that was not used', async () => {
            const jo = await signIn(server, 'jo'), now = Date.now();
            const watcher = client(server, { authorization: `Bearer ${await tokenOf(server, 'jo')}` }); // which uses no session
            await usedLast('jo', now - IDLE_MS / 2);
            await endSession('jo', now + 2 * SOON_MS); // the use below is to be written by then
            const c = await connect(server, jo), gone = closes(c);
            // That this was a use is written a moment later; then nothing but time is left to end it.
            await eventually(async () => Date.parse((await watcher.json('GET', '/api/v1/sessions')).body.items[0].last_used_at) >= now);
            await endSession('jo', now + IDLE_MS);
            await usedLast('jo', now - IDLE_MS);
            await gone;
        });
        test('a connection that has left its namespace', async () => {
            const kim = await signIn(server, 'kim');
            await endSession('kim', Date.now() + SOON_MS);
            const c = await openEngineSocket(server.url, '/socket.io/', { headers: { cookie: kim.cookie, origin: server.url } });
            c.send('40');
            assert.match(await c.next(), /^40{"sid":"[^"]+","pid"/);
            c.send('41');
            assert.equal((await c.closed()).code, 1000);
        });
    });

    describe('presence', () => {
        const topic = () => `conversation:${conversation}`;
        const person = (handle, status) => (p) => p.topic === topic() && p.people.some((v) => v.handle === handle && v.status === status);

        test('two people see each other come, move and go; a third does not; a withdrawn grant ends it', async () => {
            await share(ann, conversation, 'ben');
            const a = await connect(server, ann), b = await connect(server, ben), e = await connect(server, eve);
            await a.subscribe(topic());
            await b.subscribe(topic());
            await e.subscribe(topic());
            await a.ask('presence', { status: 'online', at: topic() });
            await a.next('presence', person('ann', 'online'));
            await b.next('presence', person('ann', 'online'));
            await b.ask('presence', { status: 'online', at: topic() });
            await a.next('presence', person('ben', 'online'));
            const messages = (await ann.json('GET', `/api/v1/conversations/${conversation}/messages`)).body.items;
            await b.ask('presence', { status: 'away', at: topic(), message_id: messages[0].id });
            const moved = await a.next('presence', person('ben', 'away'));
            assert.equal(moved.people.find((p) => p.handle === 'ben').message_id, messages[0].id);
            await b.ask('presence', { status: 'online' }); // to somewhere else
            await a.next('presence', person('ben', 'offline'));
            await b.ask('presence', { status: 'online', at: topic() });
            await a.next('presence', person('ben', 'online'));
            assert.equal((await e.ask('presence', { status: 'online', at: topic() })).error.code, 'not_found');
            await withdraw(ann, conversation, 'ben');
            await b.next('unsubscribed');
            await a.next('presence', person('ben', 'offline'));
            await a.ask('presence', { status: 'away', at: topic() });
            await a.next('presence', person('ann', 'away'));
            for (const c of [b, e]) assert.ok(!c.heard.some((h) => h.name === 'presence' && person('ann', 'away')(h.argument)));
            assert.ok(!e.heard.some((h) => h.name === 'presence'));
            for (const c of [a, b, e]) c.close();
        });
        test('who comes later gets who is there; a client that is killed goes; several devices are one person', async () => {
            await share(ann, conversation, 'ben');
            const a = await connect(server, ann), phone = await connect(server, ben), laptop = await connect(server, ben, { reconnection: false });
            for (const c of [a, phone, laptop]) await c.subscribe(topic());
            await phone.ask('presence', { status: 'away', at: topic() });
            await laptop.ask('presence', { status: 'online', at: topic() });
            await a.next('presence', person('ben', 'online'));
            const late = await connect(server, ann);
            await late.subscribe(topic());
            const snapshot = await late.next('presence', (p) => p.snapshot);
            assert.deepEqual(snapshot.people.map((p) => [p.handle, p.status]), [['ben', 'online']]);
            laptop.socket.io.engine.transport.ws.terminate(); // the network is gone, without a word
            await a.next('presence', person('ben', 'away'));
            phone.socket.disconnect(); // with a word: at once
            await a.next('presence', person('ben', 'offline'));
            await eventually(async () => {
                const { body } = await ann.json('GET', `/api/v1/conversations/${conversation}/presence`);
                const there = Object.fromEntries(body.items.map((p) => [p.handle, p]));
                return there.ann.status === 'online' && there.ben.status === 'offline' && Math.abs(Date.parse(there.ben.last_seen_at) - Date.now()) < 60_000;
            });
            assert.equal((await eve.json('GET', `/api/v1/conversations/${conversation}/presence`)).status, 404);
            a.close();
            late.close();
        });
        test('several tabs of one browser: one person, until the last one turns away', async () => {
            await share(ann, conversation, 'ben');
            const extra = (await ann.json('GET', '/api/v1/conversations')).body.items.find((c) => c.id !== conversation).id;
            const a = await connect(server, ann), tabs = [await connect(server, ben), await connect(server, ben), await connect(server, ben)];
            const messages = (await ann.json('GET', `/api/v1/conversations/${conversation}/messages`)).body.items;
            const statusOfBen = async () => (await ann.json('GET', `/api/v1/conversations/${conversation}/presence`)).body.items.filter((p) => p.handle === 'ben').map((p) => p.status);
            const nothingOf = (status) => assert.ok(!a.heard.some((h) => h.name === 'presence' && person('ben', status)(h.argument)), JSON.stringify(a.heard));
            for (const c of [a, ...tabs]) await c.subscribe(topic());
            assert.equal((await tabs[0].ask('presence', { status: 'online', at: `conversation:${extra}` })).error?.code, 'not_found'); // that one is not shared
            await tabs[0].ask('presence', { status: 'away', at: topic(), message_id: messages[0].id });
            await a.next('presence', person('ben', 'away'));
            await tabs[1].ask('presence', { status: 'online', at: topic(), message_id: messages[1].id });
            const there = await a.next('presence', person('ben', 'online')); // the best of them, where that one is
            assert.deepEqual(there.people.filter((p) => p.handle === 'ben').map((p) => p.message_id), [messages[1].id]);
            assert.deepEqual(await statusOfBen(), ['online']);
            await tabs[1].ask('unsubscribe', { topics: [topic()] }); // as a tab does that shows something else
            await a.next('presence', person('ben', 'away'));
            await tabs[2].ask('presence', { status: 'online', at: topic() });
            await a.next('presence', person('ben', 'online'));
            tabs[0].close(); // the worse of two goes: nothing changes
            await a.ask('presence', { status: 'online', at: topic() });
            await a.next('presence', person('ann', 'online')); // a tick later …
            for (const status of ['away', 'offline']) nothingOf(status);
            assert.deepEqual(await statusOfBen(), ['online']);
            tabs[2].close();
            await a.next('presence', person('ben', 'offline'));
            a.close();
            tabs[1].close();
        });
        test('who is invisible is nowhere, and stays so until visible', async () => {
            await share(ann, conversation, 'ben');
            const a = await connect(server, ann);
            await a.subscribe(topic());
            let b = await connect(server, ben);
            await b.ask('presence', { status: 'invisible' });
            b.close();
            b = await connect(server, ben); // it is remembered
            await b.subscribe(topic());
            assert.equal((await b.next('ready')).invisible, true);
            await b.ask('presence', { status: 'online', at: topic() });
            await a.ask('presence', { status: 'online', at: topic() });
            await a.next('presence', person('ann', 'online')); // a tick later …
            assert.ok(!a.heard.some((h) => h.name === 'presence' && person('ben', 'online')(h.argument)));
            await b.ask('presence', { status: 'visible' });
            await a.next('presence', person('ben', 'online'));
            a.close();
            b.close();
        });
    });

    describe('connections that are lost', () => {
        test('come back as the same socket, with their topics and what they missed', async () => {
            const c = await connect(server, ann);
            await c.subscribe(`conversation:${conversation}`);
            await ann.json('PATCH', `/api/v1/conversations/${conversation}`, { title: 'Before' });
            await c.next('change'); // an offset
            const id = c.socket.id, back = once(c.socket, 'connect');
            c.socket.io.engine.close(); // as a network would
            await Promise.all(['Lost 1', 'Lost 2'].map((title) => ann.json('PATCH', `/api/v1/conversations/${conversation}`, { title })));
            await back;
            assert.equal(c.socket.recovered, true);
            assert.equal(c.socket.id, id);
            let missed = 0;
            while (missed < 2) missed += (await c.next('change')).items.filter((i) => i.id === conversation).length;
            await c.ask('presence', { status: 'online', at: `conversation:${conversation}` });
            await c.next('presence'); // the topic is still its own
            c.close();
        });
        test('a topic whose right went meanwhile is not given back', async () => {
            await share(ann, conversation, 'ben');
            const b = await connect(server, ben, { reconnectionDelay: 1500, reconnectionDelayMax: 1500, randomizationFactor: 0 });
            await b.subscribe(`conversation:${conversation}`);
            await ann.json('PATCH', `/api/v1/conversations/${conversation}`, { title: 'An offset for ben' });
            await b.next('change', (c) => c.items.some((i) => i.entity === 'conversation'));
            const back = once(b.socket, 'connect');
            b.socket.io.engine.close();
            await withdraw(ann, conversation, 'ben');
            await back;
            b.heard.splice(0, b.heard.length, ...b.heard.filter((h) => h.name !== 'presence'));
            assert.equal(b.socket.recovered, true);
            await b.next('change', (c) => c.items.some((i) => i.entity === 'access' && i.kind === 'deleted'));
            const a = await connect(server, ann);
            await a.subscribe(`conversation:${conversation}`);
            await a.ask('presence', { status: 'online', at: `conversation:${conversation}` });
            await a.next('presence');
            assert.ok(!b.heard.some((h) => h.name === 'presence'));
            a.close();
            b.close();
        });
        test('what was missed of a thing whose right went meanwhile is not told any more: the socket begins anew', async () => {
            await share(ann, conversation, 'ben');
            const b = await connect(server, ben, { reconnection: false });
            await b.subscribe(`conversation:${conversation}`);
            await ann.json('PATCH', `/api/v1/conversations/${conversation}`, { title: 'An offset again' });
            const { cursor } = await b.next('change', (c) => c.items.some((i) => i.entity === 'conversation'));
            const { _pid: pid, _lastOffset: offset } = b.socket;
            const a = await connect(server, ann);
            await a.subscribe();
            b.socket.io.engine.close();
            await ann.json('PATCH', `/api/v1/conversations/${conversation}`, { title: 'Missed' });
            await a.next('change', (c) => c.items.some((i) => i.kind === 'updated')); // so it is kept for ben too
            await withdraw(ann, conversation, 'ben');
            const back = await connect(server, ben, { auth: { pid, offset } });
            assert.notEqual(back.socket._pid, pid);
            assert.ok(!(await back.ask('changes', { after: cursor })).items.some((i) => i.id === conversation && i.entity === 'conversation'));
            assert.ok(!back.heard.some((h) => h.name === 'change' && h.argument.items.some((i) => i.entity === 'conversation')));
            a.close();
            back.close();
        });
        test("nobody comes back as somebody else: another's pid begins anew", async () => {
            const c = await connect(server, ann);
            await c.subscribe();
            await ann.json('PATCH', `/api/v1/conversations/${conversation}`, { title: 'For an offset' });
            await c.next('change');
            const { _pid: pid, _lastOffset: offset } = c.socket;
            assert.ok(pid && offset);
            c.socket.io.opts.reconnection = false;
            c.socket.io.engine.close();
            const thief = await connect(server, eve, { auth: { pid, offset } });
            await thief.subscribe();
            assert.equal((await thief.next('ready')).handle, 'eve');
            assert.ok(!thief.heard.some((h) => h.name === 'change'));
            thief.close();
            c.close();
        });
    });

    test('kill -9 and restart: clients come back, subscribe again and miss no committed change', async (t) => {
        const first = await startServer({ keep: true });
        t.after(() => first.stop('SIGKILL'));
        const owner = await signIn(first, 'owner');
        await owner.json('POST', '/api/v1/sample');
        const id = await conversationOf(owner);
        const port = new URL(first.url).port;
        const clients = await Promise.all([['websocket'], ['polling'], ['polling', 'websocket']].map((transports) => connect(first, owner, { transports })));
        const heard = clients.map(() => []);
        let cursors = [];
        for (const [i, c] of clients.entries()) {
            c.socket.on('change', ({ items, cursor }) => { heard[i].push(...items); cursors[i] = cursor; });
            await c.subscribe(`conversation:${id}`);
            cursors[i] = (await c.next('ready')).cursor;
        }
        await owner.json('PATCH', `/api/v1/conversations/${id}`, { title: 'Acknowledged before the end' });
        await first.stop('SIGKILL');
        const before = cursors.slice();
        const second = await startServer({ data: first.data, env: { VIVIM_LISTEN: `127.0.0.1:${port}` } });
        t.after(() => second.stop('SIGKILL'));
        await owner.json('PATCH', `/api/v1/conversations/${id}`, { title: 'While they were away' });
        for (const [i, c] of clients.entries()) {
            if (!c.socket.connected) await once(c.socket, 'connect');
            assert.equal(c.socket.recovered, false);
            assert.deepEqual((await c.subscribe(`conversation:${id}`)).subscribed, [`conversation:${id}`]);
            const versions = new Set();
            await eventually(async () => { // on PostgreSQL a transaction of the process that was killed may hold the log back for a moment
                const { items } = await c.ask('changes', { after: before[i] });
                for (const x of [...heard[i], ...items]) if (x.id === id && x.kind === 'updated') versions.add(x.version);
                return versions.size === 2;
            }).catch(() => assert.fail(`client ${i} heard of ${[...versions]}`));
            c.close();
        }
        assert.equal(await second.stop(), 0);
    });

    test('stopping tells everybody, within the time to drain', async (t) => {
        const s = await startServer();
        t.after(() => s.stop('SIGKILL')); // also when something fails here
        const me = await signIn(s);
        const clients = await Promise.all([['websocket'], ['polling']].map((transports) => connect(s, me, { transports, reconnection: false })));
        // What has changed until here is told late on a busy machine, and would end the wait below; one that asked again just
        // then would find a server that does not listen any more. So the last change is heard of first.
        await me.json('POST', '/api/v1/sample');
        const { body } = await me.json('PATCH', `/api/v1/conversations/${await conversationOf(me)}`, { title: 'The last change' });
        const told = await clients[0].next('change', (c) => c.items.some((i) => i.id === body.id && i.version === body.version));
        let stopping = false;
        const waiting = (async () => { // a wait may end for nothing before it has begun: ask again
            for (let { cursor } = told;;) {
                const answer = await me.json('GET', `/api/v1/changes?after=${cursor}&wait=true`);
                if (stopping) return answer;
                ({ cursor } = answer.body);
            }
        })();
        const closed = clients.map((c) => once(c.socket, 'disconnect'));
        await eventually(async () => /vivim_realtime_waiters 1/.test(await (await me.fetch('/metrics')).text()));
        stopping = true;
        assert.equal(await s.stop(), 0);
        await Promise.all(closed);
        assert.equal((await waiting).status, 200);
    });
});
