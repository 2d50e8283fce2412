// The socket's side of the model: what is heard, what is missed and asked for, who is there, what is lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change, Heard, Person, Socket } from '../src/api/socket.ts';
import { createLive } from '../src/model/live.ts';
import { createNews } from '../src/model/news.ts';
import { fakeTimer, memoryState, settled } from './fakes.ts';

class FakeSocket implements Socket {
    recovered = false;
    closed = false;
    asked: [string, unknown][] = [];
    answers: Record<string, (argument: never) => object> = {};
    private listeners = new Map<string, (...args: never[]) => void>();
    on<E extends keyof Heard>(event: E, listener: Heard[E]) { this.listeners.set(event, listener as never); }
    async ask(event: string, argument: unknown) {
        this.asked.push([event, argument]);
        return (this.answers[event]?.(argument as never) ?? {}) as never;
    }
    connect() { this.say('connect'); }
    close() { this.closed = true; }
    say<E extends keyof Heard>(event: E, ...args: Parameters<Heard[E]>) { this.listeners.get(event)?.(...(args as never[])); }
    askedFor(event: string) { return this.asked.filter(([name]) => name === event).map(([, argument]) => argument); }
}

const change = (more: Partial<Change> = {}): Change => ({ entity: 'conversation', id: 'c1', kind: 'updated', version: 2, fields: [], ...more });
const person = (more: Partial<Person> = {}): Person => ({ user_id: 'ben', handle: 'ben', status: 'online', message_id: null, last_seen_at: null, ...more });
const READY = { cursor: '0.9', heartbeat_ms: 20_000, invisible: false };

async function setup(initial: Record<string, unknown> = {}) {
    const socket = new FakeSocket();
    const state = memoryState(initial);
    const timer = fakeTimer();
    const heard: Change[] = [], events: string[] = [];
    const live = createLive({
        open: async () => socket, state, later: timer.later,
        onChanges: (items) => heard.push(...items), onGap: () => events.push('gap'), onWithdrawn: (topic) => events.push(`withdrawn ${topic}`), onSignedOut: () => events.push('signed out'),
    });
    await live.start('ann');
    return { live, socket, state, timer, heard, events };
}

test('the first time everything is read from the rows, and the cursor is kept', async () => {
    const { socket, state, events, live } = await setup();
    assert.equal(live.store.getState().connection, 'connecting');
    socket.say('connect');
    assert.equal(live.store.getState().connection, 'live');
    socket.say('ready', READY);
    await settled();
    assert.deepEqual(events, ['gap']);
    assert.equal(state.all.get('cursor'), '0.9');
    assert.deepEqual(socket.askedFor('changes'), []);
});

test('after an interruption what came meanwhile is asked for by the last cursor, page by page', async () => {
    const { socket, state, heard, events } = await setup({ cursor: '0.3' });
    const pages = [{ items: [change({ id: 'a' })], cursor: '0.5', more: true }, { items: [change({ id: 'b' })], cursor: '0.9', more: false }];
    socket.answers['changes'] = () => pages.shift()!;
    socket.say('connect');
    socket.say('ready', READY);
    await settled();
    assert.deepEqual(socket.askedFor('changes'), [{ after: '0.3' }, { after: '0.5' }]);
    assert.deepEqual(heard.map((c) => c.id), ['a', 'b']);
    assert.equal(state.all.get('cursor'), '0.9');
    assert.deepEqual(events, []);
});

test('a cursor that is too old: everything from the rows again', async () => {
    const { socket, state, events } = await setup({ cursor: '0.1' });
    socket.answers['changes'] = () => ({ error: { code: 'cursor_expired', detail: '' } });
    socket.say('connect');
    socket.say('ready', READY);
    await settled();
    assert.deepEqual(events, ['gap']);
    assert.equal(state.all.get('cursor'), '0.9');
});

test('a connection that was recovered has missed nothing', async () => {
    const { socket, heard } = await setup({ cursor: '0.3' });
    socket.recovered = true;
    socket.say('connect');
    socket.say('ready', READY);
    socket.say('change', { items: [change()], cursor: '0.10', more: false });
    await settled();
    assert.deepEqual(socket.askedFor('changes'), []);
    assert.equal(heard.length, 1);
});

test('too much for one event is asked for', async () => {
    const { socket, heard, state } = await setup({ cursor: '0.3' });
    socket.answers['changes'] = () => ({ items: [change(), change()], cursor: '0.7', more: false });
    socket.say('change', { items: [], cursor: '0.7', more: true });
    await settled();
    socket.say('connect');
    socket.say('ready', READY);
    socket.say('change', { items: [], cursor: '0.7', more: true });
    await settled();
    assert.ok(heard.length >= 2);
    assert.equal(state.all.get('cursor'), '0.7');
});

test('topics are subscribed once, again after each connect, and given up with the last who watches', async () => {
    const { live, socket } = await setup();
    const first = live.watch('conversation:c1'), second = live.watch('conversation:c1');
    assert.deepEqual(socket.askedFor('subscribe'), []);
    socket.say('connect');
    assert.deepEqual(socket.askedFor('subscribe'), [{ topics: ['conversation:c1'] }]);
    first();
    first();
    assert.deepEqual(socket.askedFor('unsubscribe'), []);
    second();
    assert.deepEqual(socket.askedFor('unsubscribe'), [{ topics: ['conversation:c1'] }]);
});

test('who is there: a snapshot, then news; oneself is not shown; a lost connection knows nobody', async () => {
    const { live, socket } = await setup();
    const names = () => live.store.getState().people['conversation:c1']?.map((p) => `${p.handle} ${p.status}`);
    socket.say('connect');
    const leave = live.lookAt('c1');
    socket.say('presence', { topic: 'conversation:c1', snapshot: true, people: [person(), person({ user_id: 'ann', handle: 'ann' })] });
    assert.deepEqual(names(), ['ben online']);
    socket.say('presence', { topic: 'conversation:c1', snapshot: false, people: [person({ status: 'away' }), person({ user_id: 'eve', handle: 'eve' })] });
    assert.deepEqual(names(), ['ben away', 'eve online']);
    socket.say('presence', { topic: 'conversation:c1', snapshot: false, people: [person({ status: 'offline' })] });
    assert.deepEqual(names(), ['eve online']);
    socket.say('disconnect', 'transport close');
    assert.equal(live.store.getState().connection, 'lost');
    assert.equal(names(), undefined);
    leave();
});

test('signs of life: where one is, away, and every heartbeat', async () => {
    const { live, socket, timer } = await setup();
    socket.say('connect');
    live.lookAt('c1');
    live.setAway(true);
    timer.turn();
    assert.deepEqual(socket.askedFor('presence').slice(-3), [
        { status: 'online', at: 'conversation:c1' }, { status: 'away', at: 'conversation:c1' }, { status: 'away', at: 'conversation:c1' }]);
});

test('a capture is followed over the socket, and given back when the connection goes', async () => {
    const { live, socket } = await setup();
    const seen: string[] = [];
    let lost = 0;
    assert.equal(live.followCapture('k', () => {}, () => lost++), null); // not connected yet
    socket.say('connect');
    const stop = live.followCapture('k', (c) => seen.push(c.phase), () => lost++);
    assert.ok(stop);
    socket.say('progress', { id: 'k', phase: 'load' } as never);
    socket.say('progress', { id: 'other', phase: 'load' } as never);
    assert.deepEqual(seen, ['load']);
    socket.say('disconnect', 'transport close');
    assert.equal(lost, 1);
});

test('a right that went, a session that ended', async () => {
    const { live, socket, events } = await setup();
    socket.say('unsubscribed', { topic: 'conversation:c1' });
    socket.say('signed_out');
    socket.say('connect_error', { data: { code: 'unauthenticated' } });
    assert.deepEqual(events, ['withdrawn conversation:c1', 'signed out', 'signed out']);
    live.stop();
    assert.ok(socket.closed);
    assert.equal(live.store.getState().connection, 'off');
});

test('what news means: the library once for many, the open conversation at once, what went goes', () => {
    const timer = fakeTimer(), log: string[] = [];
    const news = createNews({
        later: timer.later,
        library: { refresh: async () => void log.push('library'), loadShared: async () => void log.push('shared'), forget: (id: string) => log.push(`forget ${id}`) },
        reader: { refresh: (id: string) => log.push(`read ${id}`), withdraw: (id: string) => log.push(`withdraw ${id}`) },
    });
    news.take([change(), change({ id: 'c2', kind: 'deleted' }), change({ entity: 'message', id: 'm' }), change({ entity: 'access', id: 'c3', kind: 'deleted' })]);
    news.take([change()]);
    assert.deepEqual(log, ['read c1', 'forget c2', 'withdraw c3', 'read c1']);
    timer.turn();
    assert.deepEqual(log.slice(4), ['library', 'shared']);
    news.take([change({ entity: 'token' })]);
    assert.deepEqual(timer.waiting(), []);
    news.withdrawn('conversation:c9');
    news.withdrawn('capture:c9');
    assert.equal(log.at(-1), 'withdraw c9');
});
