// A page's process, or the whole browser, dies under a capture: it is queued once more, then browser_failed; never a hang.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { capture, waitFor } from '../lib/captures.mjs';
import { startFixtureServer } from '../lib/fixture_server.mjs';
import { commandLine, descendants } from '../lib/processes.mjs';
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

// Wait until the page runs for the nth time, then kill what `which` says of the browser's processes.
async function killWhenRunning(nth, which) {
    for (const deadline = Date.now() + 60_000; fixtures.seen.filter((line) => line.endsWith('/crash-running')).length < nth;) {
        assert.ok(Date.now() < deadline, `the page did not run for the ${nth}. time`);
        await wait(20);
    }
    const pids = descendants(server.child.pid).filter((pid) => which(commandLine(pid)));
    assert.ok(pids.length > 0, 'there is a process to kill');
    for (const pid of pids) process.kill(pid, 'SIGKILL');
}
const renderer = (line) => line.includes('--type=renderer');
const browser = (line) => line.includes('--remote-debugging-pipe') && !line.includes('--type=');
const start = async () => (await api.json('POST', '/api/v1/captures', { url: fixtures.urls.crash })).body.id;

for (const [name, which] of [['the page\'s process', renderer], ['the browser', browser]]) {
    test(`${name} dies twice: browser_failed, and the next capture works`, { timeout: 180_000 }, async () => {
        const runs = fixtures.seen.filter((line) => line.endsWith('/crash-running')).length;
        const id = await start();
        await killWhenRunning(runs + 1, which);
        await killWhenRunning(runs + 2, which);
        const job = await waitFor(api, id);
        assert.equal(job.outcome, 'browser_failed', JSON.stringify(job));
        assert.equal(job.conversation_id, null);
        assert.equal((await capture(api, fixtures.urls.tides)).outcome, 'ok');
    });

    test(`${name} dies once: the second run ends as the page does`, { timeout: 180_000 }, async () => {
        const runs = fixtures.seen.filter((line) => line.endsWith('/crash-running')).length;
        const id = await start();
        await killWhenRunning(runs + 1, which);
        fixtures.state.mended = true;
        const job = await waitFor(api, id);
        fixtures.state.mended = false;
        assert.equal(job.outcome, 'ok', JSON.stringify(job));
    });
}
