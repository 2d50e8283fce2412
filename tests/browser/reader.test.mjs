// The reader on content that no real page gave us: every block with something hostile in it, 5,000 messages, a lost server.
// The page, its content policy and its session are the real server's; the conversation's JSON is put in between.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { BINARY, command, signIn, startServer, tempFolder } from '../lib/server.mjs';
import { TRICKS } from '../lib/tricks.ts';

const EXECUTABLE = process.env.VIVIM_TEST_CHROMIUM ?? '/usr/bin/chromium-headless-shell';
const ID = '00000000-0000-7000-8000-00000000000a';
const NO_IMAGE = 'a'.repeat(64);
let server, browser, page, account;
let violations = [];

const uuid = (n) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const text = (markdown) => ({ type: 'text', markdown });
const message = (n, role, ...blocks) => ({
    id: uuid(n), parent_id: null, provider_id: null, position: n, role, author: null, model: null, created_at: '2026-01-23T01:02:03Z', hidden: false,
    on_path: true, version: 1, blocks, hash: 'sha256:0',
});

// A conversation in place of what the server would answer for ID.
async function serve(messages, more = {}) {
    await page.goto('about:blank'); // else the next address may be only another place in the same page
    const head = {
        id: ID, provider: 'claude', title: 'In between', model: 'm', message_count: messages.length, source_url: null, version: 1, created_at: null,
        updated_at: null, captured_at: '2026-01-23T01:02:03Z', hash: `sha256:${messages.length}${more.title ?? ''}`, outcome: 'ok', findings: [],
        source: { kind: 'share', url: null, id: null, strategy: 'network', recipe: null, captured_at: '2026-01-23T01:02:03Z' }, ...more,
    };
    await page.unroute('**/api/v1/conversations/**');
    await page.route(`**/api/v1/conversations/${ID}`, (route) => route.fulfill({ json: head }));
    await page.route(`**/api/v1/conversations/${ID}/messages*`, (route) => {
        const query = new URL(route.request().url()).searchParams;
        const from = Number(query.get('cursor') ?? 0), to = from + Number(query.get('limit'));
        return route.fulfill({ json: { items: messages.slice(from, to), next_cursor: to < messages.length ? String(to) : null } });
    });
}

before(async () => {
    server = await startServer();
    account = await signIn(server);
    browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] });
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const [name, value] = account.cookie.split('=');
    await context.addCookies([{ name, value, url: server.url }]);
    page = await context.newPage();
    await page.addInitScript(() => addEventListener('securitypolicyviolation', (e) => console.error(`violation ${e.violatedDirective} ${e.blockedURI}`)));
    page.on('console', (m) => m.text().startsWith('violation') && violations.push(m.text()));
    page.on('request', (r) => !r.url().startsWith(server.url) && violations.push(`request ${r.url()}`));
});
after(async () => {
    await browser?.close();
    assert.equal(await server.stop(), 0);
});

test('where it comes from: each place with its link, and one of two parted', async () => {
    const source = (n, more) => ({
        id: uuid(n), kind: 'share', url: `https://claude.ai/share/${uuid(n)}`, provider_id: null, account: null, strategy: 'network', recipe: null, outcome: 'ok',
        first_captured_at: '2026-01-23T01:02:03Z', captured_at: '2026-02-03T01:02:03Z', ...more,
    });
    let asked = null, sources = [source(71), source(72, { kind: 'export', url: null, account: 'ann@example.org' })];
    await serve([message(1, 'user', text('Hello'))], { role: 'owner' });
    await page.route(`**/api/v1/conversations/${ID}/sources`, (route) => route.fulfill({ json: { items: sources, next_cursor: null } }));
    await page.route(`**/api/v1/conversations/${ID}/split`, (route) => {
        asked = route.request().postDataJSON();
        return asked.source_id === uuid(71) ? route.fulfill({ status: 201, json: { id: uuid(99) } })
            : route.fulfill({ status: 409, contentType: 'application/problem+json', body: JSON.stringify({ title: 'x', status: 409, code: 'conflict', detail: 'there is nothing to part' }) });
    });
    await page.goto(`${server.url}/c/${ID}`);
    await page.getByText('Where it comes from').click();
    const rows = page.getByRole('list', { name: 'Where it comes from' }).getByRole('listitem');
    await rows.nth(1).waitFor();
    assert.match(await rows.nth(0).innerText(), /^Share link\s+captured .*Feb/);
    assert.equal(await rows.nth(0).getByRole('link').getAttribute('href'), sources[0].url);
    assert.match(await rows.nth(1).innerText(), /^Export of ann@example\.org/);
    for (const [n, yes] of [[1, 'Cancel'], [1, 'Part them'], [0, 'Part them']]) {
        await rows.nth(n).getByRole('button', { name: 'These are two conversations' }).click();
        await page.getByRole('dialog').getByRole('button', { name: yes }).click();
        if (yes === 'Cancel') assert.equal(asked, null);
        else if (n === 1) await page.getByText('there is nothing to part').waitFor();
    }
    await page.waitForURL(`**/c/${uuid(99)}`);
    assert.deepEqual(asked, { source_id: uuid(71) });
    sources = [source(71)];
    await page.goto('about:blank');
    await page.goto(`${server.url}/c/${ID}`);
    await page.getByText('Where it comes from').click();
    await rows.first().waitFor();
    assert.equal(await page.getByRole('button', { name: 'These are two conversations' }).count(), 0, 'of one there is nothing to part');
    await serve([message(1, 'user', text('Hello'))], { role: 'reader', shared_by: 'ann' });
    await page.goto(`${server.url}/c/${ID}`);
    await page.getByText('Hello').waitFor();
    assert.equal(await page.getByText('Where it comes from').count(), 0, 'its owner\'s business');
});

const bad = (n) => `<img src=x onerror=window.pwned=${n}><script>window.pwned=${n}</script>`;
const HOSTILE = [
    message(1, 'user', text(`${bad(1)} <svg onload="window.pwned=1"> [a](javascript:window.pwned=1)`)),
    message(2, 'assistant',
        text(`[a](javascript:window.pwned=2) [b](data:text/html,x) ![x](https://evil.example/track.png) <div style="position:fixed;inset:0">x</div>\n\n| h |\n|---|\n| ${bad(2)} |\n\n\`\`\`html\n${bad(2)}\n\`\`\``),
        text('$\\href{javascript:window.pwned=3}{x}$ \\(\\htmlClass{a}{x}\\) \\(</math><script>window.pwned=3</script>\\)'),
        { type: 'code', language: `html"><script>window.pwned=4</script>`, code: `</code></pre>${bad(4)}` },
        { type: 'code', language: 'html', code: bad(4) },
        { type: 'math', tex: `\\includegraphics{https://evil.example/x.png} \\color{red}{\\boxed{y}} </math>${bad(5)}`, display: true },
        { type: 'math', tex: '\\color{red}{\\boxed{y}} + \\frac{a}{b}', display: true },
        { type: 'table', header: [bad(6)], rows: [[`x | ${bad(6)}`]] },
        { type: 'mermaid', code: `graph TD; A["${bad(7)}"]` },
        { type: 'citation', url: 'javascript:window.pwned=8', title: bad(8), start: 0, end: 2 },
        { type: 'image', sha256: null, source_url: 'https://evil.example/hot.png', alt: bad(9), width: null, height: null },
        { type: 'image', sha256: null, source_url: 'javascript:window.pwned=9', alt: '', width: null, height: null },
        { type: 'image', sha256: NO_IMAGE, source_url: null, alt: '" onerror="window.pwned=9', width: 4, height: 4 },
        { type: 'file', name: bad(10), media_type: bad(10), sha256: '../../../../etc/passwd' },
        { type: 'thinking', text: bad(11), summary: bad(11) },
        { type: 'tool_call', id: '1', name: bad(12), arguments: bad(12) },
        { type: 'tool_result', call_id: '1', content: bad(13), is_error: true },
        { type: 'artifact', id: '1', kind: 'text/html', title: bad(14), content: bad(14) },
        { type: 'artifact', id: '2', kind: 'text/markdown', title: '', content: bad(14) },
        { type: 'unknown', raw: { x: bad(15) } }, { type: 'never heard of', x: 1 }, { type: 'text' }, { type: 'table', rows: 7 },
        text('the end of it')),
];

test('nothing in a conversation can run, reach out or leave its place', async () => {
    await serve(HOSTILE, { title: bad(16), model: bad(16), source_url: 'javascript:window.pwned=16', findings: [{ code: 'x', level: 'note', detail: bad(16) }] });
    violations = [];
    await page.goto(`${server.url}/c/${ID}`);
    await page.getByText('the end of it').scrollIntoViewIfNeeded();
    for (const summary of await page.locator('main summary:visible').all()) await summary.click();
    await page.locator('math[display=block] mfrac').first().waitFor();
    await page.locator('.hljs-tag').first().waitFor();
    const found = await page.evaluate(() => ({
        pwned: window.pwned,
        active: document.querySelectorAll('main :is(script, iframe, object, embed, style, link, form[action], [style], [onerror], [onload], [onclick])').length,
        links: [...document.querySelectorAll('main a')].map((a) => a.getAttribute('href')).filter((h) => !/^(https?:\/\/|#|\/api\/v1\/)/.test(h ?? '')),
        open: [...document.querySelectorAll('main a[href^="http"]')].filter((a) => !/noopener/.test(a.rel) || !/nofollow/.test(a.rel)).length,
        pictures: [...document.images].map((i) => new URL(i.src).origin).filter((o) => o !== location.origin),
    }));
    assert.deepEqual(found, { pwned: undefined, active: 0, links: [], open: 0, pictures: [] });
    assert.deepEqual(violations, []);
});

// From a provider's JSON through the normal form to the page: as what is said, as code, in cells and titles, in a source.
test('no trick makes HTML of a conversation run', { timeout: 120_000 }, async () => {
    const file = join(tempFolder(), 'tricks.json');
    const parts = (trick) => [`${trick}\n\nword **x** <sup>${trick}</sup>\n\n<details><summary>${trick}</summary>\n\n${trick}\n\n</details>`].flatMap((text) => [
        { type: 'text', text, citations: [{ title: trick, url: trick, start_index: 1, end_index: 2 }] }, { type: 'thinking', thinking: trick }, { type: 'tool_use', name: trick, input: { x: trick } }]);
    const tens = Array.from({ length: Math.ceil(TRICKS.length / 10) }, (_, i) => TRICKS.slice(i * 10, i * 10 + 10));
    writeFileSync(file, JSON.stringify({ uuid: 'u', name: TRICKS[0], chat_messages: tens.map((ten, i) => ({ uuid: `m${i}`, sender: i % 2 ? 'assistant' : 'human', content: ten.flatMap(parts) })) }));
    const c = JSON.parse((await command(BINARY, ['extract', file])).stdout);
    const besides = (trick) => [{ type: 'image', sha256: null, source_url: trick, alt: trick }, { type: 'table', header: [trick], rows: [[trick]] }, { type: 'artifact', kind: 'text/markdown', title: trick, content: trick }];
    await serve(c.messages.map((m, i) => message(1000 + i, m.role, ...m.blocks, ...tens[i].flatMap(besides))), { title: TRICKS[1], source_url: TRICKS.at(-1) });
    violations = [];
    await page.goto(`${server.url}/c/${ID}`);
    await page.locator('.message').nth(tens.length - 1).waitFor({ state: 'attached' });
    // Rendered is what comes near the screen: as much as is still waiting is brought there.
    await page.setViewportSize({ width: 1280, height: 12_000 });
    await page.waitForFunction(() => {
        const waiting = document.querySelector('main .prose.source');
        waiting?.scrollIntoView();
        return waiting === null;
    }, null, { timeout: 100_000 });
    await page.setViewportSize({ width: 1280, height: 900 });
    const found = await page.evaluate(async () => {
        for (const one of document.querySelectorAll('main details')) one.open = true;
        const elements = [...document.querySelectorAll('main *')];
        for (const type of ['mouseover', 'focus', 'toggle', 'error', 'load']) for (const one of elements) one.dispatchEvent(new Event(type, { bubbles: false }));
        await new Promise((resolve) => setTimeout(resolve, 200));
        const again = [...document.querySelectorAll('main *')], handlers = again.flatMap((e) => e.getAttributeNames().filter((a) => /^on/.test(a) || ['style', 'srcdoc', 'formaction'].includes(a)));
        return {
            pwned: globalThis.pwned, handlers, seen: document.querySelectorAll('main sup').length > 100,
            active: [...new Set(again.map((e) => e.localName).filter((n) => /^(script|iframe|frame|object|embed|style|link|meta|base|form|svg|template|marquee|audio|video|keygen)$/.test(n)))],
            links: again.flatMap((e) => ['href', 'src', 'action', 'xlink:href', 'data'].map((a) => e.getAttribute(a))).filter((v) => v !== null && !/^(https?:\/\/|mailto:|#|\/)/.test(v)),
        };
    });
    // (Our own icons are drawings.)
    assert.deepEqual({ ...found, active: found.active.filter((n) => n !== 'svg') }, { pwned: undefined, handlers: [], seen: true, active: [], links: [] });
    assert.deepEqual(violations, []);
});

test('text made to be slow holds up nothing: what stands behind it is rendered', async () => {
    const slow = '[a]('.repeat(30_000) + '*a '.repeat(20_000);
    await serve([message(1, 'user', text(slow)), message(2, 'assistant', text('**rendered** all the same'))], { title: 'Slow' });
    await page.goto(`${server.url}/c/${ID}`);
    await page.locator('.message').nth(1).waitFor({ state: 'attached' });
    // Rendered is what comes near the screen, and what stands above it is still growing.
    const end = Date.now() + 40_000, seen = page.locator('strong', { hasText: 'rendered' });
    while (!(await seen.isVisible())) {
        assert.ok(Date.now() < end, 'it is rendered');
        await page.evaluate(() => document.querySelectorAll('.message')[1].scrollIntoView());
        await page.waitForTimeout(200);
    }
    // The slow one is its source, or on a quick machine the same words rendered.
    assert.ok((await page.locator('.message').first().locator('.prose').textContent()).startsWith('[a]([a]('));
});

test('5,000 messages: read from the first on, and the address of a late one leads to it', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => message(100 + i, i % 2 ? 'assistant' : 'user', text(`${i % 2 ? 'Answer' : 'Question'} **${i}** ` + 'and some words '.repeat(12))));
    await serve(many, { title: 'Many' });
    await page.goto(`${server.url}/c/${ID}#m-${uuid(100 + 4321)}`);
    await page.waitForFunction((id) => document.activeElement?.id === id, `m-${uuid(100 + 4321)}`);
    await page.locator(`[id="m-${uuid(100 + 4321)}"] strong`).waitFor();
    await page.waitForFunction(() => document.querySelectorAll('.message').length === 5000);
    const top = await page.evaluate(() => document.activeElement.getBoundingClientRect().top);
    assert.ok(top >= 0 && top < 400, `it stands at ${top} px`);
    assert.equal(await page.locator('.outline-wide li').count(), 2500);
});

test('by keyboard alone: search from anywhere, into the results, to the message', async () => {
    assert.equal((await account.json('POST', '/api/v1/sample')).status, 200);
    await page.unroute('**/api/v1/conversations/**');
    await page.goto(`${server.url}/`);
    await page.locator('.row-link').first().waitFor();
    await page.keyboard.press('/');
    await page.waitForFunction(() => document.activeElement?.id === 'search-box');
    const index = async () => (await account.json('GET', '/api/v1/search?q=bulges')).body.items.length;
    while (await index() === 0) await new Promise((resolve) => setTimeout(resolve, 50)); // the index follows the log
    await page.keyboard.type('bulges');
    await page.locator('.hit mark').first().waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.id.startsWith('m-'));
    await page.keyboard.press('g');
    await page.waitForFunction(() => document.activeElement?.tagName === 'H1' && location.pathname === '/');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
});

test('read once, it can be read again while the server is away', async () => {
    await page.locator('.row-link').first().click();
    const title = await page.locator('h1').textContent();
    await page.locator('.message').first().waitFor();
    await page.keyboard.press('g');
    await page.locator('.row-link').first().waitFor();
    await page.context().setOffline(true);
    await page.locator('.row-link', { hasText: title }).click();
    await page.getByText('the copy kept on this device').waitFor();
    assert.ok(await page.locator('.message').count() > 0);
    await page.context().setOffline(false);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('the copy kept on this device').waitFor({ state: 'detached' });
});

test('a session that ended leads to the login and back to the same place', async () => {
    const here = page.url();
    await page.context().clearCookies();
    await page.keyboard.press('g');
    await page.getByText('You were signed out').waitFor();
    await page.goto(here);
    await page.getByLabel('Handle').fill(account.handle);
    await page.getByLabel('Password').fill(account.password);
    await page.keyboard.press('Enter');
    await page.locator('.message').first().waitFor();
    assert.equal(page.url(), here);
});
