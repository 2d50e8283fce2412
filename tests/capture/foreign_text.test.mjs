// A page whose text holds what C strings and PostgreSQL cannot is captured, without the pictures that such addresses name.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { blocksOf, capture, conversation } from '../lib/captures.mjs';
import { startFixtureServer } from '../lib/fixture_server.mjs';
import { eventually } from '../lib/realtime.mjs';
import { signIn, startServer } from '../lib/server.mjs';

let fixtures, server, api;
before(async () => {
    fixtures = await startFixtureServer();
    server = await startServer({ env: fixtures.env });
    api = await signIn(server);
});
after(async () => {
    assert.equal(await server.stop(), 0);
    await fixtures.stop();
});

test('a picture whose address holds a zero byte is left out with a finding, and the conversation is stored', async () => {
    const job = await capture(api, fixtures.urls.foreign);
    assert.equal(job.outcome, 'ok', JSON.stringify(job));
    const c = await conversation(api, job.conversation_id);
    assert.equal(c.title, 'SQLite: group commit by hand\ufffd\ufffd');
    const pictures = blocksOf(c.messages, 'image');
    assert.equal(pictures.length, 3);
    assert.ok(pictures.every((p) => p.sha256 === null));
    assert.equal(c.findings.filter((f) => f.code === 'media_unavailable').length, 2, JSON.stringify(c.findings));
    assert.ok(c.findings.some((f) => f.detail === 'https://cdn.example/a\ufffdb.png'), JSON.stringify(c.findings));
    assert.ok(c.findings.every((f) => !f.detail.includes('\0')));
    assert.ok(blocksOf(c.messages, 'text').some((b) => b.markdown.includes('Strange words')));
});

test('it is found by its words, and captured again it is the same', async () => {
    const found = await eventually(async () => {
        const { status, body } = await api.json('GET', '/api/v1/search?q=strange');
        assert.equal(status, 200, JSON.stringify(body));
        return body.items.length > 0 && body;
    });
    assert.ok(found);
    const again = await capture(api, fixtures.urls.foreign);
    assert.equal(again.outcome, 'ok', JSON.stringify(again));
    const { body } = await api.json('GET', '/api/v1/conversations');
    assert.equal(body.items.length, 1);
});
