// What was kept of captures, read again; how captures go: the API and the commands, with real captures behind them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { capture, conversation } from '../lib/captures.mjs';
import { startFixtureServer } from '../lib/fixture_server.mjs';
import { eventually } from '../lib/realtime.mjs';
import { signIn, startServer } from '../lib/server.mjs';

let fixtures, server, api;
before(async () => {
    fixtures = await startFixtureServer();
    server = await startServer({ env: fixtures.env });
    api = await signIn(server);
});
after(async () => {
    assert.equal(await server.stop(), 0);
    await fixtures.stop();
});

const vivim = (...args) => server.vivim(args, { check: false });

async function reextract(body = {}) {
    const made = await api.json('POST', '/api/v1/reextractions', body);
    assert.equal(made.status, 202, JSON.stringify(made.body));
    const path = `/api/v1/reextractions/${made.body.id}`;
    const job = await eventually(async () => {
        const { body: now } = await api.json('GET', path);
        return ['queued', 'running'].includes(now.status) ? null : now;
    });
    return { job, items: (await api.json('GET', `${path}/items`)).body.items };
}

test('what was understood is read again to the same, pictures and all', async () => {
    const first = await capture(api, fixtures.urls.tides);
    assert.equal(first.outcome, 'ok');
    const stored = await conversation(api, first.conversation_id, true);
    for (const write of [false, true]) {
        const { job, items } = await reextract({ write });
        assert.equal(job.status, 'done', JSON.stringify(job));
        assert.deepEqual(job.findings, { new: 0, better: 0, changed: 0, unchanged: 1, poorer: 0, unreadable: 0, failed: 0 }, JSON.stringify(items));
        assert.deepEqual([items[0].capture_id, items[0].conversation_id, items[0].before], [first.id, first.conversation_id, items[0].after]);
        assert.ok(items[0].after.words > 100);
    }
    assert.deepEqual(await conversation(api, first.conversation_id, true), stored);
});

test('bad questions', async () => {
    for (const [body, field] of [[{ provider: 'nobody' }, 'provider'], [{ write: 'yes' }, 'write'], [{ colour: 1 }, 'colour'], [{ provider: '' }, 'provider']]) {
        const { status, body: problem } = await api.json('POST', '/api/v1/reextractions', body);
        assert.deepEqual([status, problem.code, problem.field], [422, 'invalid_field', field]);
        assert.ok(problem.detail.length > 10);
    }
    const { job } = await reextract();
    const items = `/api/v1/reextractions/${job.id}/items`;
    for (const query of ['finding=none', 'limit=0', 'cursor=x', 'colour=red']) assert.ok([400, 422].includes((await api.json('GET', `${items}?${query}`)).status), query);
    for (const path of [items.replace(job.id, '01a20000-0000-7000-8000-000000000000'), items.replace(job.id, 'nonsense'), `/api/v1/captures/${job.id}`])
        assert.equal((await api.json('GET', path)).status, 404, path);
    assert.equal((await api.json('DELETE', `/api/v1/reextractions/${job.id}`)).status, 409, 'it has ended');
});

test('how captures go', async () => {
    const { status, body } = await api.json('GET', '/api/v1/capture-doctor');
    assert.equal(status, 200, JSON.stringify(body));
    assert.match(body.browser.version, /\d+\.\d+/);
    assert.equal(body.browser.problem, null);
    const chatgpt = body.providers.find((p) => p.provider === 'chatgpt');
    assert.deepEqual([chatgpt.state, chatgpt.captures, chatgpt.failures, chatgpt.works.strategy, chatgpt.last.outcome], ['well', 1, 0, 'embedded', 'ok']);
    assert.equal(body.providers.find((p) => p.provider === 'claude').state, 'unused');
    assert.match(await (await fetch(`${server.url}/metrics`)).text(), /vivim_captures_total\{provider="chatgpt",recipe="chatgpt@\d+",strategy="embedded",outcome="ok"\} 1\n/);
});

test('the commands are clients of the same', async () => {
    const doctor = await vivim('capture', 'doctor');
    assert.equal(doctor.code, 0, doctor.stderr);
    assert.match(doctor.stdout, /^browser: .*\d+\.\d+/);
    assert.match(doctor.stdout, /chatgpt +well +1 in 14 days, 0% failed, 0% not understood\n +captures go well\n/);
    assert.deepEqual(JSON.parse((await vivim('capture', 'doctor', '--json')).stdout).days, 14);
    const again = await vivim('capture', 'reextract', '--provider', 'chatgpt');
    assert.deepEqual([again.code, again.stdout], [0, '0 new, 0 better, 0 changed, 1 unchanged, 0 poorer, 0 unreadable, 0 failed\n'], again.stderr);
    assert.equal(JSON.parse((await vivim('capture', 'reextract', '--write', '--json')).stdout).write, true);
    for (const [args, status, words] of [
        [['reextract', '--provider', 'nobody'], 1, /no provider of this name/],
        [['reextract', '--provider'], 2, /provider/],
        [['reextract', 'chatgpt'], 2, /no further argument/],
        [['reextract', '--wirte'], 2, /--write/],
        [['doctor', 'x'], 2, /no further argument/],
    ]) {
        const { code, stderr } = await vivim('capture', ...args);
        assert.equal(code, status, `${args}: ${stderr}`);
        assert.match(stderr, words);
    }
});

test('a capture goes with its conversation, and what was found of it too', async () => {
    const { items } = await reextract();
    assert.equal((await api.json('DELETE', `/api/v1/conversations/${items[0].conversation_id}`)).status, 204);
    await eventually(async () => (await api.json('GET', '/api/v1/captures')).body.items.length === 0 || null);
    assert.deepEqual((await reextract()).items, []);
});
