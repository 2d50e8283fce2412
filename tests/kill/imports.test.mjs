// kill -9 under an import and under its undo: it goes on where it was. What was reported is stored, each conversation once; the
// report counts each place once; after the undo nothing of it is left. Each is killed twice at most: a third death sets a job aside.
import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { client, signIn, startServer, tempFolder } from '../lib/server.mjs';
import { claudeExport, conversations, ended, itemsOf } from '../lib/imports.mjs';

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 6);
const COUNT = 600;
const BINARY = process.env.VIVIM_BINARY ?? 'build/release/vivim';
const data = tempFolder();
let server, person;

async function start() {
    server = await startServer({ data, keep: true, binary: BINARY });
    if (person) person = client(server, { cookie: person.cookie, origin: server.url }, { cookie: person.cookie });
    else person = await signIn(server);
}

async function kill() {
    server.child.kill('SIGKILL');
    await server.exited;
    await start();
}

// Killed when so much of it is done; false: it was quicker.
async function killWhen(id, done) {
    for (;;) {
        const { body } = await person.json('GET', `/api/v1/imports/${id}`);
        if (!['queued', 'running', 'undoing'].includes(body.status)) return false;
        if (done(body)) break;
        await wait(2);
    }
    await kill();
    return true;
}

before(start);
after(async () => {
    server?.child.kill('SIGKILL');
    await server?.exited;
    rmSync(data, { recursive: true, force: true });
});

test(`${ROUNDS} imports and their undoing, killed under way`, async (t) => {
    let kills = 0;
    for (let round = 0; round < ROUNDS; round++) {
        const { id } = await (await person.fetch('/api/v1/imports', { method: 'POST', body: claudeExport(COUNT, (i) => `Round ${round}, number ${i}.`) })).json();
        const aims = [Math.floor(Math.random() * COUNT), Math.floor(Math.random() * COUNT)].sort((x, y) => x - y);
        for (const aim of aims) kills += await killWhen(id, (i) => i.counts.new >= aim);
        const done = await ended(person, id, 120_000);
        assert.deepEqual([done.status, done.counts.new, done.counts.failed], ['done', COUNT, 0], JSON.stringify(done));
        assert.equal((await conversations(person)).length, COUNT);
        const items = await itemsOf(person, id);
        assert.deepEqual(items.map((i) => i.place).sort((x, y) => x - y), Array.from({ length: COUNT }, (_, i) => i + 1));
        await person.json('POST', `/api/v1/imports/${id}/undo`);
        for (const aim of aims) kills += await killWhen(id, (i) => i.undo && i.undo.undone >= aim);
        const undone = await ended(person, id, 120_000);
        assert.deepEqual([undone.status, undone.undo], ['undone', { undone: COUNT, kept: 0 }]);
        assert.equal((await conversations(person)).length, 0);
        assert.equal((await person.json('GET', '/api/v1/trash?limit=200')).body.items.length, 200);
    }
    const left = readdirSync(join(data, 'imports'), { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
    assert.deepEqual(left, [], 'what was sent is gone');
    t.diagnostic(`${kills} kills`);
    assert.ok(kills >= ROUNDS, `only ${kills} kills`);
});
