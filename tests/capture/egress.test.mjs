// A hostile page has no way out of the browser but to public addresses: fetch, image, WebSocket, worker, redirect.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { capture } from '../lib/captures.mjs';
import { startFixtureServer } from '../lib/fixture_server.mjs';
import { signIn, startServer } from '../lib/server.mjs';

let fixtures, server, api;
before(async () => {
    fixtures = await startFixtureServer();
    server = await startServer({ env: { ...fixtures.env, VIVIM_LOG_LEVEL: 'debug', VIVIM_LOG_FORMAT: 'json' } });
    api = await signIn(server);
});
after(async () => {
    assert.equal(await server.stop(), 0);
    await fixtures.stop();
});

test('nothing reaches a listener on loopback, and the proxy says what it refused', async () => {
    const job = await capture(api, fixtures.urls.ssrf);
    assert.notEqual(job.outcome, 'ok');
    await wait(500); // what was under way would have come by now
    // The page's listener is the fixture server's own port: requests that came straight to it, not through the mapped names.
    const direct = fixtures.seen.filter((line) => /fetch|image|websocket|worker/.test(line));
    assert.deepEqual(direct, []);
    const refused = server.log().split('\n').filter((l) => /egress\.refused/.test(l)).map((l) => JSON.parse(l));
    for (const host of ['127.0.0.1', '10.0.0.1', '169.254.169.254'])
        assert.ok(refused.some((r) => JSON.stringify(r).includes(host)), `${host} was not refused by the proxy: ${JSON.stringify(refused)}`);
    assert.ok(refused.some((r) => JSON.stringify(r).includes('::1')), '[::1] was refused');
});
