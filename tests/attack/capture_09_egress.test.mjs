// 9, replayed: the egress proxy of a running capture accepts only its own browser.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { capture } from '../lib/captures.mjs';
import { proxyPorts, strangers } from '../lib/egress.mjs';
import { startFixtureServer } from '../lib/fixture_server.mjs';
import { connect } from '../lib/raw.mjs';
import { signIn } from '../lib/server.mjs';
import { startRelease } from './release.mjs';

let fixtures, server, api;
before(async () => {
    fixtures = await startFixtureServer();
    server = await startRelease({ env: fixtures.env });
    api = await signIn(server);
});
after(async () => {
    assert.equal(await server.stop(), 0);
    await fixtures.stop();
});

test('9f a stranger at the egress proxy of a running capture gets 407, and the capture its page', async () => {
    const { body: job } = await api.json('POST', '/api/v1/captures', { url: fixtures.urls.stall });
    while (!fixtures.seen.some((line) => line.includes(new URL(fixtures.urls.stall).pathname))) await wait(20);
    const all = proxyPorts(server);
    assert.equal(all.length, 1);
    for (const [name, bytes] of Object.entries(strangers)) {
        const c = connect(`http://127.0.0.1:${all[0]}`);
        await c.write(bytes);
        assert.equal((await c.answer()).status, 407, name);
        c.end();
    }
    assert.ok(!fixtures.seen.some((line) => /stranger/.test(line)));
    await api.json('DELETE', `/api/v1/captures/${job.id}`);
    assert.equal((await capture(api, fixtures.urls.tides)).outcome, 'ok');
});
