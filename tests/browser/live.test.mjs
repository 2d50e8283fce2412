// Real time in the page, with two people who share a conversation, a third who may not see it, and a real Chromium each.
// Screenshots go to build/screenshots.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { startFixtureServer } from '../lib/fixture_server.mjs';
import { client, command, signIn, startServer, tempFolder } from '../lib/server.mjs';

const SHOTS = 'build/screenshots';
const EXECUTABLE = process.env.VIVIM_TEST_CHROMIUM ?? '/usr/bin/chromium-headless-shell';
const WITHDRAWN_WITHIN_MS = 1_000;
const data = tempFolder();
const people = {};
let fixtures, server, browser, id;

// A person with a page of their own; what their socket hears is in `heard`, as { at, text }.
async function visitor(name) {
    const account = await signIn(server, name);
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const [cookie, value] = account.cookie.split('=');
    await context.addCookies([{ name: cookie, value, url: server.url }]);
    const page = await context.newPage();
    const heard = [], requests = [], faults = [];
    page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => heard.push({ at: performance.now(), text: String(payload) })));
    page.on('request', (r) => requests.push(r.url()));
    page.on('pageerror', (e) => faults.push(String(e)));
    page.setDefaultTimeout(20_000);
    return Object.assign(people[name] = account, { context, page, heard, requests, faults });
}

const events = (person, name) => person.heard.filter(({ text }) => text.startsWith(`42["${name}"`)).map(({ at, text }) => ({ at, argument: JSON.parse(text.slice(2))[1] }));
const shot = (person, name) => person.page.screenshot({ path: `${SHOTS}/${name}.png` });
// The other's dot in this person's bar.
const dot = (person, other, status) => person.page.locator('.here').getByLabel(`${other}, ${status}`).first();
const sees = (person, other, status) => dot(person, other, status).waitFor().catch(async (e) => {
    const shown = await person.page.evaluate(() => document.querySelector('.here')?.outerHTML ?? document.body.innerText.slice(0, 500));
    throw new Error(`${e.message}\nheard ${JSON.stringify(events(person, 'presence').slice(-5))}\nready ${events(person, 'ready').length} times\nshown ${shown}`);
});
const open = (person) => person.page.goto(`${server.url}/c/${id}`);
// Heard of everything so far: connected, subscribed, told that it is ready.
async function ready(person) {
    const before = events(person, 'ready').length;
    for (let tries = 0; events(person, 'ready').length === before; tries++) {
        assert.ok(tries < 400, `${person.handle}'s page is not connected`);
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}
async function visit(person, path) {
    const isReady = ready(person);
    await person.page.goto(server.url + path);
    await isReady;
}

before(async () => {
    mkdirSync(SHOTS, { recursive: true });
    fixtures = await startFixtureServer();
    server = await startServer({ env: fixtures.env, data, keep: true });
    browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] });
    for (const name of ['ann', 'ben', 'eve']) await visitor(name);
    await people.ann.json('POST', '/api/v1/sample');
    id = (await people.ann.json('GET', '/api/v1/conversations')).body.items[0].id;
});
after(async () => {
    await browser?.close();
    assert.equal(await server.stop(), 0);
    rmSync(data, { recursive: true, force: true });
    await fixtures.stop();
});

test('what is shared appears in the library of who gets it, without a reload', async () => {
    const { ann, ben, eve } = people;
    await Promise.all([visit(ben, '/'), visit(eve, '/'), visit(ann, `/c/${id}`)]);
    await ann.page.getByRole('button', { name: 'Share …' }).click();
    await ann.page.getByLabel('Handle').fill('nobody-here');
    await ann.page.getByRole('button', { name: 'Share', exact: true }).click();
    await ann.page.getByText('There is nobody with this handle.').waitFor();
    await ann.page.getByLabel('Handle').fill('ben');
    await ann.page.getByRole('button', { name: 'Share', exact: true }).click();
    await ann.page.getByRole('list', { name: 'Shared with' }).getByText('ben').waitFor();
    await shot(ann, 'share-panel');
    await ann.page.getByRole('button', { name: 'Close' }).click();
    const row = ben.page.getByRole('region', { name: 'Shared with me' }).getByRole('link');
    await row.waitFor();
    await shot(ben, 'shared-with-me');
    await row.click();
    await ben.page.locator('.message').first().waitFor();
    await ben.page.getByText('Shared by ann; you may read it.').waitFor();
    assert.equal(await ben.page.getByRole('button', { name: 'Delete …' }).count(), 0);
    assert.equal(await ben.page.getByRole('button', { name: 'Rename' }).count(), 0);
});

test('whose it is does not hang on the list: one that stands on no page of it is not taken for one’s own', async () => {
    const { ben } = people;
    await ben.page.route('**/api/v1/conversations?*shared=true*', (route) => route.fulfill({ json: { items: [], next_cursor: null } }));
    await open(ben);
    await ben.page.getByText('Shared by ann; you may read it.').waitFor();
    for (const name of ['Share …', 'Rename', 'Delete …']) assert.equal(await ben.page.getByRole('button', { name }).count(), 0, name);
    await ben.page.unroute('**/api/v1/conversations?*shared=true*');
    await open(ben);
});

test('both see each other come, move, look away and go', async () => {
    const { ann, ben } = people;
    await sees(ann, 'ben', 'online');
    await sees(ben, 'ann', 'online');
    await shot(ann, 'presence');
    await ben.page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    const first = await ann.page.locator('.message').first().getAttribute('id');
    await ann.page.waitForFunction((top) => {
        const at = document.querySelector('a.here-person')?.getAttribute('href');
        return at && at !== `#${top}`;
    }, first);
    await dot(ann, 'ben', 'online').click();
    await ann.page.waitForFunction(() => document.activeElement?.classList.contains('message'));

    await ben.page.evaluate(() => {
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
        document.dispatchEvent(new Event('visibilitychange'));
    });
    await sees(ann, 'ben', 'away');
    await ann.page.setViewportSize({ width: 390, height: 844 });
    await ann.page.goto(`${server.url}/c/${id}`);
    await sees(ann, 'ben', 'away');
    await shot(ann, 'presence-away-phone');
    const wide = await ann.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 1, `the page is ${wide} px wider than the phone`);
    await ann.page.setViewportSize({ width: 1280, height: 800 });

    await ben.page.evaluate(() => {
        delete document.hidden;
        document.dispatchEvent(new Event('visibilitychange'));
    });
    await sees(ann, 'ben', 'online');
    await visit(ben, '/');
    await dot(ann, 'ben', 'online').waitFor({ state: 'detached' });
});

test('who is invisible is not seen, and sees', async () => {
    const { ann, ben } = people;
    await visit(ben, '/settings');
    await ben.page.getByLabel('Be invisible').check();
    await shot(ben, 'settings-invisible');
    await open(ben);
    await sees(ben, 'ann', 'online');
    await visit(ben, '/settings');
    assert.equal(await ben.page.getByLabel('Be invisible').isChecked(), true, 'it is remembered');
    assert.equal(await dot(ann, 'ben', 'online').count(), 0);
    await ben.page.getByLabel('Be invisible').uncheck();
    await open(ben);
    await sees(ann, 'ben', 'online');
});

test('a new name is seen at once, in the reader of the one and in the library of the other', async () => {
    const { ann, ben } = people;
    const other = await ann.context.newPage();
    await other.goto(`${server.url}/`);
    await other.locator('.row-link').first().waitFor();
    await ann.page.getByRole('button', { name: 'Rename' }).click();
    await ann.page.getByLabel('Title').fill('A name of its own');
    await ann.page.getByRole('button', { name: 'Save' }).click();
    await ben.page.getByRole('heading', { name: 'A name of its own' }).waitFor();
    await other.getByRole('link', { name: 'A name of its own' }).waitFor();
    await other.close();
});

test('who may not see the conversation hears nothing of it', () => {
    const { eve } = people;
    assert.ok(events(eve, 'ready').length > 0, 'she is connected');
    assert.deepEqual(events(eve, 'presence'), []);
    assert.deepEqual(eve.heard.filter(({ text }) => text.includes(id)), []);
});

test('a grant that is withdrawn closes the conversation within a second', async () => {
    const { ann, ben } = people;
    await sees(ben, 'ann', 'online');
    const answer = await ann.json('DELETE', `/api/v1/conversations/${id}/members/ben`);
    const answered = performance.now();
    assert.equal(answer.status, 204);
    await ben.page.getByRole('heading', { name: 'This conversation is not shared with you any more' }).waitFor();
    const [told] = events(ben, 'unsubscribed');
    assert.equal(told.argument.topic, `conversation:${id}`);
    const took = told.at - answered;
    assert.ok(took < WITHDRAWN_WITHIN_MS, `it took ${took} ms`);
    console.log(`# withdrawn after ${took.toFixed(0)} ms`);
    await shot(ben, 'withdrawn');
    await dot(ann, 'ben', 'online').waitFor({ state: 'detached' });
    const before = ben.heard.length;
    await ann.page.evaluate(() => scrollTo(0, 0));
    await visit(ben, '/');
    assert.equal(await ben.page.getByRole('region', { name: 'Shared with me' }).count(), 0);
    assert.deepEqual(ben.heard.slice(before).filter(({ text }) => text.startsWith('42["presence"')), []);
    await ann.json('PUT', `/api/v1/conversations/${id}/members/ben`, { role: 'editor' });
    await ben.page.getByRole('region', { name: 'Shared with me' }).getByRole('link').waitFor();
});

test('a capture is followed over the socket, and its conversation appears elsewhere', async () => {
    const { ann } = people;
    await visit(ann, '/');
    const other = await ann.context.newPage();
    await other.goto(`${server.url}/`);
    await other.locator('.row-link').first().waitFor();
    await ann.page.locator('#capture-link').fill(fixtures.urls.dom);
    await ann.page.keyboard.press('Enter');
    await ann.page.getByRole('link', { name: 'Open the conversation' }).waitFor({ timeout: 60_000 });
    assert.ok(events(ann, 'progress').length > 0);
    assert.deepEqual(ann.requests.filter((url) => url.endsWith('/events')), []);
    await other.getByRole('link', { name: 'About CRDTs' }).waitFor();
    await other.close();
    const made = (await ann.json('GET', '/api/v1/conversations')).body.items.find((c) => c.title === 'About CRDTs');
    await ann.page.locator('.row-link', { hasText: 'About CRDTs' }).waitFor();
    await ann.json('DELETE', `/api/v1/conversations/${made.id}`);
    await ann.page.locator('.row-link', { hasText: 'About CRDTs' }).waitFor({ state: 'detached' });
});

test('without a socket a capture is followed all the same, and the page says that it is not connected', async () => {
    const { eve } = people;
    await eve.page.emulateMedia({ reducedMotion: 'reduce' });
    await eve.page.routeWebSocket('**/socket.io/**', (socket) => socket.close());
    await eve.page.route('**/socket.io/**', (route) => route.abort());
    await eve.page.goto(`${server.url}/`);
    fixtures.state.held = eve.page.waitForRequest('**/events'); // one that is over at once is not followed
    await eve.page.locator('#capture-link').fill(fixtures.urls.tides);
    await eve.page.keyboard.press('Enter');
    await eve.page.getByRole('link', { name: 'Open the conversation' }).waitFor({ timeout: 60_000 });
    assert.equal(eve.requests.filter((url) => url.endsWith('/events')).length, 1);
    await eve.page.getByText('Not connected, trying again').waitFor();
    await shot(eve, 'not-connected');
    await eve.page.setViewportSize({ width: 390, height: 844 });
    await eve.page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await shot(eve, 'not-connected-phone-dark');
    await eve.page.unrouteAll();
});

test('the server killed and started again: the pages come back and miss nothing', async () => {
    const { ann, ben } = people;
    await Promise.all([visit(ann, `/c/${id}`), visit(ben, `/c/${id}`)]);
    await sees(ann, 'ben', 'online');
    const list = await ann.context.newPage();
    await list.goto(`${server.url}/`);
    await list.locator('.row-link').first().waitFor();

    server.child.kill('SIGKILL');
    await server.exited;
    await ann.page.getByText('Not connected, trying again').waitFor();
    const { VIVIM_LISTEN: _, ...environment } = server.environment;
    await command(server.child.spawnfile, ['sample', 'remove', '--user', 'ann'], { env: environment });
    await command(server.child.spawnfile, ['sample', 'add', '--user', 'ann'], { env: environment });
    server = await startServer({ env: { ...fixtures.env, VIVIM_LISTEN: new URL(server.url).host }, data, keep: true });
    for (const [name, person] of Object.entries(people)) Object.assign(person, client(server, { cookie: people[name].cookie, origin: server.url }));

    // What was open is gone, what was added is there: both happened while nobody was connected.
    await ann.page.getByRole('heading', { name: 'This conversation was deleted' }).waitFor();
    await ann.page.getByText('Not connected, trying again').waitFor({ state: 'detached' });
    const now = (await ann.json('GET', '/api/v1/conversations')).body.items;
    assert.ok(now.length >= 3 && now.every((c) => c.id !== id));
    for (const c of now) await list.locator(`a[href="/c/${c.id}"]`).waitFor();
    assert.equal(await list.locator(`a[href="/c/${id}"]`).count(), 0);
    await list.close();
    // And live again: a new one, shared, seen by both.
    id = now[0].id;
    await ann.json('PUT', `/api/v1/conversations/${id}/members/ben`, { role: 'reader' });
    await Promise.all([open(ann), open(ben)]);
    await sees(ann, 'ben', 'online');
    await sees(ben, 'ann', 'online');
    await ann.page.emulateMedia({ colorScheme: 'dark' });
    await shot(ann, 'presence-dark');
});

test('a session that is revoked leads to the sign-in page', async () => {
    const { ben } = people;
    const elsewhere = await fetch(`${server.url}/api/v1/auth/login`, {
        method: 'POST', headers: { 'content-type': 'application/json', origin: server.url },
        body: JSON.stringify({ handle: 'ben', password: ben.password }),
    });
    const cookie = elsewhere.headers.get('set-cookie').split(';')[0];
    assert.equal((await client(server, { cookie, origin: server.url }).json('DELETE', '/api/v1/sessions')).status, 204);
    await ben.page.getByText('You were signed out').waitFor();
    await ben.page.getByRole('button', { name: 'Sign in' }).waitFor();
    await dot(people.ann, 'ben', 'online').waitFor({ state: 'detached' });
});

test('the pages had no errors of their own', () => {
    for (const person of Object.values(people)) assert.deepEqual(person.faults, [], person.handle);
});
