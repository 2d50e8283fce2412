// The import screen with a real Chromium: a zip is dropped in, looked at, imported, undone; an upload is cut and goes on.
// Screenshots go to build/screenshots.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { signIn, startServer, tempFolder } from '../lib/server.mjs';
import { claude, claudeExport, conversations } from '../lib/imports.mjs';
import { zipOf } from '../lib/zip.mjs';

const SHOTS = 'build/screenshots';
const EXECUTABLE = process.env.VIVIM_TEST_CHROMIUM ?? '/usr/bin/chromium-headless-shell';
let server, browser, account, page;
const faults = [];
const folder = tempFolder();

before(async () => {
    mkdirSync(SHOTS, { recursive: true });
    server = await startServer();
    account = await signIn(server);
    browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] });
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const [cookie, value] = account.cookie.split('=');
    await context.addCookies([{ name: cookie, value, url: server.url }]);
    page = await context.newPage();
    page.on('pageerror', (e) => faults.push(String(e)));
    page.setDefaultTimeout(30_000);
});
after(async () => {
    await browser?.close();
    await server?.stop();
});

const shot = (name) => page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
const heading = (name) => page.getByRole('heading', { name, exact: true }).waitFor();
const button = (name) => page.getByRole('button', { name });
const count = (name) => page.locator('.counts div', { hasText: name }).locator('dd').first().innerText();

// Drop files on the zone as a person does: a DataTransfer with File objects.
async function drop(name, bytes) {
    const transfer = await page.evaluateHandle(([file, base64]) => {
        const data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], file));
        return data;
    }, [name, bytes.toString('base64')]);
    await page.locator('.drop-zone').dispatchEvent('drop', { dataTransfer: transfer });
}

test('a zip that is dropped in is looked at, imported, and undone', async () => {
    const broken = JSON.parse(claudeExport(12));
    broken[4] = { uuid: 'x', chat_messages: 'none', name: 'broken' };
    await page.goto(`${server.url}/imports`);
    await heading('Drop an export here');
    await shot('import_empty');
    await drop('claude-export.zip', zipOf({ 'conversations.json': JSON.stringify(broken) }));
    await heading('This would come in');
    assert.deepEqual([await count('new'), await count('failed')], ['11', '1']);
    await page.getByText('conversations.json, number 5').waitFor();
    await shot('import_dry_run');
    assert.equal((await conversations(account)).length, 0, 'nothing is stored before');
    await button('Import 11 conversations').click();
    await heading('Imported');
    await shot('import_report');
    assert.equal((await conversations(account)).length, 11);
    await page.locator('.row-link', { hasText: 'claude-export.zip' }).waitFor();
    await button('Undo this import').click();
    await button('Undo it').click();
    await heading('Undone');
    await page.getByText('11 conversations went to the trash, or back').waitFor();
    await shot('import_undone');
    assert.equal((await conversations(account)).length, 0);
});

test('a phone, in the dark, by the keyboard', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.goto(`${server.url}/imports`);
    await page.locator('.row-link').first().waitFor();
    await button('Choose files').focus();
    let chooser = null; // a key that comes before a new page's first frame is nobody's, and none can tell when that was: one presses it again
    for (const until = Date.now() + 30_000; !chooser && Date.now() < until;) {
        assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Choose files', 'the focus stays');
        const soon = page.waitForEvent('filechooser', { timeout: 2000 }).catch(() => null);
        await page.keyboard.press('Enter');
        chooser = await soon;
    }
    const file = join(folder, 'one.json');
    writeFileSync(file, JSON.stringify([claude(9077, ['On the phone?', 'Yes.'])]));
    await chooser.setFiles(file);
    await heading('This would come in');
    await shot('import_phone_dark');
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing stands over the edge');
    await button('Import 1 conversation').focus();
    await page.keyboard.press('Enter');
    await heading('Imported');
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.emulateMedia({ colorScheme: 'light' });
});

test('an upload that is cut goes on where it was, not from its beginning', async () => {
    const file = join(folder, 'large.zip');
    writeFileSync(file, zipOf({ 'conversations.json': claudeExport(300, (i) => `${i} ` + 'long words of an answer '.repeat(2600)) }, { deflate: false }));
    const offsets = [];
    let cuts = 0;
    page.on('request', (r) => r.method() === 'PATCH' && offsets.push(Number(r.headers()['upload-offset'])));
    await page.route('**/api/v1/uploads/*', (route) => (route.request().method() === 'PATCH' && offsets.length === 2 && !cuts++ ? route.abort('connectionreset') : route.continue()));
    await page.goto(`${server.url}/imports`);
    const chooser = page.waitForEvent('filechooser');
    await button('Choose files').click();
    await (await chooser).setFiles(file);
    await heading('This would come in');
    assert.equal(cuts, 1);
    assert.equal(offsets[0], 0);
    assert.ok(offsets.slice(1).every((o) => o > 0), `sent from ${offsets}`);
    assert.equal(await count('new'), '300');
});

test('settings show what it takes, and the trash gives back', async () => {
    await page.goto(`${server.url}/settings`);
    await button('Show what the archive takes').click();
    await page.getByText('Of what imports brought').waitFor();
    await page.getByRole('cell', { name: 'text', exact: true }).waitFor();
    await page.locator('.access-row', { hasText: 'Chat 3' }).first().getByRole('button', { name: 'Take it back' }).click();
    await page.waitForFunction(() => !document.querySelector('.settings')?.textContent?.includes('Chat 3'));
    await shot('settings_storage');
    assert.ok((await conversations(account)).some((c) => c.title === 'Chat 3'));
    assert.deepEqual(faults, []);
});
