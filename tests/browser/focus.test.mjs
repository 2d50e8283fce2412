// By keyboard alone, at the size of a desk and of a phone: each stop of the Tab key can be seen, and after each action the
// focus is somewhere sensible, never lost to the body.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';
import { beside } from '../lib/beside.mjs';
import { signIn, startServer } from '../lib/server.mjs';

const EXECUTABLE = process.env.VIVIM_TEST_CHROMIUM ?? '/usr/bin/chromium-headless-shell';
const SIZES = { desk: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
const SHOTS = 'build/screenshots';
const STOPS_MAX = 300;
const LISTS = '**/api/v1/conversations?limit=*';
const NOBODY = '00000000-0000-7000-8000-0000000000aa';
let server, browser;
const WHO = { stops: (size) => `${size}-walker`, actions: (size) => size };
const people = {}; // each lane its own, so that they do not stand in each other's way

before(async () => {
    mkdirSync(SHOTS, { recursive: true });
    server = await startServer();
    for (const name of [...Object.keys(SIZES).flatMap((size) => Object.values(WHO).map((who) => who(size))), 'ben']) people[name] = await signIn(server, name);
    browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] });
});
after(async () => {
    await browser?.close();
    assert.equal(await server.stop(), 0);
});

const id = (n) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const said = (n, role, markdown, more = {}) => ({
    id: id(n), parent_id: null, provider_id: null, position: n, role, author: null, model: null, created_at: null, hidden: false, on_path: true, version: 1,
    blocks: [{ type: 'text', markdown }], hash: 'sha256:0', ...more,
});
// With all that can be stopped at: links, code, a wide formula, a table, folds, an answer in two messages.
const MESSAGES = [
    said(1, 'user', 'A question with [a link](https://example.org/)'),
    said(2, 'assistant', '```js\nlet x = 1;\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n$$\\frac{a}{b}$$'),
    said(3, 'assistant', 'The same speaker goes on'),
    said(4, 'user', 'Another'),
    said(5, 'assistant', 'x', { blocks: [{ type: 'thinking', text: 'hm', summary: 's' }, { type: 'tool_call', id: '1', name: 't', arguments: '{}' }, { type: 'text', markdown: 'end' }] }),
];

// What is done at one size, one thing after the other: `stops` looks at every stop of the Tab key, `actions` goes on from one.
function at(size, lane) {
    const one = beside(1), me = () => people[WHO[lane](size)];
    const test = (of, name, body) => of === lane && one(`${size}: ${name}`, body);
    let page, mine;

    async function open(path, { signedIn = true } = {}) {
        page = signedIn ? (await (mine ??= visitor())) : await (await browser.newContext({ viewport: SIZES[size] })).newPage();
        await page.goto(server.url + path);
        await page.locator('main :is(h1, form)').first().waitFor({ state: 'attached' });
    }

    // Who is signed in keeps one page, as people do.
    async function visitor() {
        const context = await browser.newContext({ viewport: SIZES[size] });
        const [name, value] = me().cookie.split('=');
        await context.addCookies([{ name, value, url: server.url }]);
        const made = await context.newPage();
        const head = {
            id: NOBODY, provider: 'claude', title: 'In between', model: 'm', message_count: MESSAGES.length, source_url: 'https://claude.ai/share/x', version: 1, created_at: null,
            updated_at: null, captured_at: '2026-01-23T01:02:03Z', hash: 'sha256:1', outcome: 'ok', role: 'owner', findings: [{ code: 'text_lost', level: 'warning', detail: '5 words' }],
            source: { kind: 'share', url: null, id: null, strategy: 'network', recipe: null, captured_at: '2026-01-23T01:02:03Z' },
        };
        await made.route(`**/api/v1/conversations/${NOBODY}`, (route) => route.fulfill({ json: head }));
        await made.route(`**/api/v1/conversations/${NOBODY}/messages*`, (route) => route.fulfill({ json: { items: MESSAGES, next_cursor: null } }));
        return made;
    }

    // What has the focus: its words, and what keeps it from being seen. walking: null where the way has been before.
    const focused = (walking = false) => page.evaluate(async (walking) => {
        if (walking) {
            const seen = document.activeElement;
            if (seen === document.body || seen.hasAttribute('data-seen')) return null;
            seen.setAttribute('data-seen', '');
            await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))); // it has come into view
        }
        const e = document.activeElement;
        const words = (e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent || e.id || '').replace(/\s+/g, ' ').trim().slice(0, 60);
        const name = `${e.tagName.toLowerCase()} "${words}"`;
        if (e === document.body || e === document.documentElement) return { name: 'body', lost: true, hidden: 'it is the body' };
        const box = e.getBoundingClientRect();
        const faults = [];
        if (!e.checkVisibility({ opacityProperty: true, visibilityProperty: true })) faults.push('it is not shown');
        if (box.width < 3 || box.height < 3) faults.push(`it is ${box.width} x ${box.height} px`);
        if (box.bottom <= 0 || box.right <= 0 || box.top >= innerHeight || box.left >= innerWidth) faults.push(`it stands off the screen, at ${box.left}, ${box.top}`);
        for (let p = e; p; p = p.parentElement)
            if (getComputedStyle(p).clipPath.startsWith('inset(50%')) faults.push('it is clipped to nothing');
        const style = getComputedStyle(e);
        if (!e.matches('h1, main, article') && style.outlineStyle === 'none' && !e.matches('dialog')) faults.push('nothing shows that it has the focus');
        return { name, lost: false, hidden: faults.join(', ') };
    }, walking);

    // Tab through everything on the screen; the names of the stops.
    async function walk() {
        const names = [];
        await page.evaluate(() => document.querySelectorAll('[data-seen]').forEach((e) => e.removeAttribute('data-seen')));
        for (let i = 0; i < STOPS_MAX; i++) {
            await page.keyboard.press('Tab');
            const stop = await focused(true);
            if (!stop) return names; // round, by way of the body or not
            assert.equal(stop.hidden, '', `${page.url()}: ${stop.name}: ${stop.hidden}`);
            names.push(stop.name);
        }
        throw new Error(`more than ${STOPS_MAX} stops`);
    }

    // Until the focus is there, which it has to be without another key.
    async function arrives(what) {
        const until = Date.now() + 10_000;
        let at;
        do at = await focused(); while (!(what.test(at.name) && !at.hidden) && Date.now() < until);
        assert.match(at.name, what);
        assert.equal(at.hidden, '', at.name);
    }
    const press = async (role, name) => {
        const target = page.getByRole(role, { name, exact: typeof name === 'string' }).first();
        await target.waitFor();
        await target.focus();
        await page.keyboard.press('Enter');
    };
    const close = async () => {
        await page.unroute(LISTS);
        if (page !== await mine) await page.context().close();
    };
    const newest = async () => `/c/${(await me().json('GET', '/api/v1/conversations?limit=1')).body.items[0].id}`;

    test('stops', 'every stop of the Tab key is seen', async () => {
        const VIEWS = [['/login', false], ['/setup', false], ['/'], ['/search'], ['/search?q=bulges'], ['/captures'], ['/settings'], [`/c/${NOBODY}`], ['/nowhere'], [`/captures/${NOBODY}`]];
        await me().json('DELETE', '/api/v1/sample');
        await open('/');
        await page.getByRole('button', { name: /sample/ }).waitFor();
        assert.ok((await walk()).length >= 6);
        await close();
        await me().json('POST', '/api/v1/sample');
        for (const [path, signedIn = true] of VIEWS) {
            await open(path, { signedIn });
            await page.waitForLoadState('networkidle');
            const stops = await walk();
            assert.ok(stops.length >= 3, `${path}: ${stops.join(', ')}`);
            if (path === `/c/${NOBODY}`) {
                await page.locator('.continued .permalink').first().focus();
                await page.screenshot({ path: `${SHOTS}/permalink-${size}.png` });
            }
            if (path === '/settings') await page.screenshot({ path: `${SHOTS}/settings-${size}.png`, fullPage: true });
            await close();
        }
    });

    test('actions', 'dialogs keep the focus inside, seen, and give it back to what opened them', async () => {
        await me().json('POST', '/api/v1/sample');
        await open(await newest());
        for (const [opener, title, closer] of [['Share …', 'Share this conversation', 'Close'], ['Delete …', /Delete this/, 'Cancel']]) {
            for (const way of ['button', 'Escape']) {
                await press('button', opener);
                await page.getByRole('dialog', { name: title }).waitFor();
                await walk();
                if (way === 'button') await press('button', closer);
                else await page.keyboard.press('Escape');
                await page.getByRole('dialog').waitFor({ state: 'detached' });
                await arrives(new RegExp(`"${opener}`));
            }
        }
        await page.keyboard.press('?');
        await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
        await walk();
        await page.screenshot({ path: `${SHOTS}/shortcuts-${size}.png` });
        await press('button', 'Close');
        await arrives(/"Delete …/);
        await close();
    });

    test('actions', 'signing in: a wrong password leads back to it, a right one to the heading', async () => {
        await open('/login', { signedIn: false });
        await page.getByLabel('Handle').fill(size);
        await page.getByLabel('Password').fill('quite wrong');
        await press('button', 'Sign in');
        await page.getByText(/is wrong/).waitFor();
        await arrives(/^input "Password"/);
        await page.screenshot({ path: `${SHOTS}/wrong-password-${size}.png` });
        await page.keyboard.type(me().password); // over what was wrong: it is selected
        await page.keyboard.press('Enter');
        await page.locator('#capture-link').waitFor();
        await arrives(/^h1 "Library"/);
        await page.screenshot({ path: `${SHOTS}/arrived-${size}.png` });
        await close();
    });

    test('actions', 'Enter on a row opens it, and its heading has the focus when it is there', async () => {
        await me().json('POST', '/api/v1/sample');
        await open('/');
        const row = page.locator('.row-link').first();
        const title = await row.locator('.row-title').textContent();
        await row.focus();
        await page.keyboard.press('Enter');
        await page.locator('.message').first().waitFor();
        await arrives(new RegExp(`^h1 "${title.slice(0, 20).replace(/[?]/g, '\\?')}`));
        await page.goBack();
        await page.locator('.row-link').first().waitFor();
        await arrives(/^h1 "Library"/);
        await close();
    });

    test('actions', 'rename: into the field, and back to the button, saved or not', async () => {
        await me().json('POST', '/api/v1/sample');
        await open(await newest());
        await press('button', 'Rename');
        await arrives(/^input "Title"/);
        await page.screenshot({ path: `${SHOTS}/rename-${size}.png` });
        await page.keyboard.type(`Named at the ${size}`); // over the old one: it is selected
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { name: `Named at the ${size}`, exact: true }).waitFor();
        await arrives(/^button "Rename"/);
        await page.keyboard.press('Enter');
        await arrives(/^input "Title"/);
        await press('button', 'Cancel');
        await arrives(/^button "Rename"/);
        await close();
    });

    test('actions', 'sharing: somebody is added and taken away', async () => {
        await me().json('POST', '/api/v1/sample');
        await open(await newest());
        await press('button', 'Share …');
        await page.getByLabel('Handle').fill('nobody-here');
        await press('button', 'Share');
        await page.getByText('There is nobody with this handle.').waitFor();
        await arrives(/^input "Handle"/);
        await page.getByLabel('Handle').fill('ben');
        await page.keyboard.press('Enter');
        await page.getByText('may read', { exact: true }).waitFor();
        await arrives(/^input "Handle"/);
        await press('button', 'Withdraw from ben');
        await page.getByText('may read', { exact: true }).waitFor({ state: 'detached' });
        await arrives(/^input "Handle"/);
        await close();
    });

    test('actions', 'deleting leads to the library', async () => {
        await me().json('POST', '/api/v1/sample');
        await open(await newest());
        await press('button', 'Delete …');
        await press('button', 'Delete');
        await page.locator('#capture-link').waitFor();
        await arrives(/^h1 "Library"/);
        await close();
    });

    test('actions', 'the library: samples are added, a refused link leads back to its field', async () => {
        await me().json('DELETE', '/api/v1/sample');
        await open('/');
        await press('button', /sample/);
        await page.locator('.row-link').first().waitFor();
        await arrives(/^a "/);
        await page.locator('#capture-link').fill('https://chatgpt.com/c/69807432-337c-8003-9975-57b27ce55c6f');
        await press('button', 'Capture');
        await page.getByRole('alert').waitFor();
        await arrives(/^textarea "Capture a conversation"/);
        await close();
    });

    test('actions', 'the library: rows that come when the sample\'s own answer is long past have the focus all the same', async () => {
        await me().json('DELETE', '/api/v1/sample');
        await open('/');
        await page.getByRole('button', { name: /sample/ }).waitFor();
        // The list is asked for twice, by the button and by the feed; the older answer, which nobody looks at, comes first.
        let asked = 0;
        const gone = () => {}; // the test may be over, and the page elsewhere, before the last answer is there
        const first = Promise.withResolvers(), second = Promise.withResolvers();
        await page.route(LISTS, async (route) => {
            const mine = ++asked, response = await route.fetch();
            if (mine === 1) await Promise.race([second.promise, new Promise((resolve) => setTimeout(resolve, 3_000))]);
            if (mine === 2) {
                second.resolve();
                await first.promise;
                for (let i = 0; i < 3; i++) await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve))).catch(gone);
            }
            await route.fulfill({ response }).catch(gone);
            if (mine === 1) first.resolve();
        });
        await press('button', /sample/);
        await page.locator('.row-link').first().waitFor();
        await arrives(/^a "/);
        await close();
    });

    test('actions', 'settings: a token is made and removed, a password refused, sessions ended', async () => {
        await open('/settings');
        await page.getByLabel('Name of a new token').fill('script');
        await press('button', 'Make the token');
        await page.getByText('It is shown this once.').waitFor();
        await arrives(/^button "Make the token"/);
        await press('button', 'I have copied it');
        await page.getByText('It is shown this once.').waitFor({ state: 'detached' });
        await arrives(/^button "Remove the token script/);
        await page.keyboard.press('Enter');
        await page.getByRole('button', { name: 'Remove the token script' }).waitFor({ state: 'detached' });
        await arrives(/^input "Name of a new token"/);
        await page.getByLabel('Current password').fill('quite wrong');
        await page.getByLabel('New password').fill('another good one');
        await press('button', 'Change the password');
        await page.locator('.field-error, .notice-wrong').first().waitFor();
        await arrives(/^(input "Current password"|button "Change the password")/);
        await fetch(`${server.url}/api/v1/auth/login`, { method: 'POST', headers: { 'content-type': 'application/json', origin: server.url }, body: JSON.stringify({ handle: size, password: me().password }) });
        await page.reload();
        await press('button', 'End all others');
        await page.getByRole('button', { name: 'End all others' }).waitFor({ state: 'detached' });
        const at = await focused();
        assert.equal(at.hidden, '', at.name);
        await close();
    });

    if (size === 'desk') test('actions', 'what is in the bar and the search keep the focus that was put there', async () => {
        await me().json('POST', '/api/v1/sample');
        await open('/');
        await press('link', 'Search');
        await arrives(/^input "Search everything captured"/);
        await page.keyboard.type('the');
        await page.keyboard.press('Enter');
        await arrives(/^input "Search everything captured"/);
        await page.keyboard.press('Escape');
        await press('button', 'data*');
        await arrives(/^input "Search everything captured"/);
        await press('link', 'Settings');
        await arrives(/^h1 "Settings"/);
        await press('link', 'VIVIM, to the library');
        await arrives(/^h1 "Library"/);
        await close();
    });
}

for (const size of Object.keys(SIZES)) for (const lane of Object.keys(WHO)) at(size, lane);
