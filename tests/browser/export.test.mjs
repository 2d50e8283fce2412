// Taking out in a real Chromium: the buttons of reader, library and settings, the clipboard, printing; and the pages opened from disk.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { signIn, startServer, tempFolder } from '../lib/server.mjs';
import { unzip } from '../lib/zip.mjs';

const SHOTS = 'build/screenshots';
const EXECUTABLE = process.env.VIVIM_TEST_CHROMIUM ?? '/usr/bin/chromium-headless-shell';
let server, account, browser, context, page, tides;
const faults = [];

before(async () => {
    mkdirSync(SHOTS, { recursive: true });
    server = await startServer();
    account = await signIn(server);
    await account.json('POST', '/api/v1/sample');
    tides = (await account.json('GET', '/api/v1/conversations')).body.items.find((c) => /tides/.test(c.title)).id;
    browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] });
    context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true });
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
    const [name, value] = account.cookie.split('=');
    await context.addCookies([{ name, value, url: server.url }]);
    page = await context.newPage();
    page.on('pageerror', (e) => faults.push(String(e)));
    page.on('console', (m) => { if (m.type() === 'error') faults.push(m.text()); });
});
after(async () => {
    await browser?.close();
    assert.equal(await server.stop(), 0);
});

const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
const downloaded = async (click) => {
    const [download] = await Promise.all([page.waitForEvent('download'), click()]);
    return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
};

test('one click copies the conversation as Markdown', async () => {
    await page.goto(`${server.url}/c/${tides}`);
    await page.getByRole('button', { name: 'Copy as Markdown' }).first().click();
    await page.getByText('Copied').first().waitFor();
    const answer = await account.fetch(`/api/v1/exports?form=markdown&media=none&ids=${tides}`);
    assert.equal(await clipboard(), await answer.text());
    await page.screenshot({ path: `${SHOTS}/export-reader.png` });
});

test('one click copies a message as Markdown', async () => {
    await page.getByRole('button', { name: /Copy this message of User/ }).first().click();
    await page.getByLabel('Copied', { exact: true }).waitFor();
    assert.equal(await clipboard(), 'Why are there two high tides a day and not one? Please with the formula.');
});

test('a conversation is downloaded in the form that was chosen', async () => {
    await page.getByRole('button', { name: 'Export …' }).click();
    await page.screenshot({ path: `${SHOTS}/export-dialogue.png` });
    await page.getByLabel(/^HTML/).check();
    const { name, bytes } = await downloaded(() => page.getByRole('link', { name: 'Download' }).click());
    assert.equal(name, 'Why are there two tides a day.html');
    assert.match(bytes.toString(), /^<!DOCTYPE html>/);
    assert.equal(await page.getByRole('dialog').count(), 0);
});

test('what is chosen in the library goes out together', async () => {
    await page.goto(server.url);
    await page.getByRole('button', { name: 'Choose …' }).click();
    assert.ok(await page.getByRole('button', { name: 'Export …' }).isDisabled());
    await page.getByRole('checkbox').nth(0).check();
    await page.getByRole('checkbox').nth(2).check();
    await page.getByText('2 conversations chosen').waitFor();
    await page.screenshot({ path: `${SHOTS}/export-library.png` });
    await page.getByRole('button', { name: 'Export …' }).click();
    await page.getByLabel(/^Markdown/).check();
    const { name, bytes } = await downloaded(() => page.getByRole('link', { name: 'Download' }).click());
    assert.match(name, /^vivim-owner-.*\.zip$/);
    assert.equal(Object.keys(unzip(bytes)).length, 2);
    await page.getByRole('button', { name: 'Done' }).click();
    assert.equal(await page.getByRole('checkbox').count(), 0);
});

test('the settings export everything', async () => {
    await page.goto(`${server.url}/settings`);
    await page.getByRole('button', { name: 'Export everything …' }).click();
    await page.getByText(/About \d+ kB: 3 conversations\. Estimated from what is stored\./).waitFor();
    const { bytes } = await downloaded(() => page.getByRole('link', { name: 'Download' }).click());
    assert.equal(JSON.parse(unzip(bytes)['manifest.json']).conversations, 3);
});

for (const how of ['the button', 'the key'])
    test(`printing by ${how} prints all of it, rendered and unfolded`, async () => {
        await page.setViewportSize({ width: 1000, height: 300 }); // most of it is far away
        await page.goto('about:blank');
        await page.goto(`${server.url}/c/${tides}`);
        await page.getByRole('heading', { name: 'Why are there two tides a day?' }).waitFor();
        await page.evaluate(() => {
            window.print = () => {
                window.printed = {
                    source: document.querySelectorAll('.prose.source').length, closed: document.querySelectorAll('.message details:not([open])').length,
                    tables: document.querySelectorAll('.message table').length, formulas: document.querySelectorAll('.message math').length, thinking: document.body.textContent.includes("difference of the Moon's pull"),
                };
                dispatchEvent(new Event('afterprint'));
            };
        });
        if (how === 'the button') await page.getByRole('button', { name: 'Print' }).click();
        else await page.keyboard.press('Control+p');
        await page.waitForFunction(() => window.printed);
        const printed = await page.evaluate(() => window.printed);
        assert.deepEqual({ ...printed, formulas: printed.formulas > 2 }, { source: 0, closed: 0, tables: 1, formulas: true, thinking: true });
        assert.equal(await page.locator('.message details[open]').count(), 0, 'the folds are closed again');
        await page.setViewportSize({ width: 1280, height: 900 });
    });

test('exported pages open from disk: nothing is fetched, nothing runs, light and dark and on paper', async () => {
    const folder = tempFolder('vivim-pages-');
    const files = unzip(Buffer.from(await (await account.fetch('/api/v1/exports?form=html&all=true')).arrayBuffer()));
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
    const requests = [], disk = await browser.newPage({ viewport: { width: 1100, height: 1200 } });
    disk.on('request', (r) => requests.push(r.url()));
    disk.on('console', (m) => faults.push(m.text()));
    await disk.goto(pathToFileURL(join(folder, 'index.html')).href);
    await disk.getByRole('link', { name: 'Why are there two tides a day?' }).click();
    await disk.getByRole('heading', { name: 'Why are there two tides a day?' }).waitFor();
    assert.ok(requests.every((url) => url.startsWith(pathToFileURL(folder).href)), requests.join('\n'));
    for (const colorScheme of ['light', 'dark']) {
        await disk.emulateMedia({ colorScheme });
        await disk.screenshot({ path: `${SHOTS}/export-page-${colorScheme}.png`, fullPage: true });
    }
    const papers = [];
    for (const colorScheme of ['light', 'dark']) {
        await disk.emulateMedia({ colorScheme });
        papers.push(await disk.evaluate(() => getComputedStyle(document.body).backgroundColor));
    }
    assert.notEqual(papers[0], papers[1]);
    await disk.setViewportSize({ width: 390, height: 844 });
    assert.ok(await disk.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth) <= 1, 'it fits a phone');
    await disk.emulateMedia({ media: 'print' });
    await disk.setViewportSize({ width: 800, height: 1000 });
    await disk.screenshot({ path: `${SHOTS}/export-page-print.png`, fullPage: true });
    await disk.close();
});

test('no page complained', () => assert.deepEqual(faults, []));
