// 8: who is answered at all is answered by a server whose start is complete; and a successor gets the port and the folder.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanEnvironment, signIn, startServer, tempFolder } from '../lib/server.mjs';
import { RELEASE, startRelease } from './release.mjs';

const RESTARTS = 8;

async function freePort() {
    const s = createServer();
    await new Promise((resolve) => s.listen(0, '127.0.0.1', resolve));
    const { port } = s.address();
    await new Promise((resolve) => s.close(resolve));
    return port;
}

// Its last step, the link for the first account, takes a while and then fails.
async function breakTheLastStep(data) {
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(join(data, 'vivim.db'));
    db.exec(`CREATE TRIGGER fails BEFORE INSERT ON setup_link BEGIN
        SELECT CASE WHEN (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT max(i) FROM n) > 0
            THEN RAISE(ABORT, 'broken for the test') END; END`);
    db.close();
}

test('8 a start that fails at its end has told nobody that it was ready', { timeout: 60_000 }, async () => {
    const port = await freePort(), server = await startRelease({ keep: true });
    await server.stop();
    await breakTheLastStep(server.data);
    const env = cleanEnvironment({ VIVIM_DATA: server.data, VIVIM_LISTEN: `127.0.0.1:${port}` });
    const child = spawn(RELEASE, ['serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '', ended = false;
    child.stdout.on('data', (d) => (said += d));
    child.stderr.on('data', (d) => (said += d));
    const code = new Promise((resolve) => child.on('close', (c) => { ended = true; resolve(c); }));
    const answers = [];
    while (!ended)
        for (const path of ['/readyz', '/livez', '/api/v1/me'])
            await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(20_000) })
                .then((a) => answers.push(`${path} ${a.status}`), () => {});
    assert.equal(await code, 1, said);
    rmSync(server.data, { recursive: true, force: true });
    assert.doesNotMatch(said, /server\.ready|is ready/);
    assert.deepEqual(answers.filter((a) => !/ 503$/.test(a)), []);
});

// Each is killed while it starts a browser for a capture, and the next one is there at once.
test(`8 a successor of a server that was killed while it started a child gets port and folder, ${RESTARTS} times`, { timeout: 120_000 }, async () => {
    const data = tempFolder(), port = await freePort();
    const start = () => startServer({ binary: RELEASE, data, keep: true, env: { VIVIM_LISTEN: `127.0.0.1:${port}`, VIVIM_BROWSER: '/bin/false' } });
    let server = await start();
    const api = await signIn(server);
    for (let i = 0; i < RESTARTS; i++) {
        for (let k = 0; k < 2; k++)
            await api.json('POST', '/api/v1/captures', { url: `https://chatgpt.com/share/69807432-337c-8003-9975-${(i * 2 + k).toString(16).padStart(12, '0')}` });
        server.child.kill('SIGKILL');
        await server.exited;
        server = await start(); // throws with what the server said when it ends
        assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
    }
    assert.equal(await server.stop(), 0);
    rmSync(data, { recursive: true, force: true });
});
