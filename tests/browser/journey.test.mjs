// The newcomer's journey in a real Chromium: the setup link, a capture watched to its end, reading, searching.
// Screenshots go to build/screenshots.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { startFixtureServer } from '../lib/fixture_server.mjs';
import { startServer } from '../lib/server.mjs';

const SHOTS = 'build/screenshots';
const EXECUTABLE = process.env.VIVIM_TEST_CHROMIUM ?? '/usr/bin/chromium-headless-shell';
let fixtures, server, browser, page;
const faults = [];

before(async () => {
    mkdirSync(SHOTS, { recursive: true });
    fixtures = await startFixtureServer();
    server = await startServer({ env: fixtures.env });
    browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('pageerror', (e) => faults.push(String(e)));
    page.on('console', (m) => { if (m.type() === 'error' && !/status of 4\d\d/.test(m.text())) faults.push(m.text()); });
});
after(async () => {
    await browser?.close();
    assert.equal(await server.stop(), 0);
    await fixtures.stop();
});
const shot = (name) => page.screenshot({ path: `${SHOTS}/${name}.png` });

test('the setup link creates the owner account', async () => {
    await page.goto(`${server.url}/setup#${server.setupToken}`);
    await page.getByLabel('Handle').fill('api'); // a name that routes use
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Create the account' }).click();
    await page.getByText(/handle/i).first().waitFor();
    await shot('setup');
    await page.getByLabel('Handle').fill('ada');
    await page.getByRole('button', { name: 'Create the account' }).click();
    await page.getByLabel('Capture a conversation').first().waitFor();
    await shot('empty-library');
});

test('a wrong link says what is wrong', async () => {
    await page.locator('#capture-link').fill('https://chatgpt.com/c/69807432-337c-8003-9975-57b27ce55c6f');
    await page.keyboard.press('Enter');
    await page.getByText(/private chat/i).first().waitFor();
    await page.getByRole('button', { name: 'Capture', exact: true }).waitFor(); // it is answered, and the next link can be sent
});

test('a capture is watched to its end and opened', async () => {
    await page.locator('#capture-link').fill(fixtures.urls.tides);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: /open/i }).first().waitFor({ timeout: 30_000 });
    await shot('captured');
    await page.getByRole('link', { name: /open/i }).first().click();
    await page.getByRole('heading', { name: 'Why are there two tides a day?' }).waitFor();
});

test('the conversation is rendered: table, formula, code, diagram source, folded thinking', async () => {
    await page.locator('table').first().waitFor();
    await page.locator('math').first().waitFor();
    await page.getByText('def tide(mass, distance').first().waitFor();
    await page.getByText('flowchart LR').first().waitFor();
    await page.locator('main strong').first().waitFor();
    assert.ok(await page.locator('details').count() > 0);
    await shot('reader');
    await page.setViewportSize({ width: 390, height: 844 });
    await shot('reader-phone');
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 1, `the page is ${overflow} px wider than the phone`);
    await page.setViewportSize({ width: 1280, height: 900 });
});

test('its words are found again', async () => {
    await page.goto(`${server.url}/search?q=bulges`);
    await page.locator('mark').first().waitFor();
    await shot('search');
    await page.getByRole('link', { name: /tides/i }).first().click();
    await page.getByRole('heading', { name: 'Why are there two tides a day?' }).waitFor();
});

test('what was captured cannot run: scripts, handlers and links of a hostile page are inert', async () => {
    const cookie = (await page.context().cookies()).map((c) => `${c.name}=${c.value}`).join('; ');
    const headers = { cookie, origin: server.url, 'content-type': 'application/json' };
    const made = await (await fetch(`${server.url}/api/v1/captures`, { method: 'POST', headers, body: JSON.stringify({ url: fixtures.urls.hostile }) })).json();
    let job;
    do {
        await new Promise((resolve) => setTimeout(resolve, 100));
        job = await (await fetch(`${server.url}/api/v1/captures/${made.id}`, { headers })).json();
    } while (['queued', 'running'].includes(job.status));
    assert.equal(job.outcome, 'ok', JSON.stringify(job));
    await page.goto(`${server.url}/c/${job.conversation_id}`);
    await page.getByText('harmless words').first().waitFor();
    assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
    assert.equal(await page.locator('main script, main iframe, main [onerror], main [onclick], main a[href^="javascript:"]').count(), 0);
});

test('signing out and in again', async () => {
    await page.goto(`${server.url}/settings`);
    await page.getByRole('button', { name: /sign out/i }).first().click();
    await page.getByRole('button', { name: /sign in/i }).waitFor();
    await page.getByLabel('Handle').fill('ada');
    await page.getByLabel('Password').fill('wrong password here');
    await page.getByRole('button', { name: /sign in/i }).click();
    await page.getByText(/wrong/i).first().waitFor();
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: /sign in/i }).click();
    await page.locator('#capture-link').waitFor();
    await page.emulateMedia({ colorScheme: 'dark' });
    await shot('library-dark');
});

test('the page had no errors of its own', () => {
    assert.deepEqual(faults.filter((f) => !/Content Security Policy.*inline/.test(f)), []);
});
