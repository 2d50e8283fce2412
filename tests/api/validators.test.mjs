// What one account was shown is nothing that another one can be told to keep: validators, Vary and Cache-Control.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signIn, startServer } from '../lib/server.mjs';

let server, owner, other, tokens;
before(async () => {
    server = await startServer();
    owner = await signIn(server);
    other = await signIn(server, 'other');
    await owner.json('POST', '/api/v1/sample');
    tokens = [];
    for (const who of [owner, other])
        tokens.push((await who.json('POST', '/api/v1/tokens', { name: 't', scopes: ['read'] })).body.token);
});
after(async () => assert.equal(await server.stop(), 0));

const withToken = (token, path, headers = {}) => fetch(server.url + path, { headers: { authorization: `Bearer ${token}`, ...headers } });

test('/me has a validator of its own for each account, also where both have the same version and no session', async () => {
    const [a, b] = [await withToken(tokens[0], '/api/v1/me'), await withToken(tokens[1], '/api/v1/me')];
    assert.deepEqual([a.status, b.status], [200, 200]);
    assert.notEqual(a.headers.get('etag'), b.headers.get('etag'));
    const foreign = await withToken(tokens[1], '/api/v1/me', { 'if-none-match': a.headers.get('etag') });
    assert.equal(foreign.status, 200, 'what the first account was shown is nothing the second may keep');
    assert.equal((await foreign.json()).user.handle, 'other');
    assert.equal((await withToken(tokens[0], '/api/v1/me', { 'if-none-match': a.headers.get('etag') })).status, 304);
});

test('a shared conversation has a validator of its own for each account, to read and to write', async () => {
    const { id } = (await owner.json('GET', '/api/v1/conversations')).body.items[0];
    const third = await signIn(server, 'third'), path = `/api/v1/conversations/${id}`;
    for (const name of ['other', 'third'])
        assert.ok((await owner.json('PUT', `${path}/members/${name}`, { role: 'editor' })).status < 300);
    for (const where of [path, `${path}/messages`]) {
        const tags = [];
        for (const who of [owner, other, third]) tags.push((await who.json('GET', where)).headers.get('etag'));
        assert.equal(new Set(tags).size, 3, tags.join(' '));
        assert.equal((await third.json('GET', where, undefined, { 'if-none-match': tags[1] })).status, 200);
        assert.equal((await third.json('GET', where, undefined, { 'if-none-match': tags[2] })).status, 304);
    }
    const mine = (await third.json('GET', path)).headers.get('etag'), foreign = (await other.json('GET', path)).headers.get('etag');
    assert.equal((await third.json('PATCH', path, { title: 'Mine' }, { 'if-match': foreign })).status, 412);
    assert.equal((await third.json('PATCH', path, { title: 'Mine' }, { 'if-match': mine })).status, 200);
});

test('what depends on the caller says so to caches, with 200 and with 304', async () => {
    for (const path of ['/api/v1/me', '/api/v1/conversations?limit=1']) {
        const first = await owner.json('GET', path);
        assert.equal(first.headers.get('cache-control'), 'private, no-cache', path);
        const tag = first.headers.get('etag');
        if (!tag) continue;
        assert.match(first.headers.get('vary'), /Authorization, Cookie/);
        const again = await owner.json('GET', path, undefined, { 'if-none-match': tag });
        assert.deepEqual([again.status, again.headers.get('cache-control')], [304, 'private, no-cache'], path);
        assert.match(again.headers.get('vary'), /Authorization, Cookie/);
    }
});

test('what everybody is shown has one validator, each coding its own', async () => {
    const [a, b] = [await owner.fetch('/openapi.json'), await fetch(server.url + '/openapi.json')];
    assert.equal(a.headers.get('etag'), b.headers.get('etag'));
    const tags = new Map();
    for (const coding of ['identity', 'gzip', 'br']) {
        const page = await fetch(server.url + '/', { headers: { 'accept-encoding': coding } });
        await page.text();
        if (page.headers.get('etag')) tags.set(page.headers.get('content-encoding') ?? 'identity', page.headers.get('etag'));
    }
    assert.equal(new Set(tags.values()).size, tags.size, JSON.stringify([...tags]));

    const page = await (await fetch(server.url + '/')).text(), files = [...new Set([...page.matchAll(/"(\/[\w./-]+\.(?:js|css|svg|webmanifest))"/g)].map((m) => m[1]))];
    assert.ok(files.length > 1 || !tags.size, page);
    for (const path of files) {
        const tag = (await fetch(server.url + path)).headers.get('etag');
        tags.set(path, tag);
        assert.equal((await fetch(server.url + path, { headers: { 'if-none-match': tag } })).status, 304, path);
    }
    assert.equal(new Set(tags.values()).size, tags.size, `other bytes, another validator: ${JSON.stringify([...tags])}`);
});
