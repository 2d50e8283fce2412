// Bad input gets a clear error with a stable code and the field named; nothing is lost.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signIn, startServer } from '../lib/server.mjs';

let server, owner;
before(async () => {
    server = await startServer();
    owner = await signIn(server);
});
after(async () => assert.equal(await server.stop(), 0));

const post = async (body, headers = { 'content-type': 'application/json' }, path = '/api/v1/captures') => {
    const answer = await owner.fetch(path, { method: 'POST', headers, body });
    return { status: answer.status, problem: JSON.parse(await answer.text()) };
};

const cases = [
    ['no JSON', '{"url": ', 400, 'bad_json'],
    ['JSON with something behind it', '{"url":"x"} y', 400, 'bad_json'],
    ['an array instead of an object', '[1]', 422, 'invalid_field'],
    ['a wrong type', '{"url": 7}', 422, 'invalid_field', 'url'],
    ['a field that is missing', '{}', 422, 'invalid_field', 'url'],
    ['an unknown field', '{"url":"https://chatgpt.com/share/x","colour":"red"}', 422, 'invalid_field', 'colour'],
    ['a zero byte', '{"url":"https://chatgpt.com/\\u0000"}', 422, 'invalid_field', 'url'],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0x75, 0x72, 0x6c, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]), 400, 'bad_json'],
    ['a URL that is none', '{"url":"not a link"}', 422, 'invalid_url', 'url'],
    ['http instead of https', '{"url":"http://chatgpt.com/share/69807432-337c-8003-9975-57b27ce55c6f"}', 422, 'invalid_url', 'url'],
    ['credentials in the URL', '{"url":"https://me:secret@chatgpt.com/share/69807432-337c-8003-9975-57b27ce55c6f"}', 422, 'invalid_url', 'url'],
    ['a port in the URL', '{"url":"https://chatgpt.com:8443/share/69807432-337c-8003-9975-57b27ce55c6f"}', 422, 'invalid_url', 'url'],
    ['a private chat', '{"url":"https://chatgpt.com/c/69807432-337c-8003-9975-57b27ce55c6f"}', 422, 'invalid_url', 'url'],
    ['a host that only looks like a provider', '{"url":"https://chatgpt.com.example.org/share/69807432-337c-8003-9975-57b27ce55c6f"}', 422, 'invalid_url', 'url'],
    ['an address of the local network', '{"url":"https://10.0.0.1/share/x"}', 422, 'invalid_url', 'url'],
];
for (const [name, body, status, code, field] of cases) {
    test(name, async () => {
        const answer = await post(body);
        assert.equal(answer.status, status, JSON.stringify(answer.problem));
        assert.equal(answer.problem.code, code);
        assert.equal(answer.problem.status, status);
        if (field) assert.equal(answer.problem.field, field);
        assert.ok(answer.problem.detail.length > 10, 'a sentence that a person can act on');
        assert.ok(!JSON.stringify(answer.problem).includes('secret'));
    });
}

test('a body that is too large', async () => {
    const answer = await post(JSON.stringify({ url: 'x'.repeat(200_000) }));
    assert.equal(answer.status, 413);
    assert.equal(answer.problem.code, 'too_large');
});

test('a content type that is not understood', async () => {
    const answer = await post('url=x', { 'content-type': 'application/x-www-form-urlencoded' });
    assert.equal(answer.status, 415);
    assert.equal(answer.problem.code, 'unsupported_media_type');
});

test('an id that is none, and a path that is none', async () => {
    assert.equal((await owner.json('GET', '/api/v1/conversations/nonsense')).status, 404);
    assert.equal((await owner.json('GET', '/api/v1/nothing')).status, 404);
    const wrong = await owner.json('PUT', '/api/v1/captures', {});
    assert.equal(wrong.status, 405);
    assert.ok(wrong.headers.get('allow').includes('POST'));
});

test('a limit or a cursor out of range', async () => {
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'limit=', 'cursor=%00', 'cursor=zzzz', 'nonsense=1']) {
        const answer = await owner.json('GET', `/api/v1/conversations?${query}`);
        assert.ok(answer.status === 422 || answer.status === 400, `${query}: ${answer.status}`);
        assert.ok(answer.body.field || answer.body.detail);
    }
});
