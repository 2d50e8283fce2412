// Captures: from the link to the end, by events, by asking, and when neither works.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followCapture, type EventStream } from '../src/api/events.ts';
import { createCaptures } from '../src/model/captures.ts';
import { mayRetry, PHASES, sentence, steps, whatNext, type Capture } from '../src/model/phases.ts';
import { fakeServer, fakeTimer, problem, settled, type Answer } from './fakes.ts';

const capture = (more: Partial<Capture> = {}): Capture => ({
    id: 'k', url: 'https://chatgpt.com/share/x', provider: 'chatgpt', status: 'running', phase: 'load', progress: { done: 0, total: null }, position: null,
    outcome: null, conversation_id: null, error: null, created_at: '', updated_at: '', ...more,
});

class Stream implements EventStream {
    readyState = 0;
    listeners: Record<string, (e: { data?: unknown }) => void> = {};
    addEventListener(name: string, listener: (e: { data?: unknown }) => void) {
        this.listeners[name] = listener;
    }
    close() {
        this.readyState = 2;
    }
    say(c: Capture) {
        this.listeners['progress']?.({ data: JSON.stringify(c) });
    }
    breakOff() {
        this.readyState = 2;
        this.listeners['error']?.({});
    }
}

function setup(answer: (path: string, method: string) => Answer) {
    const streams: Stream[] = [];
    const done: string[] = [];
    const timer = fakeTimer();
    const { client, log } = fakeServer(({ path, method }) => answer(path, method));
    const model = createCaptures({
        client, later: timer.later, onDone: (c) => done.push(c.id),
        followCapture: (id, onProgress, onLost) => followCapture(() => {
            const stream = new Stream();
            streams.push(stream);
            return stream;
        }, id, onProgress, onLost),
    });
    return { model, streams, done, timer, log, shown: () => model.store.getState().byId['k'] };
}

test('a link is captured: asked for, followed by its events, told once when it is done', async () => {
    const t = setup((_path, method) => (method === 'POST' ? { status: 202, body: { id: 'k' } } : { body: capture({ phase: 'check' }) }));
    assert.equal(await t.model.submit(' chatgpt.com/share/x '), 'k');
    await settled();
    assert.deepEqual(t.log[0]?.body, { url: 'https://chatgpt.com/share/x' });
    assert.equal(t.shown()?.phase, 'check');
    t.streams[0]?.say(capture({ phase: 'extract', progress: { done: 3, total: 9 } }));
    assert.equal(t.shown()?.progress.done, 3);
    t.streams[0]?.say(capture({ status: 'done', outcome: 'ok', conversation_id: 'c' }));
    t.streams[0]?.say(capture({ status: 'done', outcome: 'ok', conversation_id: 'c' }));
    assert.deepEqual([t.done, t.streams[0]?.readyState, t.shown()?.conversation_id], [['k'], 2, 'c']);
});

// The server writes 23:10:33.000 as "23:10:33Z", which as text comes after "23:10:33.016Z".
test('a phase that began on a whole second does not hide what comes after it', async () => {
    const t = setup(() => ({ body: capture({ updated_at: '2026-11-25T23:10:32.999Z' }) }));
    await t.model.follow('k');
    t.streams[0]?.say(capture({ phase: 'store', updated_at: '2026-11-25T23:10:33Z' }));
    t.streams[0]?.say(capture({ phase: 'load', updated_at: '2026-11-25T23:10:32.999Z' }));
    assert.equal(t.shown()?.phase, 'store');
    t.streams[0]?.say(capture({ status: 'done', phase: 'store', updated_at: '2026-11-25T23:10:33.016Z' }));
    assert.equal(t.shown()?.status, 'done');
});

test('the end is taken, also when the clock was put back meanwhile', async () => {
    const t = setup(() => ({ body: capture({ updated_at: '2026-11-25T23:10:33Z' }) }));
    await t.model.follow('k');
    t.streams[0]?.say(capture({ status: 'done', updated_at: '2026-11-25T23:10:03Z' }));
    assert.equal(t.shown()?.status, 'done');
});

test('a refusal is shown at the link and starts nothing', async () => {
    const t = setup(() => problem(422, 'invalid_url', 'this is a private chat', { field: 'url' }));
    assert.equal(await t.model.submit('https://chatgpt.com/c/1'), null);
    const s = t.model.store.getState();
    assert.deepEqual([s.problem?.field, s.current, s.submitting, t.streams.length], ['url', null, false, 0]);
});

test('without a stream the state is asked for until the end, also over a lost connection', async () => {
    const answers: Answer[] = [{ body: capture() }, { body: capture({ phase: 'extract' }) }, 'offline', { body: capture({ status: 'failed', outcome: 'gone' }) }];
    const t = setup(() => answers.shift() ?? problem(500, 'internal'));
    await t.model.follow('k');
    t.streams[0]?.breakOff();
    await settled();
    assert.equal(t.shown()?.phase, 'extract');
    t.timer.turn();
    await settled();
    assert.equal(t.shown()?.status, 'running');
    t.timer.turn();
    await settled();
    assert.deepEqual([t.shown()?.outcome, t.timer.waiting(), t.done], ['gone', [], []]);
});

test('one that is over is not listened to; one that is not ours is a problem', async () => {
    const over = setup(() => ({ body: capture({ status: 'done', outcome: 'ok' }) }));
    await over.model.follow('k');
    assert.equal(over.streams.length, 0);
    const foreign = setup(() => problem(404, 'not_found'));
    await foreign.model.follow('k');
    assert.equal(foreign.model.store.getState().problems['k']?.status, 404);
});

test('after a reload the one under way comes back, a finished one does not', async () => {
    const list = (c: Capture): ((path: string) => Answer) => (path) => ({ body: path.endsWith('/captures') ? { items: [c], next_cursor: null } : c });
    const running = setup(list(capture()));
    await running.model.resume();
    await settled();
    assert.deepEqual([running.model.store.getState().current, running.streams.length], ['k', 1]);
    const finished = setup(list(capture({ status: 'done' })));
    await finished.model.resume();
    assert.equal(finished.model.store.getState().current, null);
});

test('signing out stops listening', async () => {
    const t = setup(() => ({ body: capture() }));
    await t.model.follow('k');
    t.model.clear();
    assert.deepEqual([t.streams[0]?.readyState, t.model.store.getState().byId], [2, {}]);
});

test('steps follow the phase', () => {
    const states = (c: Capture) => steps(c).map((s) => s.state).join(' ');
    assert.equal(steps(capture()).length, PHASES.length);
    assert.equal(states(capture()), 'done done done now later later later');
    assert.equal(states(capture({ status: 'failed' })), 'done done done failed later later later');
    assert.equal(states(capture({ status: 'done' })), 'done done done done done done done');
    assert.equal(states(capture({ status: 'queued', phase: null as never })), 'now later later later later later later');
});

test('every end has a sentence and a way on', () => {
    assert.equal(sentence(capture({ phase: 'extract', progress: { done: 2, total: 5 } })), 'Read the messages: 2 of 5');
    assert.equal(sentence(capture({ status: 'queued', position: 3 })), 'Waiting: number 3 in line.');
    for (const outcome of ['gone', 'private', 'challenge', 'rate_limited', 'format_changed', 'timeout', 'blocked', 'too_large', 'invalid_url', 'browser_failed'])
        assert.ok(whatNext(outcome).length > 20, outcome);
    assert.equal(mayRetry(capture({ status: 'failed', outcome: 'timeout' })), true);
    assert.equal(mayRetry(capture({ status: 'failed', outcome: 'gone' })), false);
    assert.equal(mayRetry(capture({ status: 'cancelled' })), true);
    assert.equal(mayRetry(capture()), false);
});
