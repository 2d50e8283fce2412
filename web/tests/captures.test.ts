// Captures: from the link to the end, by events, by asking, and when neither works.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followCapture, type EventStream } from '../src/api/events.ts';
import { createCaptures } from '../src/model/captures.ts';
import { mayRetry, outcomeWords, PHASES, sentence, steps, whatNext, type Capture } from '../src/model/phases.ts';
import { createQueue } from '../src/model/queue.ts';
import { fakeServer, fakeTimer, memoryState, problem, settled, type Answer, type Asked } from './fakes.ts';

const capture = (more: Partial<Capture> = {}): Capture => ({
    id: 'k', url: 'https://chatgpt.com/share/x', provider: 'chatgpt', status: 'running', phase: 'load', progress: { done: 0, total: null }, position: null,
    outcome: null, conversation_id: null, result: null, error: null, created_at: '', updated_at: '', ...more,
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

function setup(answer: (path: string, method: string, asked: Asked) => Answer, saved: Record<string, unknown> = {}) {
    const streams: Stream[] = [];
    const done: string[] = [];
    const timer = fakeTimer();
    const { client, log } = fakeServer((asked) => answer(asked.path, asked.method, asked));
    const model = createCaptures({
        client, later: timer.later, onDone: (c) => done.push(c.id),
        followCapture: (id, onProgress, onLost) => followCapture(() => {
            const stream = new Stream();
            streams.push(stream);
            return stream;
        }, id, onProgress, onLost),
    });
    const state = memoryState(saved), queue = createQueue({ client, captures: model, state });
    return { model, queue, state, streams, done, timer, log, shown: () => model.store.getState().byId['k'], entries: () => queue.store.getState().entries.map((e) => [e.url, e.id]) };
}

test('a link is captured: asked for, followed by its events, told once when it is done', async () => {
    const t = setup((_path, method) => (method === 'POST' ? { status: 202, body: { id: 'k' } } : { body: capture({ phase: 'check' }) }));
    assert.equal(await t.queue.submit(' chatgpt.com/share/x '), true);
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

test('a refusal is shown with its link and starts nothing', async () => {
    const t = setup(() => problem(422, 'invalid_url', 'this is a private chat', { field: 'url' }));
    assert.equal(await t.queue.submit('https://chatgpt.com/c/1'), false);
    const s = t.queue.store.getState();
    assert.deepEqual([s.refused.map((r) => [r.url, r.problem.message]), s.entries, s.sending, t.streams.length], [[['https://chatgpt.com/c/1', 'This is a private chat.']], [], false, 0]);
});

// A server with captures of its own: ids by the link, taken or refused as `refuses` says.
function archive(refuses: (url: string) => Answer | null = () => null, list: Capture[] = []) {
    const made = new Map<string, Capture>(list.map((c) => [c.id, c]));
    return (path: string, method: string, asked: Asked): Answer => {
        const url = String((asked.body as { url?: string } | undefined)?.url ?? '');
        if (method === 'POST') {
            const no = refuses(url);
            if (no) return no;
            const id = `k-${url.split('/').pop()}`;
            made.set(id, capture({ id, url, status: 'queued', position: 1 }));
            return { status: 202, body: { id } };
        }
        if (path.endsWith('/captures')) return { body: { items: list, next_cursor: null } };
        const one = made.get(path.split('/').pop() ?? '');
        return one ? { body: one } : problem(404, 'not_found');
    };
}

test('several links at once, with text around them: each once, what is refused named with its reason', async () => {
    const t = setup(archive((url) => (url.includes('/c/') ? problem(422, 'invalid_url', 'this is a private chat', { field: 'url' }) : null)));
    assert.equal(await t.queue.submit('See https://chatgpt.com/share/a, (https://chatgpt.com/share/b) and\nhttps://chatgpt.com/c/p; again https://chatgpt.com/share/a?utm=1'), true);
    await settled();
    assert.deepEqual(t.entries(), [['https://chatgpt.com/share/a', 'k-a'], ['https://chatgpt.com/share/b', 'k-b']]);
    assert.deepEqual(t.queue.store.getState().refused.map((r) => [r.url, r.problem.message]), [['https://chatgpt.com/c/p', 'This is a private chat.']]);
    assert.deepEqual(t.log.filter((l) => l.method === 'POST').length, 3);
    assert.equal(await t.queue.submit('no link at all'), false);
    assert.match(t.queue.store.getState().refused[0]?.problem.message ?? '', /no link in it/);
});

test('a share that another link of it has brought already stands there once', async () => {
    const t = setup((path, method, asked) => (method === 'POST' ? { status: 202, body: { id: 'k' } } : archive()(path, method, asked)));
    await t.queue.submit('https://chatgpt.com/share/A https://chatgpt.com/share/a');
    assert.deepEqual(t.entries(), [['https://chatgpt.com/share/a', 'k']]);
});

test('what could not be sent waits with its reason, is sent again, and the rest is not tried in vain', async () => {
    let away = true;
    const server = archive((url) => (away && url.endsWith('b') ? problem(429, 'rate_limited', 'too many') : null));
    const t = setup(server);
    await t.queue.submit('https://claude.ai/share/a https://claude.ai/share/b https://claude.ai/share/c');
    assert.deepEqual(t.queue.store.getState().entries.map((e) => [e.id, e.problem?.status ?? null]), [['k-a', null], [null, 429], [null, 429]]);
    assert.equal(t.log.filter((l) => l.method === 'POST').length, 2);
    away = false;
    await t.queue.retry(t.queue.store.getState().entries.filter((e) => e.problem));
    assert.deepEqual(t.entries().map(([, id]) => id), ['k-a', 'k-b', 'k-c']);
});

test('the queue outlives a reload: what was sent is followed, what was not is sent, what is gone leaves it', async () => {
    const sent = capture({ id: 'k-a', url: 'https://claude.ai/share/a' }), elsewhere = capture({ id: 'k-e', url: 'https://claude.ai/share/e' });
    const first = setup(archive());
    await first.queue.submit('https://claude.ai/share/a');
    assert.deepEqual(first.state.all.get('queue'), [{ url: 'https://claude.ai/share/a', id: 'k-a', anyHost: false }]);
    const saved = [{ url: sent.url, id: 'k-a', anyHost: false }, { url: 'https://claude.ai/share/n', id: null, anyHost: false }, { url: 'https://claude.ai/share/g', id: 'k-g', anyHost: false }];
    const t = setup(archive(() => null, [sent, elsewhere, capture({ id: 'k-o', status: 'done' })]), { queue: saved });
    await t.queue.resume();
    await settled();
    await settled();
    assert.deepEqual(t.entries(), [['https://claude.ai/share/e', 'k-e'], ['https://claude.ai/share/a', 'k-a'], ['https://claude.ai/share/n', 'k-n']]);
    assert.equal(t.streams.length, 3);
});

test('all are cancelled, those over are put away', async () => {
    const t = setup(archive());
    await t.queue.submit('https://claude.ai/share/a https://claude.ai/share/b');
    await settled();
    await t.queue.cancelAll();
    assert.deepEqual(t.log.filter((l) => l.method === 'DELETE').map((l) => l.path), ['/api/v1/captures/k-a', '/api/v1/captures/k-b']);
    t.streams[0]?.say(capture({ id: 'k-a', status: 'cancelled' }));
    t.queue.dismissAll();
    assert.deepEqual(t.entries(), [['https://claude.ai/share/b', 'k-b']]);
    t.queue.dismiss('https://claude.ai/share/b');
    assert.deepEqual(t.entries(), []);
    t.queue.clear();
    assert.equal(t.state.all.has('queue'), false);
});

test('a page of no known provider is read after its owner says so, and tried again in the same way', async () => {
    const t = setup(archive((url) => (url.includes('example') ? problem(422, 'invalid_url', 'not a known provider', { field: 'url' }) : null)));
    await t.queue.submit('https://example.org/talk');
    assert.equal(t.queue.store.getState().refused.length, 1);
    await t.queue.readAnyway('https://example.org/talk');
    assert.deepEqual(t.log.filter((l) => l.method === 'POST').map((l) => l.body), [{ url: 'https://example.org/talk' }, { url: 'https://example.org/talk', any_host: true }]);
    await t.model.again(capture({ url: 'https://example.org/talk', provider: 'generic' }));
    assert.deepEqual(t.log.at(-1)?.body ?? t.log.filter((l) => l.method === 'POST').at(-1)?.body, { url: 'https://example.org/talk', any_host: true });
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
    assert.equal(sentence(capture({ status: 'queued', position: 3 })), 'Waiting: number 3 in line');
    const result = { change: 'updated' as const, words: 'updated: 3 new messages', title: 'Tides', messages_new: 3, messages_changed: 0, message_count: 9 };
    assert.equal(sentence(capture({ status: 'done', outcome: 'ok', result })), 'Tides: updated: 3 new messages.');
    assert.equal(outcomeWords(capture({ status: 'done', outcome: 'partial', result })), 'updated: 3 new messages; not all of it was there');
    assert.equal(sentence(capture({ status: 'failed', outcome: 'private' })), 'Not captured: it needs a login.');
    for (const outcome of ['gone', 'private', 'challenge', 'rate_limited', 'format_changed', 'timeout', 'blocked', 'too_large', 'invalid_url', 'browser_failed'])
        assert.ok(whatNext(outcome).length > 20, outcome);
    assert.equal(mayRetry(capture({ status: 'failed', outcome: 'timeout' })), true);
    assert.equal(mayRetry(capture({ status: 'failed', outcome: 'gone' })), false);
    assert.equal(mayRetry(capture({ status: 'cancelled' })), true);
    assert.equal(mayRetry(capture()), false);
});
