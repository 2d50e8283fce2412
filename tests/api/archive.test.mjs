// The routes of the archive: bad input, what has changed meanwhile, and the same request twice.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../lib/realtime.mjs';
import { signIn, startServer } from '../lib/server.mjs';

let server, owner, path;
before(async () => {
    server = await startServer();
    owner = await signIn(server);
    await owner.json('POST', '/api/v1/sample');
    path = `/api/v1/conversations/${(await owner.json('GET', '/api/v1/conversations?limit=1')).body.items[0].id}`;
});
after(async () => assert.equal(await server.stop(), 0));

const JSON_TYPE = { 'content-type': 'application/json' };
const patch = async (body, headers = {}) => {
    const answer = await owner.fetch(path, { method: 'PATCH', headers: { ...JSON_TYPE, ...headers }, body });
    const text = await answer.text();
    return { status: answer.status, tag: answer.headers.get('etag'), body: text ? JSON.parse(text) : null };
};
const read = async () => {
    const answer = await owner.fetch(path);
    return { tag: answer.headers.get('etag'), body: await answer.json() };
};

for (const [name, body, status, field] of [
    ['a number as title', '{"title":7}', 422, 'title'],
    ['null as title', '{"title":null}', 422, 'title'],
    ['a list as title', '{"title":["x"]}', 422, 'title'],
    ['no title', '{}', 422, 'title'],
    ['an empty title', '{"title":""}', 422, 'title'],
    ['a title of 501 bytes', JSON.stringify({ title: 'x'.repeat(499) + 'é' }), 422, 'title'],
    ['a zero byte', '{"title":"a\\u0000b"}', 422, 'title'],
    ['two titles', '{"title":"x","title":"y"}', 422, 'title'],
    ['a field that nobody may set', '{"title":"x","version":9}', 422, 'version'],
    ['a list instead of an object', '[{"title":"x"}]', 422],
    ['a string instead of an object', '"title"', 422],
    ['half a document', '{"title":"x"', 400],
    ['nothing', '', 400],
    ['invalid UTF-8', Buffer.from('{"title":"\xff"}', 'latin1'), 400],
    ['an overlong form', Buffer.from('{"title":"\xc0\xaf"}', 'latin1'), 400],
    ['a body of 9 kB', JSON.stringify({ title: 'x', y: 'y'.repeat(9000) }), 413],
    ['deep nesting', '['.repeat(100) + ']'.repeat(100), [400, 413, 422]],
]) {
    test(`PATCH: ${name}`, async () => {
        const before = await read();
        const answer = await patch(body);
        assert.ok([status].flat().includes(answer.status), `${answer.status} ${JSON.stringify(answer.body)}`);
        if (field) assert.equal(answer.body.field, field);
        assert.ok(answer.body.code && answer.body.detail.length > 10);
        assert.deepEqual(await read(), before, 'nothing has changed');
    });
}

test('PATCH: the longest title, and one with half a character', async () => {
    const longest = 'x'.repeat(498) + 'é';
    assert.equal((await patch(JSON.stringify({ title: longest }))).body.title, longest);
    assert.equal((await patch('{"title":"a\\ud83d b"}')).body.title, 'a\ufffd b');
    assert.equal((await read()).body.title, 'a\ufffd b');
});

test('PATCH: another content type', async () => {
    assert.equal((await patch('title=x', { 'content-type': 'application/x-www-form-urlencoded' })).status, 415);
});

test('ids that are none', async () => {
    const id = path.split('/').pop();
    for (const bad of ['nonsense', id.slice(1), id + '0', id.replaceAll('-', ''), `{${id}}`, '%00', '%ff', '..%2f..%2fetc', 'x'.repeat(4000), '0', '-1', 'null']) {
        for (const [method, rest, body] of [['GET', ''], ['PATCH', '', '{"title":"x"}'], ['DELETE', ''], ['GET', '/messages'], ['GET', `/media/${'0'.repeat(64)}`]]) {
            const answer = await owner.fetch(`/api/v1/conversations/${bad}${rest}`, { method, body, headers: body ? JSON_TYPE : {} });
            assert.ok([400, 404].includes(answer.status), `${method} ${bad}${rest}: ${answer.status}`);
            assert.match((await answer.json()).code, /^[a-z_]+$/);
        }
    }
    assert.equal((await owner.json('GET', path.toUpperCase().replace('/API/V1/CONVERSATIONS', '/api/v1/conversations'))).status, 200, 'letters of either case');
});

test('media that is none', async () => {
    for (const bad of ['0'.repeat(63), '0'.repeat(64), 'g'.repeat(64), '%00', '0'.repeat(200)])
        assert.ok([400, 404].includes((await owner.fetch(`${path}/media/${bad}`)).status), bad);
});

test('queries that are not understood', async () => {
    const cursor = (await owner.json('GET', '/api/v1/conversations?limit=1')).body.next_cursor;
    const position = (await owner.json('GET', `${path}/messages?limit=1`)).body.next_cursor;
    assert.ok(cursor && position);
    const bad = {
        '/api/v1/conversations': ['limit=0', 'limit=-1', 'limit=201', 'limit=1e2', 'limit=9223372036854775808', 'limit=1&limit=2', 'provider=', 'colour=red',
            'cursor=', `cursor=${position}`, `cursor=${cursor.slice(1)}`, `cursor=${cursor}x`, 'cursor=%ff', 'cursor=%00', `cursor=${'A'.repeat(300)}`, `provider=${'x'.repeat(41)}`],
        [`${path}/messages`]: ['limit=0', 'limit=201', 'limit=ten', 'all=maybe', 'all=', 'colour=red', 'cursor=', `cursor=${cursor}`, `cursor=${position.slice(1)}`, 'cursor=%00'],
    };
    for (const [where, queries] of Object.entries(bad)) {
        for (const query of queries) {
            const answer = await owner.json('GET', `${where}?${query}`);
            assert.ok([400, 422].includes(answer.status), `${where}?${query}: ${answer.status}`);
            assert.ok(answer.body.detail.length > 10);
        }
    }
});

test('a cursor goes on where the page ended', async () => {
    const all = (await owner.json('GET', `${path}/messages?all=true`)).body.items;
    const seen = [];
    for (let cursor = ''; cursor !== null;) {
        const { body } = await owner.json('GET', `${path}/messages?all=true&limit=1${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
        seen.push(...body.items);
        cursor = body.next_cursor;
    }
    assert.deepEqual(seen, all);
});

test('what has not changed is not sent again', async () => {
    for (const where of [path, `${path}/messages`]) {
        const tag = (await owner.fetch(where)).headers.get('etag');
        assert.match(tag, /^"[^"]+"$/);
        for (const asked of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
            const answer = await owner.fetch(where, { headers: { 'if-none-match': asked } });
            assert.equal(answer.status, 304, `${where} ${asked}`);
            assert.equal(await answer.text(), '');
        }
        assert.equal((await owner.fetch(where, { headers: { 'if-none-match': '"other"' } })).status, 200);
    }
});

test('a conversation is found by the title that it has now', async () => {
    const find = async (q) => (await owner.json('GET', `/api/v1/search?q=${q}`)).body.items;
    assert.equal((await patch(JSON.stringify({ title: 'Quorvex and more' }))).status, 200);
    const [hit] = await eventually(async () => (await find('quorvex')).length && find('quorvex'));
    assert.deepEqual([hit.kind, hit.message_id, hit.title], ['conversation', null, 'Quorvex and more']);
    assert.ok(path.endsWith(hit.conversation_id));
    assert.equal((await patch(JSON.stringify({ title: 'Something else' }))).status, 200);
    await eventually(async () => (await find('quorvex')).length === 0);
});

test('If-Match: a change onto what has changed meanwhile is refused', async () => {
    const { tag } = await read();
    const first = await patch('{"title":"First"}', { 'if-match': tag });
    assert.equal(first.status, 200);
    assert.notEqual(first.tag, tag);
    for (const stale of [tag, `W/${first.tag}`, '"nonsense"', 'nonsense', '']) {
        const answer = await patch('{"title":"Second"}', { 'if-match': stale });
        assert.equal(answer.status, 412, stale);
        assert.equal(answer.body.field, 'if-match');
    }
    assert.equal((await owner.fetch(path, { method: 'DELETE', headers: { 'if-match': tag } })).status, 412);
    assert.equal((await read()).body.title, 'First');
    assert.equal((await patch('{"title":"Second"}', { 'if-match': `"x", ${first.tag}` })).status, 200);
    assert.equal((await patch('{"title":"Third"}', { 'if-match': '*' })).status, 200);
});

test('If-Match: of many at once exactly one comes through', async () => {
    const { tag, body } = await read();
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => patch(JSON.stringify({ title: `Writer ${i}` }), { 'if-match': tag })));
    assert.deepEqual(answers.map((a) => a.status).sort(), [200, ...Array(7).fill(412)]);
    const now = await read();
    assert.equal(now.body.version, body.version + 1);
    assert.equal(now.body.title, answers.find((a) => a.status === 200).body.title);
});

test('Idempotency-Key: sent again, done once', async () => {
    const { body } = await read();
    const headers = { 'idempotency-key': 'rename-1' };
    const first = await patch('{"title":"Once"}', headers), second = await patch('{"title":"Once"}', headers);
    assert.equal(first.status, 200);
    assert.equal(second.status, 200);
    assert.deepEqual(second.body, first.body);
    assert.equal((await read()).body.version, body.version + 1);
    assert.equal((await patch('{"title":"Twice"}', headers)).status, 409, 'the same key for another request');
    assert.equal((await read()).body.title, 'Once');
});

test('Idempotency-Key: a deletion whose answer was lost', async () => {
    const gone = `/api/v1/conversations/${(await owner.json('GET', '/api/v1/conversations?limit=200')).body.items.at(-1).id}`;
    assert.notEqual(gone, path);
    const remove = async (headers) => (await owner.fetch(gone, { method: 'DELETE', headers })).status;
    assert.equal(await remove({ 'idempotency-key': 'delete-1' }), 204);
    assert.equal(await remove({ 'idempotency-key': 'delete-1' }), 204);
    assert.equal(await remove({ 'idempotency-key': 'delete-2' }), 404);
    assert.equal((await owner.json('GET', gone)).status, 404);
});
