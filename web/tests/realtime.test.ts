// Real time without a browser: one connection and its topics, a feed that misses nothing, who is there, and where it all goes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offline, Problem } from '../src/api/problem.ts';
import type { Change, Changes, Person, Ready, Socket, SocketEvents, SocketQuestions } from '../src/api/socket.ts';
import { createLibrary, type Summary } from '../src/model/library.ts';
import { createPresence, initials, merge } from '../src/model/presence.ts';
import { createReader, keepSame, type Message } from '../src/model/reader.ts';
import { createSharing } from '../src/model/sharing.ts';
import { createProgress } from '../src/sync/captures.ts';
import { createConnection } from '../src/sync/connection.ts';
import { createFeed, goneConversations, type News } from '../src/sync/feed.ts';
import { deferred, fakeServer, fakeTimer, problem, settled, type Answer } from './fakes.ts';

const READY: Ready = { server_time: '', cursor: '0.9', user_id: 'me', handle: 'ann', heartbeat_ms: 7, invisible: false };

// A socket whose other end is the test: what was asked, answers by question, events by hand.
function fakeSocket() {
    const listeners: Record<string, ((argument: never) => void)[]> = {};
    const asked: { question: string; argument: unknown }[] = [];
    const tell = <E extends keyof SocketEvents>(event: E, argument: SocketEvents[E]) => {
        for (const listener of listeners[event] ?? []) listener(argument as never);
    };
    const answers: { [question: string]: (argument: never) => unknown } = {
        subscribe: ({ topics }: { topics: string[] }) => ({ subscribed: topics, refused: [] }),
    };
    const calls = { connect: 0, close: 0 };
    const socket: Socket = {
        on: (event, listener) => void (listeners[event] ??= []).push(listener as never),
        ask: async (question, argument) => {
            asked.push({ question, argument });
            return (await answers[question]?.(argument as never)) as SocketQuestions[typeof question]['answer'];
        },
        connect: () => void calls.connect++,
        close: () => void calls.close++,
    };
    const questions = (name: string) => asked.filter((a) => a.question === name).map((a) => a.argument);
    return { socket, tell, asked, answers, calls, questions };
}

async function setup() {
    const fake = fakeSocket();
    const timer = fakeTimer();
    const connection = createConnection({ open: async () => fake.socket, later: timer.later });
    return { ...fake, timer, connection };
}
async function connected() {
    const t = await setup();
    t.connection.start();
    await settled();
    t.tell('connected', { recovered: false });
    await settled();
    return t;
}

test('topics are subscribed to once, again after a connection that is new, not after one that was recovered', async () => {
    const t = await connected();
    const joined: string[] = [];
    const leave = t.connection.join('a', { joined: () => joined.push('first') });
    const leaveToo = t.connection.join('a', { joined: () => joined.push('second') });
    await settled();
    assert.deepEqual([t.questions('subscribe'), joined], [[{ topics: ['a'] }], ['first', 'second']]);
    t.tell('lost', { again: true });
    assert.equal(t.connection.store.getState().phase, 'lost');
    t.tell('connected', { recovered: true });
    await settled();
    assert.equal(t.questions('subscribe').length, 1);
    t.tell('lost', { again: true });
    t.tell('connected', { recovered: false });
    await settled();
    assert.deepEqual([t.questions('subscribe').length, joined.length], [2, 4]);
    leave();
    await settled();
    assert.deepEqual(t.questions('unsubscribe'), []);
    leaveToo();
    await settled();
    assert.deepEqual(t.questions('unsubscribe'), [{ topics: ['a'] }]);
});

test('what is joined and left while the connection is away is what is asked for afterwards', async () => {
    const t = await connected();
    t.tell('lost', { again: true });
    t.connection.join('stay', {});
    t.connection.join('go', {})();
    t.tell('connected', { recovered: false });
    await settled();
    assert.deepEqual(t.questions('subscribe'), [{ topics: ['stay'] }]);
});

test('a refusal and a right that goes end a topic and tell who followed it', async () => {
    const t = await connected();
    const refused: string[] = [];
    t.answers['subscribe'] = ({ topics }: { topics: string[] }) => ({
        subscribed: topics.filter((x) => x !== 'no'), refused: topics.filter((x) => x === 'no').map((topic) => ({ topic, code: 'not_found', detail: 'x' })),
    });
    t.connection.join('no', { refused: (p) => refused.push(`no ${p.code}`), joined: () => assert.fail('it was refused') });
    t.connection.join('yes', { refused: () => refused.push('yes') });
    await settled();
    t.tell('unsubscribed', { topic: 'yes' });
    assert.deepEqual(refused, ['no not_found', 'yes']);
    t.tell('lost', { again: true });
    t.tell('connected', { recovered: false });
    await settled();
    assert.equal(t.questions('subscribe').length, 2, 'neither is asked for again');
});

test('where the client does not come back by itself we do, except when nobody is signed in', async () => {
    const t = await connected();
    t.tell('lost', { again: false });
    t.timer.turn();
    assert.equal(t.calls.connect, 2);
    t.tell('refused', new Problem(401, 'unauthenticated', ''));
    assert.deepEqual(t.timer.waiting(), []);
    t.tell('refused', new Problem(400, 'busy', ''));
    t.timer.turn();
    assert.equal(t.calls.connect, 3);
    t.connection.retry();
    assert.equal(t.calls.connect, 4);
    t.connection.stop();
    assert.deepEqual([t.calls.close, t.connection.store.getState().phase, t.timer.waiting()], [1, 'off', []]);
});

test('code that could not be loaded is asked for again', async () => {
    const timer = fakeTimer();
    const { socket, calls } = fakeSocket();
    let tries = 0;
    const connection = createConnection({ later: timer.later, open: async () => { if (!tries++) throw new Error('no network'); return socket; } });
    connection.start();
    await settled();
    assert.equal(connection.store.getState().phase, 'lost');
    timer.turn();
    await settled();
    assert.equal(calls.connect, 1);
});

// --- the feed -----------------------------------------------------------------------------------------------------------

const change = (id: string, more: Partial<Change> = {}): Change =>
    ({ entity: 'conversation', id, kind: 'updated', version: 1, fields: [], owner_id: 'me', actor_id: null, at: '', ...more });
const page = (cursor: string, ids: string[], more = false): Changes => ({ items: ids.map((id) => change(id)), cursor, more });

async function feedOf(known: string | null) {
    const t = await connected();
    const news: string[] = [];
    const kept: string[] = [];
    const feed = createFeed({
        connection: t.connection, later: t.timer.later,
        store: { read: async () => known, take: async (cursor) => void kept.push(cursor), clear: async () => {} },
        onNews: (n: News) => {
            assert.ok(kept.length > 0, 'in the store before it is told');
            news.push(n.everything ? 'everything' : n.items.map((i) => i.id).join());
        },
    });
    const start = async () => {
        await feed.start();
        await settled();
        t.tell('ready', READY);
        await settled();
    };
    return { ...t, feed, news, kept, start };
}

test('the first time everything is read, then each change is told and its cursor kept', async () => {
    const t = await feedOf(null);
    await t.start();
    t.tell('change', page('0.10', ['a']));
    t.tell('change', page('0.11', ['b', 'c']));
    await settled();
    assert.deepEqual([t.news, t.kept, t.questions('changes')], [['everything', 'a', 'b,c'], ['0.9', '0.10', '0.11'], []]);
});

test('what was missed is asked for by the cursor, page by page, and what comes meanwhile is not lost', async () => {
    const t = await feedOf('0.3');
    const slow = deferred<Changes>();
    const answers: (Changes | Promise<Changes>)[] = [page('0.5', ['a'], true), slow.promise, page('0.12', ['c'])];
    t.answers['changes'] = () => answers.shift();
    await t.start();
    t.tell('change', page('0.12', ['c'])); // live, while the past is being asked for
    slow.resolve(page('0.9', ['b']));
    await settled();
    assert.deepEqual(t.questions('changes'), [{ after: '0.3' }, { after: '0.5' }, { after: '0.9' }]);
    assert.deepEqual([t.news, t.kept], [['a', 'b', 'c'], ['0.5', '0.9', '0.12']]);
});

test('too much for one event, and a cursor that the server does not know any more', async () => {
    const t = await feedOf('0.8');
    t.answers['changes'] = () => page('0.9', []);
    await t.start();
    t.answers['changes'] = () => page('0.400', ['x', 'y']);
    t.tell('change', { items: [], cursor: '0.400', more: true });
    await settled();
    assert.deepEqual([t.news, t.questions('changes')[1]], [['x,y'], { after: '0.9' }]);
    t.answers['changes'] = () => { throw new Problem(400, 'cursor_expired', ''); };
    t.tell('lost', { again: true });
    t.tell('connected', { recovered: false });
    await settled();
    assert.deepEqual([t.news[1], t.kept[t.kept.length - 1]], ['everything', '0.9']);
});

test('no answer is asked for again; after the end nothing is told', async () => {
    const t = await feedOf('0.3');
    t.answers['changes'] = () => { throw offline(); };
    await t.start();
    assert.deepEqual(t.news, []);
    t.answers['changes'] = () => page('0.9', ['a']);
    t.timer.turn();
    await settled();
    assert.deepEqual(t.news, ['a']);
    t.feed.stop();
    t.tell('change', page('0.10', ['b']));
    await settled();
    assert.deepEqual(t.news, ['a']);
});

test('what goes is not kept on the device: deleted conversations and withdrawn rights', () => {
    const items = [change('a', { kind: 'deleted' }), change('b', { kind: 'deleted', entity: 'access' }), change('c', { kind: 'deleted', entity: 'capture' }), change('d')];
    assert.deepEqual(goneConversations(items), ['a', 'b']);
});

// --- captures -------------------------------------------------------------------------------------------------------------

test('a capture is followed over the socket where there is one, else by its stream', async () => {
    const t = await connected();
    const streams: string[] = [];
    const capture = (id: string, phase: string) => ({ id, phase }) as SocketEvents['progress'];
    const follow = createProgress({
        connection: t.connection, read: async (id) => capture(id, 'read'),
        openStream: (url) => (streams.push(url), { readyState: 0, addEventListener: () => {}, close: () => {} }),
    });
    const heard: string[] = [];
    const stop = follow('k', (c) => heard.push(c.phase ?? ''), () => heard.push('lost'));
    await settled();
    t.tell('progress', capture('k', 'load'));
    t.tell('progress', capture('other', 'load'));
    assert.deepEqual([heard, streams], [['read', 'load'], []]);
    stop();
    t.tell('progress', capture('k', 'late'));
    await settled();
    assert.deepEqual([heard.length, t.questions('unsubscribe')], [2, [{ topics: ['capture:k'] }]]);
    t.tell('lost', { again: true });
    follow('k', () => {}, () => {});
    assert.deepEqual(streams, ['/api/v1/captures/k/events']);
});

// --- presence ---------------------------------------------------------------------------------------------------------------

const person = (user_id: string, more: Partial<Person> = {}): Person => ({ user_id, handle: user_id, status: 'online', message_id: null, last_seen_at: null, ...more });
const topic = 'conversation:c';

async function presenceOf() {
    const t = await connected();
    const refused: string[] = [];
    const presence = createPresence({ connection: t.connection, me: () => 'me', later: t.timer.later, onRefused: (id) => refused.push(id) });
    t.tell('ready', READY);
    presence.open('c');
    await settled();
    return { ...t, presence, refused, people: () => presence.store.getState().people.map((p) => `${p.handle} ${p.status}`) };
}

test('who is there, comes, goes and looks away; oneself is not listed, nor who is elsewhere', async () => {
    const t = await presenceOf();
    t.tell('presence', { topic, snapshot: true, people: [person('me'), person('zoe'), person('ben')] });
    assert.deepEqual(t.people(), ['ben online', 'zoe online']);
    t.tell('presence', { topic, snapshot: false, people: [person('ben', { status: 'away' }), person('zoe', { status: 'offline' })] });
    t.tell('presence', { topic: 'conversation:other', snapshot: true, people: [person('eve')] });
    assert.deepEqual(t.people(), ['ben away']);
    t.tell('lost', { again: true });
    assert.deepEqual(t.people(), ['ben away'], 'a connection that comes back at once changes nothing');
    t.tell('connected', { recovered: false });
    await settled();
    assert.deepEqual(t.people(), [], 'they are told anew');
    t.presence.open('d');
    assert.deepEqual(t.presence.store.getState().people, []);
});

test('a sign of life each heartbeat, with where we are, what we look at and whether we look', async () => {
    const t = await presenceOf();
    const last = () => t.questions('presence').pop();
    assert.deepEqual(last(), { status: 'online', at: topic });
    assert.ok(t.timer.waiting().includes(READY.heartbeat_ms));
    t.presence.lookAt('m1');
    t.presence.lookAt('m2');
    const before = t.questions('presence').length;
    t.timer.turn();
    assert.ok(t.questions('presence').length - before <= 2, 'a heartbeat and one look');
    assert.deepEqual(last(), { status: 'online', at: topic, message_id: 'm2' });
    t.presence.attend('away');
    assert.deepEqual(last(), { status: 'away', at: topic, message_id: 'm2' });
    t.presence.close();
    assert.deepEqual(last(), { status: 'away' });
    const count = t.questions('presence').length;
    t.tell('pulse', null);
    assert.equal(t.questions('presence').length, count + 1, 'the server wakes a page whose timers sleep');
    t.tell('lost', { again: true });
    t.timer.turn();
    assert.equal(t.questions('presence').length, count + 1);
});

test('a right that goes ends it; invisible is what the server says it is', async () => {
    const t = await presenceOf();
    t.tell('presence', { topic, snapshot: true, people: [person('ben')] });
    t.tell('unsubscribed', { topic });
    assert.deepEqual([t.refused, t.people()], [['c'], []]);
    assert.equal(t.presence.store.getState().invisible, false);
    assert.equal(await t.presence.setInvisible(true), null);
    assert.deepEqual([t.questions('presence').pop(), t.presence.store.getState().invisible], [{ status: 'invisible' }, true]);
    t.answers['presence'] = () => { throw offline(); };
    assert.equal((await t.presence.setInvisible(false))?.code, 'offline');
    assert.equal(t.presence.store.getState().invisible, true);
});

test('initials, and people in one order', () => {
    assert.deepEqual(['ada', 'ada-lovelace', 'x', 'a_b_c'].map(initials), ['AD', 'AL', 'X', 'AB']);
    assert.deepEqual(merge([person('b')], { topic, snapshot: false, people: [person('a')] }, 'me').map((p) => p.handle), ['a', 'b']);
});

// --- where it goes ------------------------------------------------------------------------------------------------------------

const summary = (id: string, captured_at: string, title = id) => ({ id, captured_at, title }) as Summary;

test('the library takes what is new, changed and gone without losing its pages', async () => {
    const rows: Record<string, Summary> = {};
    const { client } = fakeServer(({ path }): Answer => {
        if (path === '/api/v1/conversations') return { body: { items: [summary('b', '2026-01-02'), summary('a', '2026-01-01')], next_cursor: 'more' } };
        const row = rows[path.split('/').pop() ?? ''];
        return row ? { body: row } : problem(404, 'not_found');
    });
    const library = createLibrary(client);
    const shown = () => library.store.getState().items.map((c) => c.title).join();
    await library.renew(['b']);
    assert.equal(shown(), '', 'nobody has looked');
    await library.load();
    Object.assign(rows, { b: summary('b', '2026-01-02', 'renamed'), c: summary('c', '2026-01-03'), old: summary('old', '2025-01-01') });
    await library.renew(['b', 'c', 'old', 'a']);
    assert.equal(shown(), 'c,renamed', 'new on top, changed in place, gone gone; what is behind the last page comes with it');
    library.forget('c');
    assert.equal(shown(), 'renamed');
});

test('what was captured within one second stands in its order', async () => {
    const first = summary('a', '2026-01-01T10:00:33Z'), second = summary('b', '2026-01-01T10:00:33.016Z');
    const { client } = fakeServer(({ path }) => ({ body: path === '/api/v1/conversations' ? { items: [first], next_cursor: null } : second }));
    const library = createLibrary(client);
    await library.load();
    await library.renew(['b']);
    assert.deepEqual(library.store.getState().items.map((c) => c.id), ['b', 'a']);
});

const message = (id: string, hash: string) => ({ id, hash, version: 1, hidden: false, on_path: true, role: 'user', blocks: [] }) as unknown as Message;

function readerOf() {
    const state = { conversation: { id: 'c', version: 1, hash: 'h', title: 'before', role: 'reader' }, messages: [message('1', 'x'), message('2', 'y')], gone: false };
    const removed: string[] = [];
    const { client } = fakeServer(({ path }): Answer =>
        state.gone ? problem(404, 'not_found') : { body: path.endsWith('/messages') ? { items: state.messages, next_cursor: null } : state.conversation });
    const cache = { read: async () => undefined, write: async () => {}, clear: async () => {}, remove: async (id: string) => void removed.push(id) };
    return { state, removed, reader: createReader({ client, cache, now: () => 0 }) };
}

test('the open conversation is read again in one step; what did not change stays the same object', async () => {
    const { state, reader } = readerOf();
    await reader.open('c');
    const [first] = reader.store.getState().messages;
    state.conversation = { ...state.conversation, title: 'after' };
    state.messages = [message('1', 'x'), message('2', 'z'), message('3', 'w')];
    const lengths: number[] = [];
    reader.store.subscribe((s) => lengths.push(s.messages.length));
    await reader.renew('c');
    const now = reader.store.getState();
    assert.deepEqual([now.conversation?.title, now.messages.map((m) => m.hash).join(''), lengths], ['after', 'xzw', [3]]);
    assert.equal(now.messages[0], first);
    assert.equal(keepSame([message('1', 'x')], [message('1', 'y')])[0]?.hash, 'y');
});

test('a conversation that is withdrawn closes, is not kept, and opens again when it is given back', async () => {
    const { state, reader, removed } = readerOf();
    reader.end('c', 'withdrawn');
    assert.equal(reader.store.getState().ended, null, 'it was not open');
    await reader.open('c');
    reader.end('c', 'withdrawn');
    const { ended, conversation, messages } = reader.store.getState();
    assert.deepEqual([ended, conversation, messages, removed.includes('c')], ['withdrawn', null, [], true]);
    await reader.open('c');
    assert.deepEqual([reader.store.getState().ended, reader.store.getState().messages.length], [null, 2]);
    await reader.check('c');
    assert.equal(reader.store.getState().ended, null, 'it is there, only not live');
    state.gone = true;
    await reader.renew('c');
    assert.equal(reader.store.getState().ended, 'withdrawn');
    reader.end('c', 'deleted');
    await reader.check('c');
    assert.equal(reader.store.getState().ended, 'deleted', 'what was said of it stays');
});

test('one’s own that is not there any more was deleted, another’s was withdrawn: the conversation says whose it is', async () => {
    for (const [role, why] of [['owner', 'deleted'], ['editor', 'withdrawn'], ['reader', 'withdrawn']] as const) {
        const { state, reader } = readerOf();
        state.conversation.role = role;
        await reader.open('c');
        state.gone = true;
        await reader.check('c');
        assert.equal(reader.store.getState().ended, why, role);
    }
});

test('sharing: given, taken, refused', async () => {
    let members = [{ handle: 'ben', role: 'reader', created_at: '' }];
    const { client, log } = fakeServer(({ method, path }): Answer => {
        if (path.endsWith('/members/nobody')) return problem(404, 'not_found');
        if (method === 'DELETE') members = [];
        return method === 'GET' ? { body: { items: members } } : method === 'PUT' ? { body: members[0] } : {};
    });
    const sharing = createSharing(client);
    await sharing.renew();
    assert.equal(log.length, 0, 'nobody looks');
    await sharing.load('c');
    assert.equal((await sharing.share('nobody', 'reader'))?.status, 404);
    assert.equal(await sharing.share('@ben', 'editor'), null);
    assert.deepEqual([log.find((a) => a.path.endsWith('/ben'))?.body, sharing.store.getState().members.length], [{ role: 'editor' }, 1]);
    assert.equal(await sharing.withdraw('ben'), null);
    assert.equal(sharing.store.getState().members.length, 0);
});
