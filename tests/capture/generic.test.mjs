// A page of no known provider, through a real browser: its turns are found by what the site calls them, or by labels; what comes
// is marked as read without knowing the site, and nothing is read that nobody asked for.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { beside } from '../lib/beside.mjs';
import { blocksOf, capture, conversation } from '../lib/captures.mjs';
import { startFixtureServer } from '../lib/fixture_server.mjs';
import { signIn, startServer } from '../lib/server.mjs';

const test = beside(4), ANY = { any_host: true };
let fixtures, server, api;
before(async () => {
    fixtures = await startFixtureServer();
    server = await startServer({ env: { ...fixtures.env, VIVIM_BROWSER_SLOTS: '3' } });
    api = await signIn(server);
});
after(async () => {
    assert.equal(await server.stop(), 0);
    await fixtures.stop();
});
const said = (c) => c.messages.map((m) => [m.role, m.blocks.map((b) => b.markdown ?? `<${b.type}>`).join(' ')]);
const TALK = [['user', 'What is a *tide*?'], ['assistant', 'The sea rises and falls:\n\n- twice a day <code>'], ['user', 'Why?'], ['assistant', 'The **Moon** pulls.']];

test('turns by the names of their classes', async () => {
    const job = await capture(api, fixtures.urls.anyone, undefined, ANY);
    assert.deepEqual([job.outcome, job.provider, job.url, job.result?.words], ['ok', 'generic', 'https://talk.example/log?id=7', 'new: 4 messages'], JSON.stringify(job));
    const c = await conversation(api, job.conversation_id);
    assert.deepEqual([c.provider, c.title, c.source.strategy, c.source.recipe], ['generic', 'About tides', 'generic', 'generic@1']);
    assert.deepEqual(said(c), TALK);
    assert.equal(blocksOf(c.messages, 'code')[0].language, 'py');
    assert.deepEqual(c.findings.map((f) => f.code), ['role_inferred']);
    const again = await capture(api, fixtures.urls.anyone + '#end', undefined, ANY);
    assert.deepEqual([again.conversation_id, again.result.words], [job.conversation_id, 'nothing new']);
});

test('turns by their labels, which are no part of what is said', async () => {
    const job = await capture(api, fixtures.urls.labelled, undefined, ANY);
    assert.equal(job.outcome, 'ok', JSON.stringify(job));
    assert.deepEqual(said(await conversation(api, job.conversation_id)), TALK);
});

for (const [name, patterns] of Object.entries({ attributes: 'data-author', tags: 'elements', roles: 'testid' }))
    test(`turns by ${name} (${patterns})`, async () => {
        const job = await capture(api, `https://talk.example/${name}`, undefined, ANY);
        assert.equal(job.outcome, 'ok', JSON.stringify(job));
        assert.deepEqual(said(await conversation(api, job.conversation_id)), TALK);
    });

test('a page without two who speak is no conversation', async () => {
    const job = await capture(api, fixtures.urls.article, undefined, ANY);
    assert.deepEqual([job.outcome, job.conversation_id], ['format_changed', null], JSON.stringify(job));
});

test('what comes from another page than the link’s is not stored', async () => {
    const job = await capture(api, fixtures.urls.elsewhere, undefined, ANY);
    assert.deepEqual([job.outcome, job.conversation_id], ['gone', null], JSON.stringify(job));
});

test('a name that cannot be resolved is not “not public”', async () => {
    const job = await capture(api, fixtures.urls.nowhere, undefined, ANY);
    assert.equal(job.outcome, 'server_error', JSON.stringify(job));
});

test('only where one says so, and never for what is not public', async () => {
    const ask = async (url, more = ANY) => { const { status, body } = await api.json('POST', '/api/v1/captures', { url, ...more }); return [status, body.code]; };
    assert.deepEqual(await ask(fixtures.urls.anyone, {}), [422, 'invalid_url']);
    assert.deepEqual(await ask(fixtures.urls.anyone, { any_host: false }), [422, 'invalid_url']);
    for (const url of ['https://127.0.0.1/x', 'https://[::1]/x', 'https://router/x', 'https://talk.example:8443/x', 'http://talk.example/x', 'https://chatgpt.com/c/69807432-337c-8003-9975-57b27ce55c6f'])
        assert.deepEqual(await ask(url), [422, 'invalid_url'], url);
    assert.deepEqual(await ask('https://localhost/x'), [403, 'blocked']);
});

test('VIVIM_CAPTURE_ANY_HOST=0: only known providers', async () => {
    const other = await startServer({ env: { ...fixtures.env, VIVIM_CAPTURE_ANY_HOST: '0' } });
    try {
        const { status, body } = await (await signIn(other)).json('POST', '/api/v1/captures', { url: fixtures.urls.anyone, ...ANY });
        assert.deepEqual([status, body.code], [403, 'blocked']);
        assert.match(body.detail, /known providers only/);
    } finally {
        assert.equal(await other.stop(), 0);
    }
});
