// Everything that goes wrong has its own outcome, leaves evidence and no conversation, and the next capture works.
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { capture, conversation } from '../lib/captures.mjs';
import { startFixtureServer } from '../lib/fixture_server.mjs';
import { signIn, startServer } from '../lib/server.mjs';

let fixtures, server, api;
before(async () => {
    fixtures = await startFixtureServer();
    server = await startServer({ env: { ...fixtures.env, VIVIM_CAPTURE_DEADLINE_MS: '12000', VIVIM_BROWSER_SLOTS: '4' } });
    api = await signIn(server);
    assert.equal((await capture(api, fixtures.urls.tides)).outcome, 'ok'); // so that the same one again adds nothing
});
after(async () => {
    assert.equal(await server.stop(), 0);
    await fixtures.stop();
});

const files = (folder) => readdirSync(folder, { recursive: true }).filter((f) => statSync(join(folder, f)).isFile()).length;
const count = async () => (await api.json('GET', '/api/v1/conversations')).body.items.length;

const cases = [
    ['gone', ['gone']], ['goneJson', ['gone']], ['goneClaude', ['gone']], ['privateClaude', ['private']], ['challenge', ['challenge']],
    ['changed', ['format_changed']], ['stub', ['format_changed']], ['rate', ['rate_limited']], ['huge', ['too_large']], ['big', ['too_large']],
    ['redirect', ['blocked']], ['download', ['format_changed']],
    // what does not come from where the link points
    ['foreignHost, foreignPath, toHost', ['format_changed']], ['toHome, toOther, moves', ['gone']], ['toLogin, password', ['private']],
    ['broken', ['server_error']], ['mitigated', ['challenge']],
    ['never, stall, half, loop', ['timeout']], // they wait for the deadline together
];
for (const [names, outcomes] of cases) {
    test(`${names}: ${outcomes.join(' or ')}`, { timeout: 240_000 }, async () => {
        const before = await count(), blobs = files(join(server.data, 'blobs')), urls = names.split(', ').map((name) => fixtures.urls[name]);
        for (const job of await Promise.all(urls.map((url) => capture(api, url, 200_000)))) {
            assert.ok(outcomes.includes(job.outcome), JSON.stringify(job));
            assert.equal(job.conversation_id, null);
            assert.ok(job.error.code && job.error.detail.length > 10, 'says what happened and what to do');
        }
        assert.equal(await count(), before, 'nothing is stored as a conversation that is not one');
        assert.ok(files(join(server.data, 'blobs')) >= blobs + urls.length, 'evidence is kept');
        const next = await capture(api, fixtures.urls.tides);
        assert.equal(next.outcome, 'ok', `the next capture works: ${JSON.stringify(next)}`);
    });
}

// A page that never stops loading is read as it stands; what may have been to come makes it partial.
for (const [name, outcome] of [['endless', 'ok'], ['unloaded', 'partial']])
    test(`${name}: ${outcome}`, { timeout: 120_000 }, async () => {
        const job = await capture(api, fixtures.urls[name]);
        assert.equal(job.outcome, outcome, JSON.stringify(job));
        assert.equal((await conversation(api, job.conversation_id)).title, 'About CRDTs');
    });

const uuid = '69807432-337c-8003-9975-57b27ce55c6f';
for (const [url, status, code] of [['not a link', 422, 'invalid_url'], ['http://chatgpt.com/share/' + uuid, 422, 'invalid_url'], [`https://chatgpt.com/c/${uuid}`, 422, 'invalid_url'],
    ['https://example.org/share/' + uuid, 422, 'invalid_url'], ['https://chatgpt.com:8443/share/' + uuid, 422, 'invalid_url'], ['https://u:p@chatgpt.com/share/' + uuid, 422, 'invalid_url'],
    ['https://127.0.0.1/share/' + uuid, 422, 'invalid_url'], ['https://localhost/share/' + uuid, 403, 'blocked']])
    test(`${url}: ${code}, at once and without a job`, async () => {
        const jobs = (await api.json('GET', '/api/v1/captures')).body.items.length;
        const answer = await api.json('POST', '/api/v1/captures', { url });
        assert.equal(answer.status, status, JSON.stringify(answer.body));
        assert.equal(answer.body.code, code);
        assert.ok(answer.body.detail.length > 10);
        assert.equal((await api.json('GET', '/api/v1/captures')).body.items.length, jobs);
    });

test('a dialog does not stop a capture', async () => {
    const job = await capture(api, fixtures.urls.dialog);
    assert.equal(job.outcome, 'ok', JSON.stringify(job));
    assert.equal((await conversation(api, job.conversation_id)).source.strategy, 'dom', 'the page was rendered');
});

test('a running capture can be cancelled', async () => {
    const made = await api.json('POST', '/api/v1/captures', { url: fixtures.urls.never });
    assert.equal((await api.json('DELETE', `/api/v1/captures/${made.body.id}`)).status, 202);
    const deadline = Date.now() + 60_000;
    for (let status = ''; status !== 'cancelled';) {
        status = (await api.json('GET', `/api/v1/captures/${made.body.id}`)).body.status;
        assert.ok(Date.now() < deadline, status);
    }
});
