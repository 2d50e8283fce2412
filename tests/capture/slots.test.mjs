// VIVIM_BROWSER_SLOTS: so many captures run at a time, and the next one waits.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { waitFor } from '../lib/captures.mjs';
import { startFixtureServer } from '../lib/fixture_server.mjs';
import { signIn, startServer } from '../lib/server.mjs';

let fixtures;
before(async () => { fixtures = await startFixtureServer(); });
after(async () => { await fixtures.stop(); });

const start = async (api, url) => (await api.json('POST', '/api/v1/captures', { url })).body.id;
const status = async (api, id) => (await api.json('GET', `/api/v1/captures/${id}`)).body.status;
async function until(api, ids, wanted) {
    for (const deadline = Date.now() + 60_000; ;) {
        const now = await Promise.all(ids.map((id) => status(api, id)));
        if (now.every((s) => s === wanted)) return;
        assert.ok(Date.now() < deadline, `${now} and not ${wanted}`);
    }
}

for (const slots of [1, 3]) {
    test(`${slots} at a time`, { timeout: 120_000 }, async () => {
        const server = await startServer({ env: { ...fixtures.env, VIVIM_BROWSER_SLOTS: String(slots) } });
        const api = await signIn(server);
        const busy = [];
        for (const name of ['never', 'stall', 'slow'].slice(0, slots)) busy.push(await start(api, fixtures.urls[name]));
        await until(api, busy, 'running'); // all of them at once
        const waiting = await start(api, fixtures.urls.tides);
        await until(api, [waiting], 'queued');
        assert.deepEqual(await Promise.all(busy.map((id) => status(api, id))), busy.map(() => 'running'));
        await api.json('DELETE', `/api/v1/captures/${busy[0]}`);
        assert.equal((await waitFor(api, waiting)).outcome, 'ok', 'its turn comes when a slot is free');
        assert.equal(await server.stop(), 0);
    });
}
