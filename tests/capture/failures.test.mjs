// Everything that goes wrong has its own outcome, leaves evidence and no conversation, and the next capture works.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { capture, conversation } from '../lib/captures.mjs';
import { startFixtureServer } from '../lib/fixture_server.mjs';
import { signIn, startServer } from '../lib/server.mjs';

let fixtures, server, api, hasty; // hasty: a server that waits less, and its person
const jobs = {}; // name -> its capture, when it is over
before(async () => {
    fixtures = await startFixtureServer();
    const env = { ...fixtures.env, VIVIM_CAPTURE_RATE_PER_HOUR: '200' };
    server = await startServer({ env: { ...env, VIVIM_BROWSER_SLOTS: '4' } });
    api = await signIn(server);
    assert.equal((await capture(api, fixtures.urls.tides)).outcome, 'ok');
    const ask = (who, name) => capture(who, fixtures.urls[name], 200_000, { any_host: ANY_HOST.includes(name) });
    for (const name of [...Object.keys(readable), ...Object.values(cases).flat(), 'reloads']) if (!LATE.includes(name)) jobs[name] = ask(api, name);
    // These keep the machine busy and wait for the deadline together: when the others are done.
    const others = Promise.allSettled(Object.values(jobs)).then(async () => {
        hasty = await startServer({ env: { ...env, VIVIM_CAPTURE_DEADLINE_MS: '12000', VIVIM_BROWSER_SLOTS: '8' } });
        return hasty.person = await signIn(hasty);
    });
    for (const name of LATE) jobs[name] = others.then((person) => ask(person, name));
});
after(async () => {
    for (const one of [server, hasty]) assert.equal(await one.stop(), 0);
    await fixtures.stop();
});

// The bytes of a capture that were kept, by their kinds.
async function evidenceOf(data, id) {
    const { DatabaseSync } = await import('node:sqlite'); // here alone: it warns that it is new
    const db = new DatabaseSync(join(data, 'vivim.db'), { readOnly: true });
    try {
        return db.prepare('SELECT kind FROM capture_evidence WHERE capture_id = ?').all(Buffer.from(id.replaceAll('-', ''), 'hex')).map((row) => row.kind);
    } finally {
        db.close();
    }
}

// All at a time, beside one another in one browser: what one page does must not become another's outcome.
const cases = {
    gone: ['gone', 'goneJson', 'goneClaude', 'toHome', 'toOther', 'moves'],
    private: ['privateClaude', 'toLogin', 'password', 'basicAuth', 'forbidden'],
    challenge: ['challenge', 'mitigated'],
    format_changed: [
        'foreignHost', 'foreignPath', 'toHost', // what does not come from where the link points
        'changed', 'stub', 'jsonCut', 'jsonLost', 'jsonLatin', 'jsonPage', 'noMessages', 'unknown', // data that are none
        'download', 'nothing', 'noContent', 'rewrites', 'article', // a page that is none
    ],
    rate_limited: ['rate'],
    too_large: ['huge', 'big', 'jsonDeep'],
    blocked: ['redirect'],
    server_error: ['broken', 'reset', 'circle', 'nowhere'],
    timeout: ['never', 'stall', 'half', 'drip', 'loop', 'alertsForEver'], // no answer, half a page, half its data, a page that never ends, is busy, asks
};
// Which ones are of no known provider, and read because one says so.
const ANY_HOST = ['article', 'nowhere'];
const LATE = [...cases.timeout, 'unloaded', 'reloads'];
for (const [outcome, names] of Object.entries(cases))
    for (const name of names)
        test(`${name}: ${outcome}`, { timeout: 240_000 }, async () => {
            const job = await jobs[name];
            assert.equal(job.outcome, outcome, JSON.stringify(job));
            assert.equal(job.status, 'failed');
            assert.equal(job.conversation_id, null);
            assert.ok(job.error.code && job.error.detail.length > 10, 'says what happened and what to do');
            assert.ok((await evidenceOf((LATE.includes(name) ? hasty : server).data, job.id)).includes('meta'), 'evidence is kept');
        });

// What looks broken and is not: the outcome, the title and how it was read. A page that never stops loading is read as it stands,
// and what may have been to come makes it partial; dialogs, windows and workers stop nothing.
const readable = {
    endless: ['ok', 'About CRDTs', 'dom'], unloaded: ['partial', 'About CRDTs', 'dom'], dialog: ['ok', 'About CRDTs', 'dom'], alerts: ['ok', 'After all', 'dom'], popups: ['ok', 'After all', 'dom'],
    flaky: ['ok', 'Why are there two tides a day?', 'embedded'], cyclic: ['ok', 'In a circle', 'network'], worker: ['ok', 'By a worker', 'network'],
    utf16: ['ok', 'Grüße – 潮', 'dom'], latin: ['ok', 'Grüße', 'dom'],
};
for (const [name, [outcome, title, strategy]] of Object.entries(readable))
    test(`${name}: ${outcome}`, { timeout: 240_000 }, async () => {
        const job = await jobs[name];
        assert.equal(job.outcome, outcome, JSON.stringify(job));
        const c = await conversation(LATE.includes(name) ? hasty.person : api, job.conversation_id);
        assert.deepEqual([c.title, c.source.strategy], [title, strategy]);
        assert.deepEqual([job.result.change, job.result.words, job.result.title], ['new', `new: ${c.message_count} messages`, title]);
        if (name === 'cyclic') assert.ok(c.findings.some((f) => f.code === 'cycle_broken'), JSON.stringify(c.findings));
    });

// Whether it holds still for as long as reading takes is the machine's to say: what it showed, whole, or nothing.
test('reloads: a page that loads itself anew for ever comes to an end', { timeout: 240_000 }, async () => {
    const job = await jobs.reloads;
    assert.ok(['timeout', 'ok', 'partial'].includes(job.outcome), JSON.stringify(job));
    if (job.outcome === 'timeout') return assert.equal(job.conversation_id, null);
    const plain = await conversation(api, (await jobs.alerts).conversation_id), c = await conversation(hasty.person, job.conversation_id);
    assert.deepEqual([c.title, c.message_count], [plain.title, plain.message_count]);
});

test('none of the others is stored as a conversation, and the next capture works', { timeout: 240_000 }, async () => {
    const titles = async (who) => (await who.json('GET', '/api/v1/conversations')).body.items.map((c) => c.title).sort();
    await Promise.all(Object.values(jobs));
    const wanted = (late) => Object.entries(readable).filter(([name]) => LATE.includes(name) === late).map(([, [, title]]) => title);
    assert.deepEqual(await titles(api), [...wanted(false), 'Why are there two tides a day?'].sort());
    assert.deepEqual(await titles(hasty.person), [...wanted(true), ...((await jobs.reloads).conversation_id ? ['After all'] : [])].sort());
    for (const who of [api, hasty.person]) {
        const next = await Promise.all([fixtures.urls.tides, fixtures.urls.dom, fixtures.urls.viaNetwork].map((url) => capture(who, url)));
        assert.deepEqual(next.map((job) => job.outcome), ['ok', 'ok', 'ok'], JSON.stringify(next));
    }
});

// The steps that are shown as done are those that happened.
for (const [name, phase] of [['gone', 'load'], ['challenge', 'load'], ['broken', 'load'], ['reset', 'navigate'], ['never', 'navigate'], ['changed', 'extract'], ['unknown', 'extract']])
    test(`${name}: it came to its end at "${phase}"`, async () => assert.equal((await jobs[name]).phase, phase));

test('a certificate that is not the host’s', { timeout: 120_000 }, async () => {
    const strict = await startServer({ env: { ...fixtures.env, VIVIM_CAPTURE_INSECURE_TLS: '0' } });
    try {
        const job = await capture(await signIn(strict), fixtures.urls.tides);
        assert.deepEqual([job.outcome, job.phase, job.conversation_id], ['server_error', 'navigate', null], JSON.stringify(job));
    } finally {
        assert.equal(await strict.stop(), 0);
    }
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
