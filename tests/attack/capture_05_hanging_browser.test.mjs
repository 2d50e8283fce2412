// 5: a browser that hangs while it starts holds neither a cancel nor the end of the server, and nothing of it is left.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { waitFor } from '../lib/captures.mjs';
import { signIn, tempFolder } from '../lib/server.mjs';
import { startRelease } from './release.mjs';

const LINK = 'https://chatgpt.com/share/69807432-337c-8003-9975-57b27ce55c6f';
const GENEROUS_MS = 8_000; // the fault was 28 s
const folder = tempFolder();
after(() => rmSync(folder, { recursive: true, force: true }));

// Each notes the number of every process that it is made of.
const BROWSERS = {
    'ignores SIGTERM': 'trap "" TERM INT; note $$; sleep 1000 & note $!; wait',
    'reads and answers nothing': 'note $$; cat <&3 >/dev/null & note $!; sleep 1000',
    'prints garbage': 'note $$; (while printf "garbage\\000{\\000" >&4; do sleep 0.01; done) & note $!; wait',
    'has children that keep the pipe open': 'trap "" TERM; note $$; setsid sleep 1000 & note $!; wait',
    'closes its pipe and lives': 'trap "" TERM; note $$; note $$; exec 3<&- 4>&-; exec sleep 1000',
};

async function until(what, why) {
    for (const deadline = Date.now() + GENEROUS_MS; !what(); await wait(20)) assert.ok(Date.now() < deadline, why);
}
const lives = (pid) => {
    try {
        return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
        return false;
    }
};

async function withHangingBrowser(name, use) {
    const script = join(folder, 'browser'), pids = join(folder, 'pids');
    rmSync(pids, { force: true });
    writeFileSync(script, `#!/bin/sh\nnote() { echo $1 >>'${pids}'; }\n${BROWSERS[name]}\n`);
    chmodSync(script, 0o700);
    const server = await startRelease({ env: { VIVIM_BROWSER: script }, keep: true });
    const profiles = join(server.data, 'tmp/browsers');
    const noted = () => (existsSync(pids) ? readFileSync(pids, 'utf8').trim().split('\n').map(Number) : []);
    try {
        const api = await signIn(server);
        const { body } = await api.json('POST', '/api/v1/captures', { url: LINK });
        await until(() => noted().length >= 2, 'the browser starts');
        await use({ server, api, id: body.id });
        await until(() => !noted().some(lives), `processes of the browser live: ${noted().filter(lives)}`);
        await until(() => !existsSync(profiles) || readdirSync(profiles).length === 0, 'its profile is removed');
    } finally {
        await server.stop();
        rmSync(server.data, { recursive: true, force: true });
    }
}

for (const name of Object.keys(BROWSERS)) {
    test(`5 SIGTERM ends a server whose browser ${name}`, { timeout: 60_000 }, () => withHangingBrowser(name, async ({ server }) => {
        const began = Date.now();
        server.child.kill('SIGTERM');
        assert.equal(await server.exited, 0);
        assert.ok(Date.now() - began < GENEROUS_MS, `${Date.now() - began} ms`);
    }));
    if (/^(ignores|has children)/.test(name)) // the others: tests/unit/capture/test_browser.c
        test(`5 a capture whose browser ${name} is cancelled at once`, { timeout: 60_000 }, () => withHangingBrowser(name, async ({ api, id }) => {
            const began = Date.now();
            assert.equal((await api.json('DELETE', `/api/v1/captures/${id}`)).status, 202);
            assert.equal((await waitFor(api, id)).status, 'cancelled');
            assert.ok(Date.now() - began < GENEROUS_MS, `${Date.now() - began} ms`);
        }));
}
