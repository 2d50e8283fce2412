// The search screen: a newcomer types a half-remembered sentence, sees the right place first and why, jumps to it with the words
// marked, and comes back to where they were. Real Chromium, real server. Screenshots go to build/screenshots.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { claude, importBytes } from '../lib/imports.mjs';
import { signIn, startServer } from '../lib/server.mjs';

const SHOTS = 'build/screenshots';
const EXECUTABLE = process.env.VIVIM_TEST_CHROMIUM ?? '/usr/bin/chromium-headless-shell';
const DESK = { width: 1280, height: 900 }, PHONE = { width: 390, height: 844 };
const SENTENCE = 'that time the red kettle boiled over';
const KETTLE = 'A stove and its pots';
let server, browser, page;
const faults = [];

const filler = (n) => Array.from({ length: n }, (_, i) => `Paragraph ${i + 1} of an answer that goes on for a while about heat, metal and patience in a kitchen.`).join('\n\n');
function archive() {
    const kettle = claude(1, [
        'Which pots are good for a gas stove?', `Thick ones. ${filler(12)}`,
        'The red kettle boils over whenever I fill it above the spout. Why?', `${filler(14)}\n\nSo: a **red kettle** that is too full boils over, because the water has no room to rise.`,
        'And how do I clean it?', filler(6),
    ], KETTLE);
    const scale = claude(2, ['How hard is the water here?', 'Hard enough.'], 'Water');
    scale.chat_messages[1].content = [{ type: 'tool_use', id: 't', name: 'look_up', input: {} }, { type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'The limescale of this region comes from chalk.' }] }, { type: 'text', text: 'Hard enough.' }];
    const teas = claude(3, Array.from({ length: 16 }, (_, i) => (i % 2 ? `Oolong number ${i} wants hot water, and a kettle.` : `What about oolong ${i}?`)), 'Sixteen words about oolong');
    const others = ['A sourdough plan', 'Trains to Lisbon', 'Red wine on a carpet', 'A letter to the landlord'].map((name, i) =>
        claude(10 + i, [`Tell me about this: ${name.toLowerCase()}.`, `About ${name.toLowerCase()} there is much to say, ${['this time', 'over and over', 'in red', 'at last'][i]}.`], name));
    for (const chat of others) for (const m of chat.chat_messages) m.created_at = '2024-05-06T07:08:09Z';
    return JSON.stringify([kettle, scale, teas, ...others]);
}

before(async () => {
    mkdirSync(SHOTS, { recursive: true });
    server = await startServer();
    const me = await signIn(server);
    assert.equal((await importBytes(me, archive())).status, 'done');
    // The index follows the log: the last of it is there.
    const until = Date.now() + 60_000;
    while (!(await me.json('GET', '/api/v1/search?q=landlord')).body.items?.length) {
        assert.ok(Date.now() < until, 'what was imported can be found');
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] });
    const context = await browser.newContext({ viewport: DESK, locale: 'en-GB' });
    const [name, value] = me.cookie.split('=');
    await context.addCookies([{ name, value, url: server.url }]);
    page = await context.newPage();
    page.setDefaultTimeout(60_000);
    page.on('pageerror', (e) => faults.push(String(e)));
    page.on('console', (m) => { if (m.type() === 'error' && !/status of 4\d\d/.test(m.text())) faults.push(m.text()); });
    await page.goto(server.url);
});
after(async () => {
    await browser?.close();
    assert.equal(await server.stop(), 0);
});

const shot = (name) => page.screenshot({ path: `${SHOTS}/search-${name}.png` });
const words = async (locator) => (await locator.textContent()).replace(/\s+/g, ' ').trim();
const first = () => page.locator('.group').first();
const answered = (q) => page.waitForFunction((q) => document.title.startsWith(`${q} · Search`) && !document.querySelector('.hits.stale'), q);
const marked = (name = 'found') => page.evaluate((name) => [...(CSS.highlights.get(name) ?? [])].map((r) => r.toString()), name);
const standing = () => page.evaluate(() => ({
    q: document.querySelector('#search-box').value, hits: [...document.querySelectorAll('.hit')].map((h) => h.textContent), y: Math.round(scrollY),
    focus: document.activeElement.getAttribute('data-key'), path: location.pathname + location.search,
}));

// What can be pressed is large enough and has a name; the page is not wider than the screen.
async function sound(where) {
    const faults = await page.evaluate(() => {
        const shown = [...document.querySelectorAll('main :is(a, button, input:not([type=checkbox]), summary)')].filter((e) => e.checkVisibility({ visibilityProperty: true }) && e.getBoundingClientRect().width > 3);
        const small = shown.filter((e) => !e.closest('.prose, p')).filter((e) => e.getBoundingClientRect().height < 24 || e.getBoundingClientRect().width < 24);
        const nameless = shown.filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length));
        const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
        const outside = shown.filter((e) => !e.closest('.scroll-x, pre, .visually-hidden') && e.getBoundingClientRect().right > innerWidth + 1);
        return [...outside.map((e) => `outside: ${e.outerHTML.slice(0, 90)}`), ...small.map((e) => `small: ${e.outerHTML.slice(0, 90)}`), ...nameless.map((e) => `nameless: ${e.outerHTML.slice(0, 90)}`), ...(wide > 1 ? [`${wide} px too wide`] : [])];
    });
    assert.deepEqual(faults, [], where);
}

test('a half-remembered sentence: the right place stands first, marked, and says why', async () => {
    await page.locator('#capture-link').waitFor();
    await page.keyboard.press('/');
    await page.waitForFunction(() => document.activeElement?.id === 'search-box');
    await sound('before anything is typed');
    await shot('start');
    await page.keyboard.type(SENTENCE);
    await answered(SENTENCE);
    assert.equal(await words(first().getByRole('heading')), KETTLE);
    const hit = first().locator('.hit').first();
    assert.match((await hit.locator('mark').allTextContents()).join(' ').toLowerCase(), /red.*kettle.*boils/);
    assert.match(await words(hit.locator('.hit-why')), /red.*kettle|words/);
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'search-box');
    assert.equal(new URL(page.url()).searchParams.get('q'), SENTENCE);
    await sound('results');
    await shot('desktop');
});

test('into the conversation with the words marked, from one to the next, and back to where one was', async () => {
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.evaluate(() => scrollTo(0, 60));
    await page.waitForFunction(() => history.state?.scrollY === 60 || scrollY < 60);
    const before = await standing();
    assert.match(before.focus, /^message /);
    await page.keyboard.press('Enter');
    await page.waitForFunction((id) => document.activeElement?.id === `m-${id}`, before.focus.slice('message '.length));
    await page.waitForFunction(() => (CSS.highlights.get('found')?.size ?? 0) > 2 && CSS.highlights.get('found-now')?.size === 1);
    const all = (await marked()).map((w) => w.toLowerCase());
    for (const word of ['red', 'kettle']) assert.ok(all.some((w) => w.includes(word)), `${word} in ${all}`);
    assert.ok(all.some((w) => /^boil/.test(w)), `a stem, as it stands there, in ${all}`);
    const seen = () => page.waitForFunction(() => {
        const box = [...(CSS.highlights.get('found-now') ?? [])][0]?.getBoundingClientRect();
        return box && box.height > 0 && box.top > 50 && box.bottom < innerHeight;
    });
    await seen();
    await sound('marks');
    await shot('marked');
    const place = async () => Number(/Word (\d+)\//.exec(await words(page.locator('.marks-bar')))[1]);
    const at = await place();
    await page.keyboard.press('n');
    await page.waitForFunction((n) => new RegExp(`Word (?!${n}/)\\d`).test(document.querySelector('.marks-bar').textContent), at);
    await seen();
    await page.getByRole('button', { name: 'Previous word' }).click();
    await page.waitForFunction((n) => document.querySelector('.marks-bar').textContent.includes(`Word ${n}/`), at);
    await page.keyboard.press('m');
    await page.waitForFunction((id) => document.activeElement?.id.startsWith('m-') && document.activeElement.id !== `m-${id}`, before.focus.slice('message '.length));
    await seen();
    await page.getByRole('link', { name: 'Results' }).click();
    await page.locator('.hit').first().waitFor();
    await page.waitForFunction(({ focus, y }) => document.activeElement?.getAttribute('data-key') === focus && Math.abs(scrollY - y) < 3, before);
    assert.deepEqual(await standing(), before);
    assert.deepEqual(await marked(), [], 'nothing is marked on another screen');
    // The same when the conversation was loaded anew: the browser's own way back.
    await page.keyboard.press('Enter');
    await page.waitForFunction((id) => document.activeElement?.id === `m-${id}`, before.focus.slice('message '.length));
    await page.reload();
    await page.locator('.marks-bar').waitFor();
    await page.goBack();
    await page.waitForFunction(({ focus, y }) => document.activeElement?.getAttribute('data-key') === focus && Math.abs(scrollY - y) < 3, before);
    assert.deepEqual(await standing(), before);
    await page.keyboard.press('Escape');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'search-box');
});

test('filters and order stand in the address; more places of one conversation', async () => {
    await page.locator('#search-box').fill('oolong');
    await answered('oolong');
    await page.getByRole('button', { name: /more places here/ }).click();
    await page.waitForFunction(() => document.querySelectorAll('.hit').length > 5 && document.querySelectorAll('.group').length === 1);
    const filters = page.getByRole('complementary', { name: 'Filters' });
    await filters.getByRole('button', { name: /^User/ }).click();
    await page.waitForFunction(() => new Set([...document.querySelectorAll('.hit-who')].map((e) => e.textContent)).size === 1);
    await filters.getByRole('button', { name: /^Assistant/ }).waitFor(); // the way to the others
    await page.getByRole('button', { name: 'Newest first' }).click();
    await page.waitForFunction(() => location.search.includes('sort=time') && !document.querySelector('.hits.stale'));
    await shot('filtered');
    const before = await standing();
    await page.reload();
    await page.locator('.hit').first().waitFor();
    assert.deepEqual((await standing()).hits, before.hits);
    assert.equal(await filters.getByRole('button', { name: /^User/ }).getAttribute('aria-pressed'), 'true');
});

test('dates as filters, all filters off again, and a way on where nothing is found', async () => {
    await page.goto(`${server.url}/search?q=red`);
    const filters = page.getByRole('complementary', { name: 'Filters' });
    await filters.getByRole('button', { name: /^2024/ }).click();
    await page.waitForFunction(() => location.search.includes('when=2024') && !document.querySelector('.hits.stale') && document.querySelectorAll('.hit').length > 0
        && [...document.querySelectorAll('.hit time')].every((t) => t.dateTime.startsWith('2024')));
    await shot('dates');
    await filters.getByRole('button', { name: 'Take all filters off' }).click();
    await page.waitForFunction(() => !location.search.includes('when') && [...document.querySelectorAll('.hit time')].some((t) => t.dateTime.startsWith('2026')));
    await page.goto(`${server.url}/search?q=${encodeURIComponent('provider:grok oolong')}`);
    await page.getByRole('button', { name: 'Search for oolong' }).click();
    await page.locator('.hit').first().waitFor();
    assert.equal(new URL(page.url()).searchParams.get('q'), 'oolong');
    await page.goto(`${server.url}/search?q=${encodeURIComponent('what did I ask on 6 May 2024')}`);
    await page.getByText('Everything from 6 May 2024').waitFor();
    assert.match(await words(page.locator('.hit time').first()), /6 May 2024/);
});

test('a wrong letter is put right, and can be left as it is', async () => {
    await page.goto(`${server.url}/search?q=ooolong`);
    await page.getByText('Showing results for oolong').waitFor();
    await shot('corrected');
    await page.getByRole('button', { name: 'Search instead for ooolong' }).click();
    await page.getByText('Exactly as typed').waitFor();
    await page.locator('#search-box').fill('rol:user oolong');
    await page.getByText('Did you mean role:').waitFor();
});

test('what stands in a fold is opened there', async () => {
    await page.locator('#search-box').fill('limescale of this region');
    await answered('limescale of this region');
    assert.match(await words(first().locator('.hit-head').first()), /Claude.*in the output of a tool/);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => [...(CSS.highlights.get('found') ?? [])].some((r) => /limescale/.test(r.toString())));
    await page.getByText('The limescale of this region').waitFor();
    await page.keyboard.press('/');
});

test('searches are kept, on a phone and in the dark', async () => {
    await page.goto(`${server.url}/search?q=${encodeURIComponent(SENTENCE)}`);
    await page.getByRole('button', { name: 'Save this search' }).click();
    await page.getByRole('button', { name: 'Saved this search' }).waitFor();
    await page.setViewportSize(PHONE);
    await page.evaluate(() => scrollTo(0, 0));
    await sound('phone');
    await shot('phone');
    await page.emulateMedia({ colorScheme: 'dark' });
    await first().locator('.hit').first().click();
    await page.waitForFunction(() => CSS.highlights.get('found-now')?.size === 1);
    await sound('phone, marks');
    await shot('phone-marked-dark');
    await page.goBack();
    await page.locator('.hit').first().waitFor();
    await page.setViewportSize(DESK);
    await shot('dark');
    await page.locator('#search-box').focus();
    await page.keyboard.press('Escape');
    const saved = page.getByRole('region', { name: 'Saved' });
    await saved.getByRole('link', { name: SENTENCE }).waitFor();
    await page.getByRole('region', { name: 'Searched for last' }).getByRole('link', { name: 'limescale of this region' }).waitFor();
    await sound('kept');
    await shot('kept');
    await page.reload();
    await saved.getByRole('link', { name: SENTENCE }).click();
    await answered(SENTENCE);
    assert.deepEqual(faults, []);
});
