import assert from 'node:assert/strict';
import { test } from 'node:test';
import { address } from '../src/api/client.ts';
import { followCapture, type EventStream } from '../src/api/events.ts';
import { asSentence, isAbort, Problem, toProblem } from '../src/api/problem.ts';
import { fakeServer, problem } from './fakes.ts';

const caught = async (work: Promise<unknown>): Promise<Problem> => work.then(() => assert.fail('it should have failed'), toProblem);

test('routes become addresses; ids and queries are encoded', () => {
    assert.deepEqual(address('GET /api/v1/conversations/{id}', { path: { id: 'a/b' }, query: { limit: 5, cursor: undefined, q: 'a b&c', all: true } }),
        { method: 'GET', url: '/api/v1/conversations/a%2Fb?limit=5&q=a+b%26c&all=true' });
});

test('a body is sent as JSON, an empty answer is nothing', async () => {
    const { client, log } = fakeServer(() => ({}));
    assert.equal(await client.call('POST /api/v1/auth/logout'), undefined);
    assert.equal(log[0]?.body, undefined);
    await client.call('PATCH /api/v1/conversations/{id}', { path: { id: '1' }, body: { title: 'é' } });
    assert.deepEqual(log[1], { method: 'PATCH', path: '/api/v1/conversations/1', query: new URLSearchParams(), body: { title: 'é' }, signal: null });
});

test('problem details keep code, detail, field and the time to wait', async () => {
    const { client, signedOut } = fakeServer(() => ({
        status: 429, body: { code: 'rate_limited', detail: 'Slower.', field: '/user/handle', request_id: 'r9' }, headers: { 'retry-after': '7' },
    }));
    const p = await caught(client.call('GET /api/v1/me'));
    assert.deepEqual([p.status, p.code, p.message, p.field, p.retryAfterSeconds, p.requestId], [429, 'rate_limited', 'Slower.', 'handle', 7, 'r9']);
    assert.equal(signedOut(), 0);
});

test('details become sentences', () => {
    assert.equal(asSentence('the link names a port; leave it out'), 'The link names a port; leave it out.');
    assert.equal(asSentence('before: wants a date'), 'before: wants a date.');
    assert.equal(asSentence('chatgpt.com is known'), 'chatgpt.com is known.');
    assert.equal(asSentence('Done.'), 'Done.');
    assert.equal(asSentence(''), '');
});

test('an answer that is no problem+json is still a problem', async () => {
    const { client } = fakeServer(() => ({ status: 502, body: '<html>Bad gateway</html>', type: 'text/html' }));
    const p = await caught(client.call('GET /api/v1/me'));
    assert.deepEqual([p.status, p.code], [502, 'busy']);
    assert.match(p.message, /502/);
});

test('no answer is offline, half an answer too', async () => {
    assert.equal((await caught(fakeServer(() => 'offline').client.call('GET /api/v1/me'))).code, 'offline');
    assert.equal((await caught(fakeServer(() => ({ body: '{"user":' })).client.call('GET /api/v1/me'))).code, 'offline');
});

test('401 says that nobody is signed in, a wrong password does not', async () => {
    const guarded = fakeServer(() => problem(401, 'unauthenticated'));
    await caught(guarded.client.call('GET /api/v1/me'));
    assert.equal(guarded.signedOut(), 1);
    const login = fakeServer(() => problem(401, 'bad_login'));
    await caught(login.client.call('POST /api/v1/auth/login', { body: { handle: 'a', password: 'b' } }));
    assert.equal(login.signedOut(), 0);
});

test('an abort stays an abort', async () => {
    const stop = new AbortController();
    const { client } = fakeServer(() => (stop.abort(), {}));
    await client.call('GET /api/v1/search', { query: { q: 'x' }, signal: stop.signal }).then(() => assert.fail(), (e) => assert.ok(isAbort(e)));
});

test('a stream that closes for good is told once, one that reconnects is not', () => {
    const listeners: Record<string, (e: { data?: unknown }) => void> = {};
    const stream = { readyState: 0, closed: 0, addEventListener: (name: string, l: (e: { data?: unknown }) => void) => void (listeners[name] = l), close() { this.closed++; } };
    const seen: string[] = [];
    const stop = followCapture((url) => (seen.push(url), stream as EventStream), 'a/b', (c) => seen.push(c.status), () => seen.push('lost'));
    listeners['progress']?.({ data: '{"status":"running"}' });
    listeners['error']?.({});
    assert.deepEqual(seen, ['/api/v1/captures/a%2Fb/events', 'running']);
    stream.readyState = 2;
    listeners['error']?.({});
    assert.deepEqual(seen.at(-1), 'lost');
    stop();
    assert.equal(stream.closed, 2);
});
