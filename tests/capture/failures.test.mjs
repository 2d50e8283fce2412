// Everything that goes wrong has its own outcome, leaves evidence and no conversation, and the next capture works.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { capture, conversation } from '../lib/captures.mjs';
import { startFixtureServer } from '../lib/fixture_server.mjs';
import { signIn, startServer } from '../lib/server.mjs';

let fixtures, server, api;
const jobs = {}; // name -> its capture, when it is over
before(async () => {
    fixtures = await startFixtureServer();
    server = await startServer({ env: { ...fixtures.env, VIVIM_CAPTURE_DEADLINE_MS: '12000', VIVIM_BROWSER_SLOTS: '8', VIVIM_CAPTURE_RATE_PER_HOUR: '200' } });
    api = await signIn(server);
    assert.equal((await capture(api, fixtures.urls.tides)).outcome, 'ok');
    for (const name of [...Object.values(cases).flat(), ...Object.keys(readable)]) jobs[name] = capture(api, fixtures.urls[name], 200_000);
});
after(async () => {
    assert.equal(await server.stop(), 0);
    await fixtures.stop();
});

// The bytes of a capture that were kept, by their kinds.
async function evidenceOf(id) {
    const { DatabaseSync } = await import('node:sqlite'); // here alone: it warns that it is new
    const db = new DatabaseSync(join(server.data, 'vivim.db'), { readOnly: true });
    try {
        return db.prepare('SELECT kind FROM capture_evidence WHERE capture_id = ?').all(Buffer.from(id.replaceAll('-', ''), 'hex')).map((row) => row.kind);
    } finally {
        db.close();
    }
}

// All at a time, beside one another in one browser: what one page does must not become another's outcome.
const cases = {
    timeout: ['never', 'stall', 'half', 'loop'], // they wait for the deadline together
    gone: ['gone', 'goneJson', 'goneClaude', 'toHome', 'toOther', 'moves'],
    private: ['privateClaude', 'toLogin', 'password'],
    challenge: ['challenge', 'mitigated'],
    format_changed: ['changed', 'stub', 'download', 'foreignHost', 'foreignPath', 'toHost'], // what does not come from where the link points
    rate_limited: ['rate'],
    too_large: ['huge', 'big'],
    blocked: ['redirect'],
    server_error: ['broken'],
};
for (const [outcome, names] of Object.entries(cases))
    for (const name of names)
        test(`${name}: ${outcome}`, { timeout: 240_000 }, async () => {
            const job = await jobs[name];
            assert.equal(job.outcome, outcome, JSON.stringify(job));
            assert.equal(job.status, 'failed');
            assert.equal(job.conversation_id, null);
            assert.ok(job.error.code && job.error.detail.length > 10, 'says what happened and what to do');
            assert.ok((await evidenceOf(job.id)).includes('meta'), 'evidence is kept');
        });

// A page that never stops loading is read as it stands; what may have been to come makes it partial. A dialog stops nothing.
const readable = { endless: 'ok', unloaded: 'partial', dialog: 'ok' };
for (const [name, outcome] of Object.entries(readable))
    test(`${name}: ${outcome}`, { timeout: 240_000 }, async () => {
        const job = await jobs[name];
        assert.equal(job.outcome, outcome, JSON.stringify(job));
        const c = await conversation(api, job.conversation_id);
        assert.deepEqual([c.title, c.source.strategy], ['About CRDTs', 'dom']);
    });

test('none of the others is stored as a conversation, and the next capture works', async () => {
    const { items } = (await api.json('GET', '/api/v1/conversations')).body;
    assert.deepEqual(items.map((c) => c.title).sort(), [...Object.keys(readable).map(() => 'About CRDTs'), 'Why are there two tides a day?']);
    const next = await Promise.all([fixtures.urls.tides, fixtures.urls.dom, fixtures.urls.viaNetwork].map((url) => capture(api, url)));
    assert.deepEqual(next.map((job) => job.outcome), ['ok', 'ok', 'ok'], JSON.stringify(next));
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

test('a running capture can be cancelled', async () => {
    const made = await api.json('POST', '/api/v1/captures', { url: fixtures.urls.never });
    assert.equal((await api.json('DELETE', `/api/v1/captures/${made.body.id}`)).status, 202);
    const deadline = Date.now() + 60_000;
    for (let status = ''; status !== 'cancelled';) {
        status = (await api.json('GET', `/api/v1/captures/${made.body.id}`)).body.status;
        assert.ok(Date.now() < deadline, status);
    }
});
