// Stopping: what is under way is finished, idle connections are closed, the exit status is 0.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../lib/raw.mjs';
import { signIn, startServer } from '../lib/server.mjs';

test('SIGTERM finishes what is under way', async () => {
    const server = await startServer();
    const owner = await signIn(server);
    const idle = connect(server.url);
    await idle.write(`GET /livez HTTP/1.1\r\nHost: ${new URL(server.url).host}\r\n\r\n`);
    await idle.answer();
    // Argon2 takes a while: these are running when the signal comes.
    const running = Array.from({ length: 3 }, () => owner.json('POST', '/api/v1/auth/login', { handle: 'owner', password: owner.password }));
    await new Promise((resolve) => setTimeout(resolve, 30));
    const stopped = server.stop();
    for (const answer of await Promise.allSettled(running)) {
        assert.equal(answer.status, 'fulfilled');
        assert.ok([200, 429, 503].includes(answer.value.status), String(answer.value.status));
    }
    await idle.closed();
    assert.equal(await stopped, 0);
});
