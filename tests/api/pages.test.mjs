// Rendered pages are kept, and never outlive a change, a right or an erasure: what is asked for after it is as it is then.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../lib/realtime.mjs';
import { changeRows, signIn, startServer } from '../lib/server.mjs';

async function figures(server) {
    const text = await (await fetch(server.url + '/metrics')).text();
    return Object.fromEntries(['hits_total', 'misses_total', 'bytes'].map((name) => [name, Number(new RegExp(`^vivim_page_cache_${name} (\\d+)`, 'm').exec(text)[1])]));
}

// Somebody's conversation, read often enough that each loop has it.
async function startWithPages(t) {
    const server = await startServer();
    t.after(async () => assert.equal(await server.stop(), 0));
    const owner = await signIn(server, 'owner');
    assert.equal((await owner.json('POST', '/api/v1/sample')).status, 200);
    const { items } = (await owner.json('GET', '/api/v1/conversations')).body;
    const { id } = items.find((c) => /sourdough/.test(c.title));
    return { server, owner, id, path: `/api/v1/conversations/${id}`, messages: `/api/v1/conversations/${id}/messages` };
}

async function read(person, path, times = 20) {
    const answers = await Promise.all(Array.from({ length: times }, () => person.json('GET', path)));
    for (const a of answers) {
        assert.equal(a.status, answers[0].status);
        assert.deepEqual(a.body.items, answers[0].body.items);
    }
    return answers[0];
}

const sqlite = { skip: process.env.VIVIM_TEST_PG_URL ? 'with PostgreSQL pages are read on workers, which keep none' : false };

test('a page that was kept is the page that is rendered', sqlite, async (t) => {
    const { server, owner, messages } = await startWithPages(t);
    const first = await read(owner, messages);
    const kept = await read(owner, messages);
    assert.deepEqual(kept.body, first.body);
    for (const name of ['content-type', 'etag', 'cache-control', 'vary', 'content-length']) assert.equal(kept.headers.get(name), first.headers.get(name), name);
    const { hits_total: hits, bytes } = await figures(server);
    assert.ok(hits > 0 && bytes > first.body.items.length);
    // Other questions about the same conversation have other answers.
    assert.equal((await read(owner, `${messages}?limit=1`)).body.items.length, 1);
    const next = (await read(owner, `${messages}?limit=1`)).body.next_cursor;
    assert.notEqual((await read(owner, `${messages}?limit=1&cursor=${next}`)).body.items[0].id, first.body.items[0].id);
    assert.deepEqual((await read(owner, messages)).body, first.body);
});

test('after a change nobody reads what was before it', async (t) => {
    const { server, owner, id, path, messages } = await startWithPages(t);
    const before = await read(owner, messages);
    for (let i = 0; i < 20; i++) {
        assert.equal((await owner.json('PATCH', path, { title: `The ${i}th title` })).status, 200);
        assert.equal((await owner.json('GET', path)).body.title, `The ${i}th title`);
        assert.notEqual((await read(owner, messages, 4)).headers.get('etag'), before.headers.get('etag'));
    }
    const literal = server.environment.VIVIM_DATABASE_URL ? `'${id}'` : `X'${id.replaceAll('-', '')}'`;
    await changeRows(server, `UPDATE message SET author = 'Another author' WHERE conversation_id = ${literal}; UPDATE conversation SET version = version + 1 WHERE id = ${literal}`);
    assert.ok((await read(owner, messages)).body.items.every((m) => m.author === 'Another author'));
    assert.ok(before.body.items.every((m) => m.author !== 'Another author'));
});

test('a right that went is no right to what was kept', async (t) => {
    const { server, owner, path, messages } = await startWithPages(t);
    const reader = await signIn(server, 'reader');
    assert.equal((await read(owner, messages)).status, 200);
    assert.equal((await reader.json('GET', messages)).status, 404); // it is kept, for those who may read it
    for (let i = 0; i < 5; i++) {
        assert.equal((await owner.json('PUT', `${path}/members/reader`, { role: 'reader' })).status, 200);
        assert.deepEqual((await read(reader, messages)).body, (await read(owner, messages)).body);
        assert.equal((await owner.json('DELETE', `${path}/members/reader`)).status, 204);
        assert.equal((await reader.json('GET', messages)).status, 404);
    }
    assert.equal((await fetch(server.url + messages)).status, 401);
});

test('of what was deleted no page is kept', async (t) => {
    const { server, owner, path, messages } = await startWithPages(t);
    assert.equal((await read(owner, messages)).status, 200);
    assert.equal((await owner.json('DELETE', path)).status, 204);
    assert.equal((await owner.json('GET', messages)).status, 404);
    await eventually(async () => (await figures(server)).bytes === 0);
});

test('of an account that was erased no page is kept', async (t) => {
    const { server, owner } = await startWithPages(t);
    const gone = await signIn(server, 'gone');
    assert.equal((await gone.json('POST', '/api/v1/sample')).status, 200);
    const { id } = (await gone.json('GET', '/api/v1/conversations')).body.items[0];
    const messages = `/api/v1/conversations/${id}/messages`;
    assert.equal((await gone.json('PUT', `/api/v1/conversations/${id}/members/owner`, { role: 'reader' })).status, 200);
    assert.equal((await read(gone, messages)).status, 200);
    assert.equal((await read(owner, messages)).status, 200);
    await server.vivim(['user', 'delete', 'gone', '--now', '--yes']);
    assert.equal((await gone.json('GET', messages)).status, 401);
    await eventually(async () => (await owner.json('GET', messages)).status === 404);
    await eventually(async () => (await figures(server)).bytes === 0);
});
