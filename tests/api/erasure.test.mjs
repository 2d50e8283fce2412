// A deleted account takes along what it had: rows, index, files, and the sockets that were open.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
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

    await server.vivim(['user', 'delete', 'gone', '--yes']).catch(() => server.vivim(['user', 'delete', 'gone']));
    assert.equal((await gone.json('GET', '/api/v1/me')).status, 401);
    await eventually(async () => (await owner.json('GET', `/api/v1/conversations/${items[0].id}`)).status === 404);
    await eventually(async () => (await owner.json('GET', '/api/v1/conversations?shared=true')).body.items.length === 0);
    await eventually(async () => !existsSync(join(server.data, 'blobs', id)));
    assert.ok(!readdirSync(join(server.data, 'blobs')).includes(id));
    assert.ok((await owner.json('GET', '/api/v1/conversations')).body.items.length > 0); // others keep theirs
});
