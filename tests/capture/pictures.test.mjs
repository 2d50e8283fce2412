// Pictures of a captured conversation: fetched from public addresses alone, kept by hash, served to who may read; what cannot be had is a finding.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { join } from 'node:path';
import { age, filesIn } from '../lib/bytes.mjs';
import { blocksOf, capture, conversation } from '../lib/captures.mjs';
import { startFixtureServer } from '../lib/fixture_server.mjs';
import { PICTURES, PNG } from '../lib/pictures.mjs';
import { eventually } from '../lib/realtime.mjs';
import { signIn, startServer } from '../lib/server.mjs';

let fixtures, server, api, job, c;
before(async () => {
    fixtures = await startFixtureServer();
    server = await startServer({ env: fixtures.env });
    api = await signIn(server);
    job = await capture(api, fixtures.urls.pictures);
    c = await conversation(api, job.conversation_id);
});
after(async () => {
    assert.equal(await server.stop(), 0);
    await fixtures.stop();
});

const HASH = createHash('sha256').update(PNG).digest('hex');
const image = (path) => blocksOf(c.messages, 'image').find((b) => b.source_url.includes(`cdn.example${path}`) && !b.source_url.includes('@'));
const finding = (code, what) => c.findings.some((f) => f.code === code && f.detail.includes(what));

test('the capture is ok whatever the pictures are', () => assert.equal(job.outcome, 'ok', JSON.stringify(job)));

for (const path of ['/good.png', '/fading.png', '/again.png', '/moved.png', '/says-html.png'])
    test(`${path} is stored by its hash`, () => assert.equal(image(path).sha256, HASH));

for (const [path, code] of [['/lies.png', 'media_type_refused'], ['/drawing.svg', 'media_type_refused'], ['/inside.png', 'media_blocked'], ['/inside-443.png', 'media_blocked'],
    ['/metadata.png', 'media_blocked'], ['/large.png', 'image_too_large'], ['/large-stream.png', 'image_too_large'], ['/expired.png', 'image_expired'],
    ['/signed-in.png', 'media_not_public'], ['/loop.png', 'media_unavailable']])
    test(`${path} is the finding ${code}`, () => {
        assert.equal(image(path).sha256, null);
        assert.ok(finding(code, path), JSON.stringify(c.findings));
    });

test('an address inside is refused, also when it is named directly; credentials are not sent', () => {
    assert.ok(finding('media_blocked', '/direct.png'), JSON.stringify(c.findings));
    assert.ok(!fixtures.seen.some((line) => /secret\.png|direct\.png|meta-data/.test(line)), 'nothing reached the listener on loopback');
    assert.ok(finding('media_unavailable', 'https://cdn.example/good.png'));
});

test('what only its owner could fetch is said to be so', () => assert.ok(finding('media_not_public', 'sediment://file_0001'), JSON.stringify(c.findings)));
test('no finding repeats a signature or a password', () => assert.ok(!/sig=secret|password/.test(JSON.stringify(c.findings))));

test('a stored picture is served to its owner alone, and cannot act', async () => {
    const path = `/api/v1/conversations/${c.id}/media/${HASH}`;
    const answer = await api.fetch(path);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'image/png');
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    assert.match(answer.headers.get('content-security-policy'), /sandbox/);
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), PNG);
    assert.equal((await fetch(`${server.url}${path}`)).status, 401);
    assert.equal((await api.fetch(`/api/v1/conversations/${c.id}/media/${'0'.repeat(64)}`)).status, 404);
});

test('captured again with other signatures: nothing has changed', async () => {
    const again = await conversation(api, (await capture(api, fixtures.urls.pictures)).conversation_id);
    assert.equal(again.version, c.version);
});

test('captured again when one has expired: its bytes and its block stay', async () => {
    PICTURES.faded = true;
    const job = await capture(api, fixtures.urls.pictures);
    PICTURES.faded = false;
    const again = await conversation(api, job.conversation_id);
    assert.equal(blocksOf(again.messages, 'image').find((b) => b.source_url.includes('/fading.png')).sha256, HASH);
    assert.deepEqual(again.messages, c.messages);
});

test('the reader shows what is stored, and fetches nothing from elsewhere', { timeout: 60_000 }, async () => {
    const browser = await chromium.launch({ executablePath: process.env.VIVIM_TEST_CHROMIUM ?? '/usr/bin/chromium-headless-shell', args: ['--no-sandbox'] });
    try {
        const context = await browser.newContext();
        const [name, value] = api.cookie.split('=');
        await context.addCookies([{ name, value, url: server.url }]);
        const page = await context.newPage();
        const elsewhere = [];
        page.on('request', (r) => !r.url().startsWith(server.url) && elsewhere.push(r.url()));
        await page.goto(`${server.url}/c/${c.id}`);
        const pictures = page.locator('figure.picture img');
        await pictures.first().scrollIntoViewIfNeeded();
        await page.waitForFunction(() => document.querySelector('figure.picture img')?.naturalWidth === 1);
        assert.equal(await pictures.count(), blocksOf(c.messages, 'image').filter((b) => b.sha256).length);
        assert.deepEqual(elsewhere, []);
    } finally {
        await browser.close();
    }
});

// Last: afterwards there is no conversation any more.
test('a deleted conversation takes its pictures, its captures and their evidence along', async () => {
    const blobs = join(server.data, 'blobs');
    const before = filesIn(blobs).length;
    const listed = (await api.json('GET', '/api/v1/captures')).body.items;
    assert.ok(before > 5 && listed.length >= 3);
    const { cursor } = (await api.json('GET', '/api/v1/changes')).body;
    age(blobs); // what is young may be waiting for its row
    assert.equal((await api.json('DELETE', `/api/v1/conversations/${c.id}`)).status, 204);
    await eventually(() => filesIn(blobs).length === 0);
    assert.deepEqual((await api.json('GET', '/api/v1/captures')).body.items, []);
    const { items } = (await api.json('GET', `/api/v1/changes?after=${cursor}`)).body; // and whoever shows them hears of it
    assert.deepEqual(items.filter((i) => i.entity === 'capture' && i.kind === 'deleted').map((i) => i.id).sort(), listed.map((j) => j.id).sort());
    assert.equal((await api.json('GET', `/api/v1/captures/${job.id}`)).status, 404);
    // The same link can be captured again, as if for the first time.
    const again = await capture(api, fixtures.urls.pictures);
    assert.equal(again.outcome, 'ok');
    assert.equal((await api.fetch(`/api/v1/conversations/${again.conversation_id}/media/${HASH}`)).status, 200);
});
