// kill -9 under writing clients and running captures: nothing acknowledged is lost, unfinished jobs go on.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { startFixtureServer } from '../lib/fixture_server.mjs';
import { client, startServer, tempFolder } from '../lib/server.mjs';

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 50);
const WRITERS = 8;
const BINARY = process.env.VIVIM_BINARY ?? 'build/release/vivim';

const data = tempFolder();
let fixtures;
before(async () => { fixtures = await startFixtureServer(); });
after(async () => {
    await fixtures.stop();
    rmSync(data, { recursive: true, force: true });
});

const start = () => startServer({ data, keep: true, binary: BINARY, env: { ...fixtures.env, VIVIM_CAPTURE_RATE_PER_HOUR: '100000' } });

// Each writer makes API tokens until the server is gone and remembers those that were acknowledged.
async function write(api, acknowledged) {
    for (;;) {
        let answer;
        try {
            answer = await api.json('POST', '/api/v1/tokens', { name: 'kill' });
        } catch {
            return; // the server is gone; what was under way was not acknowledged
        }
        if (answer.status === 201) acknowledged.add(answer.body.id);
        else if (answer.status === 409 || answer.status === 429 || answer.status === 503) await wait(20);
        else assert.fail(`${answer.status} ${JSON.stringify(answer.body)}`);
    }
}

async function capture(api, url, jobs) {
    try {
        const answer = await api.json('POST', '/api/v1/captures', { url });
        if (answer.status === 202) jobs.add(answer.body.id);
    } catch { /* not acknowledged */ }
}

async function all(api, path) {
    const items = [];
    for (let cursor = ''; cursor !== null;) {
        const { status, body } = await api.json('GET', `${path}?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
        assert.equal(status, 200);
        items.push(...body.items);
        cursor = body.next_cursor;
    }
    return items;
}

test(`${ROUNDS} rounds`, { timeout: 900_000 }, async () => {
    const jobs = new Set();
    let lost = 0, written = 0;
    let server = await start();
    await server.vivim(['user', 'add', 'owner', '--admin', '--password-file', '-'], { input: 'correct horse battery\n' });
    const { stdout: token } = await server.vivim(['token', 'owner']);
    const headers = { authorization: `Bearer ${token.trim()}` };

    for (let round = 0; round < ROUNDS; round++) {
        const api = client(server, headers);
        const acknowledged = new Set();
        const writers = Array.from({ length: WRITERS }, () => write(api, acknowledged));
        await capture(api, fixtures.urls.chatgpt[round % fixtures.urls.chatgpt.length], jobs);
        await wait(20 + (round * 37) % 400);
        server.child.kill('SIGKILL');
        await server.exited;
        await Promise.all(writers);

        server = await start();
        const after = client(server, headers);
        const there = new Set((await all(after, '/api/v1/tokens')).map((t) => t.id));
        for (const id of acknowledged) if (!there.has(id)) lost++;
        written += acknowledged.size;
        // Room for the next round: an account holds a bounded number of tokens.
        for (const t of (await all(after, '/api/v1/tokens')).filter((t) => t.name === 'kill'))
            assert.ok([204, 429].includes((await after.json('DELETE', `/api/v1/tokens/${t.id}`)).status));
    }
    assert.equal(lost, 0, `${lost} of ${written} acknowledged writes are gone`);
    assert.ok(written > ROUNDS, `only ${written} writes were acknowledged`);

    const api = client(server, headers);
    const deadline = Date.now() + 240_000;
    for (const id of jobs) {
        for (;;) {
            const { status, body } = await api.json('GET', `/api/v1/captures/${id}`);
            assert.equal(status, 200, 'an acknowledged capture is there');
            if (body.status === 'done') break;
            assert.ok(['queued', 'running'].includes(body.status), `${body.status} ${JSON.stringify(body.error)}`);
            assert.ok(Date.now() < deadline, `capture ${id} did not end: ${JSON.stringify(body)}`);
            await wait(200);
        }
    }
    assert.equal(await server.stop(), 0);
    console.log(`# ${ROUNDS} kills, ${written} acknowledged writes, ${jobs.size} captures, 0 lost`);
});
