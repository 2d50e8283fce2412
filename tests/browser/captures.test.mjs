// Links in the page: several at once with text around them, each followed to its end, over a reload, cancelled, tried again; what
// came is named, and told again in the list of captures. Real Chromium, real captures. Screenshots go to build/screenshots.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { capture } from '../lib/captures.mjs';
import { startFixtureServer } from '../lib/fixture_server.mjs';
import { signIn, startServer } from '../lib/server.mjs';

const SHOTS = 'build/screenshots';
const EXECUTABLE = process.env.VIVIM_TEST_CHROMIUM ?? '/usr/bin/chromium-headless-shell';
const UUID = '69807432-337c-8003-9975-57b27ce55c6f';
let fixtures, server, browser, me, page;
const faults = [];

before(async () => {
    mkdirSync(SHOTS, { recursive: true });
    fixtures = await startFixtureServer();
    server = await startServer({ env: { ...fixtures.env, VIVIM_CAPTURE_DEADLINE_MS: '30000' } });
    me = await signIn(server);
    browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] });
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const [name, value] = me.cookie.split('=');
    await context.addCookies([{ name, value, url: server.url }]);
    page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (e) => faults.push(String(e)));
    await page.goto(server.url);
});
after(async () => {
    await browser?.close();
    assert.equal(await server.stop(), 0);
    await fixtures.stop();
});

const shot = (name, options = {}) => page.screenshot({ path: `${SHOTS}/${name}.png`, ...options });
const paste = async (text) => { await page.locator('#capture-link').fill(text); await page.keyboard.press('Enter'); };
const rows = () => page.locator('.capture-list > li');
const words = async (locator) => (await locator.textContent()).replace(/\s+/g, ' ').trim();
const narrow = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

test('several links with text around them: each is recognised, twice is once, what is none is named', async () => {
    const { tides, sourdough } = fixtures.urls;
    await page.locator('#capture-link').fill(`Tides: ${tides},\nbread (${sourdough}), private https://chatgpt.com/c/${UUID} and again ${tides}?x=1`);
    const hint = await words(page.locator('.capture-hint'));
    assert.match(hint, /^2 share links: 1 of ChatGPT, 1 of Claude\. One stands there twice; it is taken once\. ?chatgpt\.com\/c\/\S+ This is a private chat/);
    await shot('capture-pasted');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('This is a private chat', { exact: false }).waitFor();
    assert.match(await words(page.getByRole('alert')), new RegExp(`chatgpt.com/c/${UUID} ?This is a private chat`));
    await page.getByText('2 captured').waitFor();
    const named = await rows().allTextContents();
    assert.match(named[0], /Why are there two tides a day\?.*new: 8 messages/);
    assert.match(named[1], /A sourdough plan for a cold kitchen.*new: 4 messages/);
    await shot('capture-queue');
    for (const name of ['ChatGPT', 'Claude']) await page.getByText(`can read the conversation at ${name}`, { exact: false }).waitFor();
    await page.getByText('Settings, Data controls, Shared links.', { exact: false }).waitFor();
    await page.getByRole('link', { name: 'A sourdough plan for a cold kitchen' }).first().click();
    await page.getByRole('heading', { name: 'A sourdough plan for a cold kitchen' }).waitFor();
    await page.goBack();
});

test('what came the second time is named: nothing new, or what is', async () => {
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await paste(fixtures.urls.tides);
    await page.getByText('nothing new', { exact: true }).waitFor();
    await page.getByRole('heading', { name: 'Why are there two tides a day?' }).waitFor();
    await shot('capture-nothing-new');
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await capture(me, fixtures.urls.again);
    await paste(fixtures.urls.again);
    await page.getByText('updated: 1 new message, 1 changed', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'capture-link', 'the focus is where the next link goes');
});

test('steps say what happened: a link that is gone was never loaded', async () => {
    await paste(fixtures.urls.gone);
    await page.getByRole('heading', { name: 'Not captured: the share does not exist.' }).waitFor();
    assert.deepEqual(await page.locator('.step-done').allTextContents().then((all) => all.map((s) => s.replace(/done$/, ''))), ['Check the link', 'Wait for a browser', 'Open the page']);
    assert.deepEqual(await page.locator('.step-failed').allTextContents(), ['Load the conversationfailed']);
    await shot('capture-gone');
    await page.getByRole('button', { name: 'Close', exact: true }).click();
});

test('the queue outlives a reload; all is cancelled with one button, and tried again', async () => {
    await paste(`${fixtures.urls.never} ${fixtures.urls.stall} ${fixtures.urls.chatgpt[3]}`);
    await page.getByText('2 under way, 1 waiting').waitFor();
    await shot('capture-under-way');
    await page.setViewportSize({ width: 390, height: 844 });
    assert.ok(await narrow() <= 1);
    await shot('capture-under-way-phone', { fullPage: true });
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.reload();
    await page.getByText('2 under way, 1 waiting').waitFor();
    assert.equal(await rows().count(), 3);
    await page.getByRole('button', { name: 'Cancel all' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('3 cancelled').waitFor();
    await page.reload();
    await page.getByText('3 cancelled').waitFor();
    await page.getByRole('button', { name: `Try ${fixtures.urls.chatgpt[3].replace('https://', '')} again` }).click();
    await page.getByRole('link', { name: 'Share 0003' }).first().waitFor();
    await shot('capture-some-cancelled');
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await rows().first().waitFor({ state: 'detached' });
    await page.reload();
    await page.locator('#capture-link').waitFor();
    assert.equal(await page.locator('.capture').count(), 0, 'what was put away stays away');
});

test('a page of no known provider is read when one says so, and marked', async () => {
    await paste(fixtures.urls.anyone);
    await page.getByRole('button', { name: 'Read it anyway' }).waitFor();
    await shot('capture-any-host');
    await page.getByRole('button', { name: 'Read it anyway' }).click();
    await page.getByText('new: 4 messages', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Open the conversation' }).click();
    await page.getByText('Read without knowing the site').waitFor();
    await page.locator('.message').first().waitFor();
    await shot('generic');
    await page.goto(server.url);
    await page.getByRole('button', { name: 'Close', exact: true }).click();
});

test('the list of captures has titles, providers, dates and outcomes in words', async () => {
    await page.goto(`${server.url}/captures`);
    await page.locator('.row-link').first().waitFor();
    const list = await Promise.all((await page.locator('.row-link').all()).map(words));
    for (const pattern of [/^Why are there two tides a day\? ?nothing new ?ChatGPT · chatgpt\.com\/share\/\S+.*\d{4}/, /^Not captured: the share does not exist\. ?The provider says/, /^Cancelled\./,
        /updated: 1 new message, 1 changed/, /new: 4 messages ?Claude/, /new: 4 messages ?Web page · talk\.example/])
        assert.ok(list.some((row) => pattern.test(row)), `${pattern}: ${list.join('\n')}`);
    await shot('captures', { fullPage: true });
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.setViewportSize({ width: 390, height: 844 });
    assert.ok(await narrow() <= 1);
    await shot('captures-phone-dark');
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 1280, height: 900 });
});

test('what could not be understood is said in sentences, with its places', async () => {
    const { conversation_id: id } = await capture(me, fixtures.urls.holes);
    await page.goto(`${server.url}/c/${id}`);
    await page.getByText('1 note').click();
    await page.getByText('Messages between these may be missing.').waitFor();
    await page.getByText('some turns were not in the page').waitFor();
    await shot('findings');
    const pictures = await capture(me, fixtures.urls.pictures);
    await page.goto(`${server.url}/c/${pictures.conversation_id}`);
    await page.locator('.message').last().waitFor();
    await page.locator('.reader-head .fold summary', { hasText: 'about this capture' }).click();
    await page.getByRole('link', { name: /^Show the message with / }).first().click();
    await page.waitForFunction(() => location.hash.startsWith('#m-') && document.activeElement.id === location.hash.slice(1));
    await shot('findings-places');
});

test('the page had no errors of its own', () => assert.deepEqual(faults, []));
