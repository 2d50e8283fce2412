// The egress proxy is one browser's: who else on this machine finds its port gets 407 and nothing more.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { capture, waitFor } from '../lib/captures.mjs';
import { proxyPorts, strangers } from '../lib/egress.mjs';
import { startFixtureServer } from '../lib/fixture_server.mjs';
import { connect } from '../lib/raw.mjs';
import { signIn, startServer } from '../lib/server.mjs';

let fixtures, server, api;
before(async () => {
    fixtures = await startFixtureServer();
    server = await startServer({ env: { ...fixtures.env, VIVIM_LOG_FORMAT: 'json' } });
    api = await signIn(server);
});
after(async () => {
    assert.equal(await server.stop(), 0);
    await fixtures.stop();
});

test('a stranger at the proxy of a running capture gets 407, and nothing is looked up, reached or counted for him', async () => {
    const { body: job } = await api.json('POST', '/api/v1/captures', { url: fixtures.urls.stall });
    while (!fixtures.seen.some((line) => line.includes(new URL(fixtures.urls.stall).pathname))) await wait(20); // its browser got through
    const [port, ...more] = proxyPorts(server);
    assert.ok(port && more.length === 0, `one capture, one proxy: ${[port, ...more]}`);
    const before = fixtures.seen.length;
    for (const [name, bytes] of Object.entries(strangers)) {
        const c = connect(`http://127.0.0.1:${port}`);
        await c.write(bytes);
        const answer = await c.answer();
        assert.equal(answer.status, 407, name);
        assert.equal(answer.headers['proxy-authenticate'], 'Basic realm="vivim"', name);
        assert.equal(answer.headers['x-refused'], undefined, name);
        assert.equal(answer.body, '', name);
        if (answer.headers.connection !== 'close') { // a browser asks once more on the same connection; then it is over
            await c.write(bytes);
            assert.equal((await c.answer()).status, 407, name);
        }
        await c.closed();
        assert.equal(c.text(), '', name);
    }
    assert.deepEqual(fixtures.seen.slice(before).filter((line) => /stranger/.test(line)), []);
    assert.equal(server.log().split('\n').filter((l) => /egress\.refused/.test(l)).length, 0);
    assert.equal((await api.json('DELETE', `/api/v1/captures/${job.id}`)).status, 202);
    await waitFor(api, job.id);
});

test('each capture has a password of its own, and its browser knows it', async () => {
    assert.equal((await capture(api, fixtures.urls.tides)).outcome, 'ok');
    const both = await Promise.all([capture(api, fixtures.urls.groupCommit), capture(api, fixtures.urls.sourdough)]);
    assert.deepEqual(both.map((job) => job.outcome), ['ok', 'ok']);
    assert.equal((await capture(api, fixtures.urls.redirect)).outcome === 'ok', false, 'what the proxy refuses, it refuses the browser too');
    assert.equal(proxyPorts(server).length, 0);
});
