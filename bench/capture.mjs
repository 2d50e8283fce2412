// A warm capture of a 200-message page: CPU of server and browser, beside playwright-core driving the same browser to the same page
// (navigate, wait for idle, take the HTML, decode its state), each with a context of its own. Then the same with a screenshot on both
// sides: ours runs such a page for its picture only when it is told to (decision 0009).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startVivim } from './archive.mjs';
import { cpuSeconds, median, row, spread, stop } from './lib.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 7), CAPTURES = 10;

async function startFixtures() {
    const child = spawn(process.execPath, ['tests/lib/fixture_server.mjs'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    for await (const [d] of on(child.stdout)) { text += d; if (/# loop:/.test(text)) break; }
    const env = Object.fromEntries([...text.matchAll(/^export (\w+)='(.*)'$/gm)].map((m) => [m[1], m[2]]));
    const url = /^# long: (\S+)$/m.exec(text)[1];
    return { child, env, url };
}
async function* on(stream) { for (;;) yield await once(stream, 'data'); }

async function compare(figure, fixtures, withPicture, floor, aim) {
    const server = await startVivim({ ...fixtures.env, VIVIM_CAPTURE_SCREENSHOT: withPicture ? '1' : '0' });
    const ours = async () => {
        const before = cpuSeconds(server.pid, true);
        for (let i = 0; i < CAPTURES; i++) server.vivim(['capture', fixtures.url]);
        return (cpuSeconds(server.pid, true) - before) / CAPTURES;
    };
    const port = /chatgpt\.com:443=127\.0\.0\.1:(\d+)/.exec(fixtures.env.VIVIM_CAPTURE_RESOLVE)[1];
    const peer = spawn(process.execPath, ['bench/peer_capture.mjs', fixtures.url, port, String(CAPTURES), withPicture ? 'picture' : ''], { stdio: ['pipe', 'pipe', 'inherit'] });
    const theirs = async () => {
        const before = cpuSeconds(peer.pid, true);
        peer.stdin.write('go\n');
        await once(peer.stdout, 'data');
        return (cpuSeconds(peer.pid, true) - before) / CAPTURES;
    };
    await ours();
    await theirs();
    const a = [], b = [];
    for (let i = 0; i < ROUNDS; i++) {
        a.push(await ours());
        b.push(await theirs());
    }
    const ratios = a.map((x, i) => x / b[i]);
    row(figure, median(a).toFixed(3), median(b).toFixed(3), `${median(ratios).toFixed(2)} (${spread(ratios)})`, floor, aim);
    peer.stdin.end();
    await server.stop();
}

export default async function capture() {
    const fixtures = await startFixtures();
    await compare('warm capture of a 200-message page, CPU-seconds of server and browser, against playwright-core', fixtures, false, '0.8', '0.65');
    await compare('the same with a screenshot, on both sides', fixtures, true, '–', '–');
    await stop(fixtures.child);
}
