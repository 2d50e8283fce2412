// A deleted account takes along what it had: rows, index, files, and the sockets that were open.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { wordsIn } from '../lib/bytes.mjs';
import { eventually } from '../lib/realtime.mjs';
import { signIn, startServer } from '../lib/server.mjs';

test('a deleted account leaves nothing that can be read, found or fetched', async (t) => {
    const server = await startServer();
    t.after(async () => assert.equal(await server.stop(), 0));
    const owner = await signIn(server, 'owner');
    const gone = await signIn(server, 'gone');
    for (const person of [owner, gone]) assert.equal((await person.json('POST', '/api/v1/sample')).status, 200);
    const { items } = (await gone.json('GET', '/api/v1/conversations')).body;
    assert.ok(items.length > 0);
    assert.equal((await gone.json('PUT', `/api/v1/conversations/${items[0].id}/members/owner`, { role: 'reader' })).status, 200);
    assert.equal((await owner.json('GET', `/api/v1/conversations/${items[0].id}`)).status, 200);
    assert.equal((await owner.json('GET', '/api/v1/conversations?shared=true')).body.items[0].shared_by, 'gone');
    const { id } = (await gone.json('GET', '/api/v1/me')).body.user;

    await server.vivim(['user', 'delete', 'gone', '--now', '--yes']);
    assert.equal((await gone.json('GET', '/api/v1/me')).status, 401);
    await eventually(async () => (await owner.json('GET', `/api/v1/conversations/${items[0].id}`)).status === 404);
    await eventually(async () => (await owner.json('GET', '/api/v1/conversations?shared=true')).body.items.length === 0);
    await eventually(async () => !existsSync(join(server.data, 'blobs', id)));
    assert.ok(!readdirSync(join(server.data, 'blobs')).includes(id));
    assert.ok((await owner.json('GET', '/api/v1/conversations')).body.items.length > 0); // others keep theirs
});

// SQLite only: PostgreSQL's files are its own, and old rows go with its vacuum.
const sqlite = { skip: process.env.VIVIM_TEST_PG_URL ? 'the files are PostgreSQL\'s' : false };
// A word, and the word without its beginning: the index stores what a word has in common with the one before it once.
const WORDS = ['sourdough', 'urdough', 'wexelmarker', 'xelmarker', 'zimtagent', 'tokenmarker', 'markedhandle', 'keymarker'];

test('of a deleted account no byte is left in the data folder', sqlite, async (t) => {
    const server = await startServer();
    t.after(async () => assert.equal(await server.stop(), 0));
    const owner = await signIn(server, 'owner');
    const gone = await signIn(server, 'markedhandle', 'a password of theirs');
    assert.equal((await gone.json('POST', '/api/v1/sample')).status, 200);
    const { items } = (await gone.json('GET', '/api/v1/conversations')).body;
    const renamed = await gone.json('PATCH', `/api/v1/conversations/${items[0].id}`, { title: 'The wexelmarker' }, { 'idempotency-key': 'keymarker' });
    assert.equal(renamed.status, 200);
    assert.equal((await gone.json('POST', '/api/v1/tokens', { name: 'tokenmarker' })).status, 201);
    const again = await fetch(server.url + '/api/v1/auth/login', {
        method: 'POST', headers: { 'content-type': 'application/json', origin: server.url, 'user-agent': 'zimtagent/1' },
        body: JSON.stringify({ handle: 'markedhandle', password: 'a password of theirs' }),
    });
    assert.equal(again.status, 200);
    await eventually(async () => (await gone.json('GET', '/api/v1/search?q=sourdough')).body.items.length > 0);
    const before = wordsIn(server.data, WORDS);
    for (const word of WORDS.filter((w) => w !== 'keymarker')) assert.ok(before.some((w) => w.startsWith(word)), `${word} is nowhere to begin with`);

    await server.vivim(['user', 'delete', 'markedhandle', '--now', '--yes']);
    let left;
    await eventually(() => (left = wordsIn(server.data, WORDS)).length === 0).catch(() => assert.deepEqual(left, []));
    assert.equal((await owner.json('GET', '/api/v1/me')).status, 200);
});

test('of a deleted conversation no word is left in the data folder', sqlite, async (t) => {
    const server = await startServer();
    t.after(async () => assert.equal(await server.stop(), 0));
    const owner = await signIn(server, 'owner');
    assert.equal((await owner.json('POST', '/api/v1/sample')).status, 200);
    const { items } = (await owner.json('GET', '/api/v1/conversations')).body;
    const { id } = items.find((c) => /sourdough/.test(c.title));
    await eventually(async () => (await owner.json('GET', '/api/v1/search?q=sourdough')).body.items.length > 0);
    assert.notEqual(wordsIn(server.data, ['sourdough']).length, 0);

    assert.equal((await owner.json('DELETE', `/api/v1/conversations/${id}`)).status, 204);
    let left;
    await eventually(() => (left = wordsIn(server.data, ['sourdough', 'urdough'])).length === 0).catch(() => assert.deepEqual(left, []));
    assert.equal((await owner.json('GET', '/api/v1/conversations')).body.items.length, items.length - 1);
});

test('what was deleted is erased also when the server dies right after', sqlite, async (t) => {
    let server = await startServer({ keep: true });
    const owner = await signIn(server, 'owner');
    const gone = await signIn(server, 'markedhandle', 'a password of theirs');
    assert.equal((await gone.json('POST', '/api/v1/sample')).status, 200);
    await eventually(async () => (await gone.json('GET', '/api/v1/search?q=sourdough')).body.items.length > 0);
    const deleted = server.vivim(['user', 'delete', 'markedhandle', '--now', '--yes']);
    await eventually(async () => (await gone.json('GET', '/api/v1/me').catch(() => ({}))).status === 401);
    await server.stop('SIGKILL');
    await deleted.catch(() => {}); // its answer may not have come
    server = await startServer({ data: server.data });
    t.after(async () => assert.equal(await server.stop(), 0));
    let left;
    await eventually(() => (left = wordsIn(server.data, WORDS)).length === 0).catch(() => assert.deepEqual(left, []));
    assert.ok(owner);
});
