// Every provider whose data are known, through a real browser: each form of its share link becomes the conversation.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { beside } from '../lib/beside.mjs';
import { capture, conversation } from '../lib/captures.mjs';
import { startFixtureServer } from '../lib/fixture_server.mjs';
import { LINKS, PAGED, PROVIDERS, SAID, SHORT } from '../lib/providers.mjs';
import { signIn, startServer } from '../lib/server.mjs';

const test = beside(4);
let fixtures, server, api;
before(async () => {
    fixtures = await startFixtureServer();
    server = await startServer({ env: { ...fixtures.env, VIVIM_BROWSER_SLOTS: '4', VIVIM_CAPTURE_RATE_PER_HOUR: '200' } });
    api = await signIn(server);
});
after(async () => {
    assert.equal(await server.stop(), 0);
    await fixtures.stop();
});

test('the links are those of the providers with data of their own', () => {
    const with_data = PROVIDERS.filter((p) => p.responses.length && !['chatgpt', 'claude'].includes(p.name)).map((p) => p.name);
    assert.deepEqual([...new Set(LINKS.map((l) => l.provider))], with_data);
});

test(`gemini: ${SHORT.url} leads to the share`, { timeout: 120_000 }, async () => {
    const job = await capture(api, SHORT.url);
    assert.equal(job.outcome, 'ok', JSON.stringify(job));
    assert.equal((await conversation(api, job.conversation_id)).source.strategy, 'dom');
    const { items } = (await api.json('GET', `/api/v1/conversations/${job.conversation_id}/messages`)).body;
    assert.deepEqual(items.map((m) => m.blocks[0].markdown), [SAID.question, SAID.answer]);
});

test(`gemini: ${SHORT.asking} leads to the share, whose data come under its own id`, { timeout: 120_000 }, async () => {
    const job = await capture(api, SHORT.asking);
    assert.equal(job.outcome, 'ok', JSON.stringify(job));
    const c = await conversation(api, job.conversation_id);
    assert.deepEqual([c.title, c.source.strategy, c.source.id], ['Kettles', 'network', SHORT.asked.split('/').pop()]);
});

test('of a long thread the data hold the beginning: the page is read where it shows more, else the rest is said to be missing', { timeout: 120_000 }, async () => {
    const [long, short] = await Promise.all(PAGED.map(({ url }) => capture(api, url)));
    assert.deepEqual([long.outcome, short.outcome], ['ok', 'partial']);
    const [whole, beginning] = await Promise.all([long, short].map((job) => conversation(api, job.conversation_id)));
    assert.deepEqual([whole.source.strategy, whole.message_count, beginning.source.strategy, beginning.message_count], ['dom', 6, 'network', 2]);
    assert.ok(beginning.findings.some((f) => f.code === 'turns_not_contiguous'));
});

for (const { provider, url, final } of LINKS)
    test(`${provider}: ${url}`, { timeout: 120_000 }, async () => {
        const job = await capture(api, url);
        assert.equal(job.outcome, 'ok', JSON.stringify(job));
        assert.equal(job.url, final);
        const c = await conversation(api, job.conversation_id);
        assert.deepEqual([c.provider, c.title, c.source.strategy], [provider, 'Kettles', 'network']);
        const { items } = (await api.json('GET', `/api/v1/conversations/${job.conversation_id}/messages`)).body;
        assert.deepEqual(items.map((m) => [m.role, m.blocks[0].markdown]), [['user', SAID.question], ['assistant', SAID.answer]]);
    });
