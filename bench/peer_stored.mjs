// The peer of bench/stored.mjs: the page opened by playwright-core with scripts and network off, and the runner's own text evaluated in it.
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [, , file, runner, turns] = process.argv;
const recipe = JSON.parse(readFileSync('src/archive/providers/chatgpt.json', 'utf8'));
const browser = await chromium.launch({ executablePath: process.env.VIVIM_BROWSER ?? '/usr/bin/chromium-headless-shell', args: ['--no-sandbox'] });
const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1280, height: 1000 } });
const page = await context.newPage();
await page.route('**', (route) => (route.request().url() === 'https://stored.invalid/' ? route.fulfill({ body: readFileSync(file), contentType: 'text/html' }) : route.abort()));
await page.goto('https://stored.invalid/', { waitUntil: 'domcontentloaded' });
const dom = JSON.parse(await page.evaluate(`(${readFileSync(runner, 'utf8').trim()})(${JSON.stringify({ ...recipe.page, id: "chatgpt", provider: recipe.name })}, {})`));
if (dom.messages.length !== Number(turns)) throw new Error(`${dom.messages.length} of ${turns} turns`);
await browser.close();
