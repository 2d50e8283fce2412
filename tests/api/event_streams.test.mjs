// Server-sent events stand on a credential, as everything does that stays open: they end with it. A capture that waits for ever is
// put behind the server's back, so that its stream has no end of its own.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { changeRows, client, signIn, startServer } from '../lib/server.mjs';
import { eventually } from '../lib/realtime.mjs';

const PATIENCE_MS = 15_000;
const STREAMS_PER_ACCOUNT = 100;
const NEVER_MS = 4102444800000;

const uuidIn = (server, id) => (server.environment.VIVIM_DATABASE_URL ? `'${id}'` : `X'${id.replaceAll('-', '')}'`);

async function addCapture(server, handle, status = 'queued') {
    const id = `01890000-${randomBytes(2).toString('hex')}-7000-8000-${randomBytes(6).toString('hex')}`;
    const share = 'https://chatgpt.com/share/0', payload = JSON.stringify({ url: share, provider: 'chatgpt' });
    await changeRows(server, `INSERT INTO capture (owner_id, id, url, provider, share_id, created_ms) SELECT id, ${uuidIn(server, id)}, '${share}', 'chatgpt', '0', 1 FROM account WHERE handle = '${handle}'`);
    await changeRows(server, `INSERT INTO job (owner_id, id, kind, status, payload, state, phase, progress_done, progress_total, attempt, run_ms, cancel, created_ms, updated_ms)
        SELECT id, ${uuidIn(server, id)}, 'capture', '${status}', '${payload}', '{}', 'queue', 0, -1, 0, ${NEVER_MS}, FALSE, 1, 1 FROM account WHERE handle = '${handle}'`);
    return id;
}

// A stream whose first event has come. `ended` gives all that it said.
async function openStream(person, id) {
    const stop = new AbortController();
    const answer = await person.fetch(`/api/v1/captures/${id}/events`, { signal: stop.signal });
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /^text\/event-stream/);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let said = '';
    while (!said.includes('\n\n')) said += (await reader.read()).value;
    const rest = (async () => {
        for (;;) {
            const { done, value } = await reader.read();
            if (done) return said;
            said += value;
        }
    })();
    rest.catch(() => {});
    const ended = () => {
        let timer;
        const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('the stream is open still')), PATIENCE_MS); });
        return Promise.race([rest, late]).finally(() => clearTimeout(timer));
    };
    return { ended, close: () => stop.abort() };
}

describe('event streams', () => {
    let server, ann;
    const login = async (person, headers = {}) => client(server, { cookie: (await fetch(server.url + '/api/v1/auth/login', {
        method: 'POST', headers: { 'content-type': 'application/json', origin: server.url, ...headers }, body: JSON.stringify({ handle: person.handle, password: person.password }),
    })).headers.get('set-cookie').split(';')[0], origin: server.url });
    const figure = async (name) => Number(new RegExp(`^vivim_realtime_${name} (\\d+)$`, 'm').exec(await (await fetch(server.url + '/metrics')).text())[1]);

    before(async () => {
        server = await startServer();
        ann = await signIn(server, 'ann');
    });
    after(async () => {
        assert.equal(await server.stop(), 0);
    });

    for (const [name, handle, end] of [
        ['its session signs out', 'bea', async (one) => one.json('POST', '/api/v1/auth/logout')],
        ['its session is revoked from another', 'ben', async (one, other) => other.json('DELETE', `/api/v1/sessions/${(await one.json('GET', '/api/v1/me')).body.session_id}`)],
        ['all sessions but one are revoked', 'bob', async (one, other) => other.json('DELETE', '/api/v1/sessions')],
        ['its session gives way to a new one', 'bud', async (one) => login(one, { cookie: one.cookie })],
        ['its token is deleted', 'tom', async (one, other, token) => other.json('DELETE', `/api/v1/tokens/${token.id}`)],
        ['its account has a new password', 'pam', async () => server.vivim(['user', 'passwd', 'pam', '--password-file', '-'], { input: 'another good pass\n' })],
        ['its account is disabled', 'dan', async () => server.vivim(['user', 'disable', 'dan'])],
        ['its account is deleted', 'del', async () => server.vivim(['user', 'delete', 'del', '--yes'])],
        ['its account is erased', 'era', async () => server.vivim(['user', 'delete', 'era', '--yes', '--now'])],
    ]) test(`a stream ends when ${name}, and another's stays`, async () => {
        const one = { ...await signIn(server, handle), handle }, other = await login(one);
        const id = await addCapture(server, handle);
        const { body: token } = await other.json('POST', '/api/v1/tokens', { name: 'streams', scopes: ['read'] });
        const asks = handle === 'tom' ? client(server, { authorization: `Bearer ${token.token}` }) : one;
        const annsId = await addCapture(server, 'ann'), anns = await openStream(ann, annsId), stream = await openStream(asks, id);
        await end(one, other, token);
        assert.match(await stream.ended(), /^event: progress\ndata: {.*}\n\n$/);
        assert.equal((await asks.json('GET', `/api/v1/captures/${id}/events`)).status, 401);
        await ann.json('DELETE', `/api/v1/captures/${annsId}`);
        assert.match(await anns.ended(), /"status":"cancelled"/);
    });

    test('a stream ends when the time of its credential has come', async () => {
        const SOON_MS = 3000;
        const eve = await signIn(server, 'eve'), id = await addCapture(server, 'eve');
        await changeRows(server, `UPDATE session SET expires_ms = ${Date.now() + SOON_MS} WHERE owner_id = (SELECT id FROM account WHERE handle = 'eve')`);
        const stream = await openStream(eve, id);
        assert.match(await stream.ended(), /^event: progress\n/);
    });

    test('a capture that has ended is told once, and no stream stays', async () => {
        const before = await figure('connections');
        const id = await addCapture(server, 'ann', 'cancelled');
        const answer = await ann.fetch(`/api/v1/captures/${id}/events`);
        assert.match(await answer.text(), /^event: progress\ndata: {.*"status":"cancelled".*}\n\n$/);
        assert.equal(await figure('connections'), before);
    });

    test('what ends a capture ends its streams, on every loop', async () => {
        const id = await addCapture(server, 'ann');
        const streams = await Promise.all(Array.from({ length: 8 }, () => openStream(ann, id)));
        assert.equal((await ann.json('DELETE', `/api/v1/captures/${id}`)).status, 202);
        for (const stream of streams) {
            const events = (await stream.ended()).trim().split('\n\n').map((e) => JSON.parse(/^data: (.*)$/m.exec(e)[1]).status);
            assert.deepEqual(events, ['queued', 'cancelled']);
        }
    });

    test('the head alone', async () => {
        const answer = await ann.fetch(`/api/v1/captures/${await addCapture(server, 'ann')}/events`, { method: 'HEAD' });
        assert.equal(answer.status, 200);
        assert.match(answer.headers.get('content-type'), /^text\/event-stream/);
    });

    test('an account has so many streams and no more; one that closes makes room', async () => {
        const lea = await signIn(server, 'lea'), id = await addCapture(server, 'lea');
        const streams = [];
        for (let i = 0; i < STREAMS_PER_ACCOUNT; i++) streams.push(await openStream(lea, id));
        const { status, body, headers } = await lea.json('GET', `/api/v1/captures/${id}/events`);
        assert.deepEqual([status, body.code, Number(headers.get('retry-after')) > 0], [429, 'rate_limited', true]);
        (await openStream(ann, await addCapture(server, 'ann'))).close();
        const full = await figure('connections');
        streams.pop().close();
        await eventually(async () => await figure('connections') < full);
        streams.push(await openStream(lea, id));
        for (const stream of streams) stream.close();
    });

    test('a server that stops ends its streams', async () => {
        const other = await startServer(), una = await signIn(other, 'una');
        const stream = await openStream(una, await addCapture(other, 'una'));
        assert.equal(await other.stop(), 0);
        assert.match(await stream.ended(), /^event: progress\n/);
    });
});
