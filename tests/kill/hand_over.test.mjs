// kill -9 under clients whose commits are handed over: what was acknowledged is there afterwards, and nothing that nobody sent.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { localClient } from '../lib/local.mjs';
import { addConversations, signIn, startServer, tempFolder } from '../lib/server.mjs';

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 20), WRITERS = 16;
const BINARY = process.env.VIVIM_BINARY ?? 'build/release/vivim';
const data = tempFolder();
let server;

after(async () => {
    server?.child.kill('SIGKILL');
    await server?.exited;
    rmSync(data, { recursive: true, force: true });
});

const start = () => startServer({ data, keep: true, binary: BINARY });

// Renames its conversation again and again until the server is gone. When its time has come, the next answer kills it: a
// reply that left before its commit is found a moment before that.
async function rename(api, id, known, kill) {
    for (;;) {
        const n = known.sent + 1;
        known.sent = n;
        const answer = await api.json('PATCH', `/api/v1/conversations/${id}`, { title: `title ${n}` }).catch(() => null);
        if (!answer) return;
        if (kill.due) server.child.kill('SIGKILL');
        assert.equal(answer.status, 200);
        assert.equal(answer.body.title, `title ${n}`);
        known.acknowledged = n;
    }
}

test(`what was acknowledged before one of ${ROUNDS} kills is there`, { timeout: 600_000 }, async () => {
    server = await start();
    const owner = await signIn(server, 'owner');
    const ids = await addConversations(server, owner, WRITERS), headers = { 'x-vivim-user': 'owner' };
    const known = ids.map(() => ({ sent: 0, acknowledged: 0 }));
    let acknowledged = 0;
    for (let round = 0; round < ROUNDS; round++) {
        const api = localClient(server, headers);
        const kill = { due: false }, writers = ids.map((id, i) => rename(api, id, known[i], kill));
        await wait(50 + Math.random() * 150); // some moment
        kill.due = true;
        await server.exited;
        await Promise.all(writers);
        api.close();
        server = await start();
        const reader = localClient(server, headers);
        for (const [i, id] of ids.entries()) {
            const { status, body } = await reader.json('GET', `/api/v1/conversations/${id}`);
            assert.equal(status, 200);
            const n = Number(/^title (\d+)$/.exec(body.title ?? 'title 0')[1]);
            assert.ok(n >= known[i].acknowledged && n <= known[i].sent, `${n} is not from ${known[i].acknowledged} to ${known[i].sent}`);
            acknowledged += known[i].acknowledged;
            known[i].sent = known[i].acknowledged = n;
        }
        reader.close();
    }
    assert.ok(acknowledged > 0);
});
