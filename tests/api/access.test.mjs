// Who may do what with a conversation: every route for the owner, an editor, a reader, a stranger and nobody.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../lib/realtime.mjs';
import { client, signIn, startServer } from '../lib/server.mjs';

let server;
const people = {};
before(async () => {
    server = await startServer();
    for (const name of ['owner', 'editor', 'reader', 'stranger']) people[name] = await signIn(server, name);
    people.nobody = client(server, {});
});
after(async () => assert.equal(await server.stop(), 0));

// A fresh copy of the sample archive, of which one conversation is shared with the editor and the reader.
async function shared() {
    const { owner } = people;
    await owner.json('DELETE', '/api/v1/sample');
    await owner.json('POST', '/api/v1/sample');
    const { id } = (await owner.json('GET', '/api/v1/conversations?limit=1')).body.items[0];
    const path = `/api/v1/conversations/${id}`;
    for (const role of ['editor', 'reader']) assert.equal((await owner.json('PUT', `${path}/members/${role}`, { role })).status, 200);
    return path;
}

const NO_MEDIA = 'ab'.repeat(32);
const routes = [
    //                                                owner editor reader stranger nobody
    ['GET', '', undefined,                            [200, 200, 200, 404, 401]],
    ['GET', '/messages', undefined,                   [200, 200, 200, 404, 401]],
    ['GET', '/messages?all=true&limit=1', undefined,  [200, 200, 200, 404, 401]],
    ['GET', `/media/${NO_MEDIA}`, undefined,          [404, 404, 404, 404, 401]],
    ['GET', '/sources', undefined,                    [200, 404, 404, 404, 401]],
    ['GET', '/versions', undefined,                   [200, 404, 404, 404, 401]],
    ['POST', '/split', { source_id: '01a20000-0000-7000-8000-000000000000' }, [404, 404, 404, 404, 401]],
    ['GET', '/presence', undefined,                   [200, 200, 200, 404, 401]],
    ['PATCH', '', { title: 'Another name' },          [200, 200, 403, 404, 401]],
    ['DELETE', '', undefined,                         [204, 403, 403, 404, 401]],
    ['GET', '/members', undefined,                    [200, 404, 404, 404, 401]],
    ['PUT', '/members/stranger', { role: 'reader' },  [200, 404, 404, 404, 401]],
    ['DELETE', '/members/reader', undefined,          [204, 404, 404, 404, 401]],
];
for (const [method, rest, body, statuses] of routes) {
    test(`${method} /conversations/{id}${rest}`, async () => {
        for (const [i, name] of ['owner', 'editor', 'reader', 'stranger', 'nobody'].entries()) {
            const path = await shared();
            const title = (await people.owner.json('GET', path)).body.title;
            const answer = await people[name].json(method, path + rest, body);
            assert.equal(answer.status, statuses[i], `${name}: ${JSON.stringify(answer.body)}`);
            if (answer.status < 400) continue;
            assert.equal(answer.body.status, answer.status);
            assert.ok(!JSON.stringify(answer.body).includes(title), 'a refusal says nothing of the content');
            const now = await people.owner.json('GET', path); // and nothing has changed
            assert.equal(now.status, 200);
            assert.equal(now.body.title, title);
            assert.equal((await people.owner.json('GET', `${path}/members`)).body.items.length, 2);
        }
    });
}

test('the routes of this table are all that there are', async () => {
    const { paths } = (await people.owner.json('GET', '/openapi.json')).body;
    const here = Object.entries(paths).filter(([path]) => path.startsWith('/api/v1/conversations/'))
        .flatMap(([path, of]) => Object.keys(of).filter((m) => /^(get|put|post|patch|delete)$/.test(m)).map((m) => `${m.toUpperCase()} ${path}`)).sort();
    const pattern = (rest) => '/api/v1/conversations/{id}' + rest.split('?')[0].replace(NO_MEDIA, '{sha256}').replace(/members\/\w+/, 'members/{handle}');
    assert.deepEqual(here, [...new Set(routes.map(([method, rest]) => `${method} ${pattern(rest)}`))].sort());
});

test('what is another\'s and what does not exist look alike', async () => {
    const path = await shared();
    const none = '/api/v1/conversations/01a20000-0000-7000-8000-000000000000';
    for (const [method, rest, body] of routes) {
        const foreign = await people.stranger.json(method, path + rest, body), unknown = await people.stranger.json(method, none + rest, body);
        assert.equal(foreign.status, unknown.status, `${method} ${rest}`);
        const { request_id: a, instance: b, ...one } = foreign.body, { request_id: c, instance: d, ...other } = unknown.body;
        assert.deepEqual(one, other);
    }
});

test('lists show one\'s own, searches what others share as well, as long as they do', async () => {
    const path = await shared(), id = path.split('/').at(-1);
    const found = async (name) => (await people[name].json('GET', '/api/v1/search?q=the')).body.items;
    for (const name of ['editor', 'reader', 'stranger'])
        assert.deepEqual((await people[name].json('GET', '/api/v1/conversations')).body.items, [], name);
    await eventually(async () => (await found('reader')).length);
    for (const name of ['editor', 'reader'])
        for (const item of await found(name)) {
            assert.equal(item.conversation_id, id, name);
            assert.equal(item.shared_by, 'owner', name);
        }
    assert.deepEqual(await found('stranger'), []);
    assert.equal((await people.stranger.json('GET', `/api/v1/search?q=the&conversation=${id}`)).status, 404);
    assert.equal((await people.owner.json('DELETE', `${path}/members/reader`)).status, 204);
    assert.deepEqual(await found('reader'), []); // at once
    await people.owner.json('PUT', `${path}/members/reader`, { role: 'reader' });
    assert.ok((await people.owner.json('GET', '/api/v1/conversations')).body.items.some((c) => path.endsWith(c.id)));
    assert.equal((await people.nobody.json('GET', '/api/v1/conversations')).status, 401);
    assert.equal((await people.nobody.json('GET', '/api/v1/search?q=the')).status, 401);
});

test('everybody reads the same words', async () => {
    const path = await shared();
    const of = async (name) => [(await people[name].json('GET', path)).body, (await people[name].json('GET', `${path}/messages`)).body];
    const [conversation, messages] = await of('owner');
    assert.ok(messages.items.length > 1);
    assert.equal(conversation.role, 'owner');
    assert.equal('shared_by' in conversation, false);
    for (const role of ['editor', 'reader']) assert.deepEqual(await of(role), [{ ...conversation, role, shared_by: 'owner' }, messages], role);
});

test('each item of a list says whose it is and what one may do; a role that changes changes the tag', async () => {
    const path = await shared(), id = path.split('/').at(-1);
    const { owner, reader } = people;
    const item = async (who, query) => {
        const { role, shared_by } = (await who.json('GET', `/api/v1/conversations?${query}`)).body.items.find((c) => c.id === id) ?? {};
        return [role, shared_by];
    };
    assert.deepEqual(await item(owner, 'limit=200'), ['owner', undefined]);
    assert.deepEqual(await item(reader, 'shared=true'), ['reader', 'owner']);
    const before = (await reader.json('GET', path)).headers.get('etag');
    await owner.json('PUT', `${path}/members/reader`, { role: 'editor' });
    const now = await reader.json('GET', path, undefined, { 'if-none-match': before });
    assert.deepEqual([now.status, now.body?.role], [200, 'editor']);
    assert.deepEqual(await item(reader, 'shared=true'), ['editor', 'owner']);
});

test('what is shared with one comes in pages, newest grant first', async () => {
    await shared();
    const { owner, reader } = people;
    const ids = (await owner.json('GET', '/api/v1/conversations')).body.items.map((c) => c.id);
    for (const id of ids.slice(1)) await owner.json('PUT', `/api/v1/conversations/${id}/members/reader`, { role: 'reader' });
    const all = (await reader.json('GET', '/api/v1/conversations?shared=true&limit=200')).body;
    assert.ok(ids.length >= 3);
    assert.deepEqual(all.items.map((c) => c.id).sort(), ids.sort());
    assert.equal(all.items.at(-1).id, (await owner.json('GET', '/api/v1/conversations')).body.items[0].id);
    assert.equal(all.next_cursor, null);
    const seen = [];
    for (let cursor = ''; cursor !== null;) {
        const { body } = await reader.json('GET', `/api/v1/conversations?shared=true&limit=1${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
        assert.ok(body.items.length <= 1); // none where a conversation is gone and its grant not yet
        seen.push(...body.items);
        cursor = body.next_cursor;
    }
    assert.deepEqual(seen, all.items);
});

test('a role that is taken, given and changed counts with the next request', async () => {
    const path = await shared();
    const { owner, reader } = people;
    const rename = async () => (await reader.json('PATCH', path, { title: 'By the reader' })).status;
    assert.equal(await rename(), 403);
    assert.equal((await owner.json('PUT', `${path}/members/reader`, { role: 'editor' })).status, 200);
    assert.equal(await rename(), 200);
    assert.equal((await owner.json('GET', `${path}/members`)).body.items.length, 2, 'changed, not doubled');
    assert.equal((await owner.json('DELETE', `${path}/members/reader`)).status, 204);
    assert.equal((await owner.json('DELETE', `${path}/members/reader`)).status, 404);
    assert.equal(await rename(), 404);
    assert.equal((await reader.json('GET', `${path}/messages`)).status, 404);
    assert.equal((await owner.json('GET', path)).body.title, 'By the reader');
});

test('what is shared no more is still found by its owner', async () => {
    const path = await shared(), id = path.split('/').at(-1);
    const { owner } = people;
    const hits = async () => (await owner.json('GET', '/api/v1/search?q=tides&limit=200')).body.items.filter((hit) => hit.conversation_id === id && hit.kind === 'message').length;
    await owner.json('PATCH', path, { title: 'Before' });
    const found = await eventually(hits);
    assert.equal((await owner.json('DELETE', `${path}/members/reader`)).status, 204);
    assert.equal((await owner.json('PATCH', path, { title: 'Quorvex' })).status, 200); // what the index has heard of, it has heard all before of
    await eventually(async () => (await owner.json('GET', '/api/v1/search?q=quorvex')).body.items.length);
    assert.equal(await hits(), found);
});

test('a deleted conversation is gone for all', async () => {
    const path = await shared();
    assert.equal((await people.owner.json('DELETE', path)).status, 204);
    for (const name of ['owner', 'editor', 'reader', 'stranger']) {
        assert.equal((await people[name].json('GET', path)).status, 404, name);
        assert.equal((await people[name].json('GET', `${path}/messages`)).status, 404, name);
    }
});

test('a token that may only read', async () => {
    const path = await shared();
    for (const name of ['owner', 'editor']) {
        const secret = (await server.vivim(['token', name, '--scopes', 'read'])).stdout.trim();
        const token = client(server, { authorization: `Bearer ${secret}` });
        assert.equal((await token.json('GET', path)).status, 200, name);
        for (const [method, rest, body] of routes.filter(([m]) => m !== 'GET'))
            assert.equal((await token.json(method, path + rest, body)).status, 403, `${name}: ${method} ${rest}`);
    }
});

test('bad input for members', async () => {
    const path = await shared();
    const { owner } = people;
    const put = (handle, body) => owner.json('PUT', `${path}/members/${handle}`, body);
    for (const [body, field] of [[{ role: 'king' }, 'role'], [{ role: 7 }, 'role'], [{ role: null }, 'role'], [{}, 'role'], [{ role: 'owner' }, 'role'], [{ role: 'reader', x: 1 }, 'x']]) {
        const answer = await put('stranger', body);
        assert.equal(answer.status, 422, JSON.stringify(body));
        assert.equal(answer.body.field, field);
    }
    assert.equal((await put('stranger', [])).status, 422);
    assert.equal((await put('owner', { role: 'reader' })).status, 422, 'the owner itself');
    for (const handle of ['unknown', 'UPPER', '%2e%2e', 'x'.repeat(1000), 'a%20b', '%e2%98%83'])
        assert.equal((await put(handle, { role: 'reader' })).status, 404, handle);
    for (const handle of ['%00', '%ff'])
        assert.ok([400, 404].includes((await put(handle, { role: 'reader' })).status), handle);
    assert.equal((await owner.json('GET', `${path}/members`)).body.items.length, 2);
});
