// The peer of bench/capture.mjs: playwright-core with the same browser. Reads "go" lines, does the captures, says "done".
import readline from 'node:readline';
import { chromium } from 'playwright-core';

const [, , url, port, count, picture] = process.argv;
const browser = await chromium.launch({
    executablePath: process.env.VIVIM_BROWSER ?? '/usr/bin/chromium-headless-shell',
    args: ['--no-sandbox', `--host-resolver-rules=MAP chatgpt.com:443 127.0.0.1:${port}`],
});

async function captureOnce() {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 1000 } });
    const page = await context.newPage();
    const response = await page.goto(url, { waitUntil: 'networkidle' });
    if (picture) await page.screenshot({ type: 'jpeg', quality: 60 });
    const html = await response.text();
    const chunks = [...html.matchAll(/streamController\.enqueue\(("(?:[^"\\]|\\.)*")\)/g)].map((m) => JSON.parse(m[1])).join('');
    const flat = JSON.parse(chunks.split('\n')[0]);
    await context.close();
    if (flat.length < 100) throw new Error('the page has no state');
}

for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line !== 'go') continue;
    for (let i = 0; i < Number(count); i++) await captureOnce();
    console.log('done');
}
await browser.close();
