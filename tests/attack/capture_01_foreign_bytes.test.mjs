// Point 1, with a browser: no page ends the process, and a job that does is not tried for ever.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { rmSync } from 'node:fs';
import { capture, conversation, waitFor } from '../lib/captures.mjs';
import { startFixtureServer } from '../lib/fixture_server.mjs';
import { localClient } from '../lib/local.mjs';
import { eventually } from '../lib/realtime.mjs';
import { tempFolder } from '../lib/server.mjs';
import { startRelease } from './release.mjs';

const DEATHS = 3;
const data = tempFolder();
let fixtures, server, api, headers;

async function start() {
    server = await startRelease({ data, keep: true, env: fixtures.env });
    api = localClient(server, headers);
}

before(async () => {
    fixtures = await startFixtureServer();
    await start();
    await server.vivim(['user', 'add', 'owner', '--admin', '--password-file', '-'], { input: 'correct horse battery\n' });
    headers = { authorization: `Bearer ${(await server.vivim(['token', 'owner'])).stdout.trim()}` };
    api = localClient(server, headers);
});
after(async () => {
    assert.equal(await server.stop(), 0);
    await fixtures.stop();
    rmSync(data, { recursive: true, force: true });
});

test('1a a page that names a picture with a zero byte is captured without it', { timeout: 60_000 }, async () => {
    const job = await capture(api, fixtures.urls.foreign);
    assert.equal(job.outcome, 'ok', JSON.stringify(job));
    const c = await conversation(api, job.conversation_id);
    assert.ok(c.findings.some((f) => f.code === 'media_unavailable' && f.detail.startsWith('https://cdn.example/a')), JSON.stringify(c.findings));
});

test('1 a job under which the process died three times is set aside with a word, and the next is captured', { timeout: 120_000 }, async () => {
    const { body: { id } } = await api.json('POST', '/api/v1/captures', { url: fixtures.urls.never });
    const look = async () => (await api.json('GET', `/api/v1/captures/${id}`)).body;
    for (let deaths = 0; deaths < DEATHS; deaths++) {
        await eventually(async () => (await look()).status === 'running', 30_000);
        server.child.kill('SIGKILL');
        await server.exited;
        api.close();
        await start();
    }
    const end = await waitFor(api, id, 30_000);
    assert.equal(end.status, 'failed', JSON.stringify(end));
    assert.equal(end.outcome, 'crashed');
    assert.equal(end.error.code, 'crashed');
    assert.match(end.error.detail, /3 times/);
    assert.equal((await capture(api, fixtures.urls.tides)).outcome, 'ok');
});
