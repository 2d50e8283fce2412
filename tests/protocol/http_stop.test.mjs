// Stopping: what is under way is finished, idle connections are closed, the exit status is 0.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../lib/raw.mjs';
import { signIn, startServer } from '../lib/server.mjs';

test('SIGTERM finishes what is under way', async () => {
    const server = await startServer();
    const owner = await signIn(server);
    const host = new URL(server.url).host;
    const idle = connect(server.url);
    await idle.write(`GET /livez HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await idle.answer();
    // These are under way for certain: the server has answered their headers and waits for their bodies.
    const body = JSON.stringify({ handle: 'owner', password: owner.password });
    const running = [1, 2, 3].map(() => connect(server.url));
    for (const c of running) {
        await c.write(`POST /api/v1/auth/login HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`);
        assert.equal((await c.answer()).status, 100);
    }
    const stopped = server.stop();
    await idle.closed();
    for (const c of running) await c.write(body);
    for (const c of running) {
        const answer = await c.answer();
        assert.equal(answer.status, 200, answer.body);
        assert.equal(answer.headers.connection, 'close');
    }
    assert.equal(await stopped, 0);
});
