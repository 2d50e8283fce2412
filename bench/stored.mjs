// A stored page of 3 MB that has only its elements: `vivim extract`, beside playwright-core with the same browser and the same script
// injected. CPU of each with its browser, from start to end, on a machine that is quiet otherwise: what a person waits for who brings in saved pages one by one.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chatgptDomPage } from '../tests/lib/pages.mjs';
import { median, RELEASE, row, spread } from './lib.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 5), BYTES = 3e6;

// Headings, lists, code and tables in the proportion of an answer that explains something.
function page() {
    const words = 'the tide is the difference of the pull across the earth and falls with the cube of the distance ';
    const answer = (n) => `<h2>Part ${n}</h2><p>${words.repeat(6)}<strong>${n}</strong> <code>x${n}</code></p><ul>${`<li><p>${words}</p></li>`.repeat(6)}</ul>`
        + `<pre><div>js</div><code class="language-js">${'const tide = pull(earth, moon);\n'.repeat(12)}</code></pre><table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>${'<tr><td>1</td><td>2</td></tr>'.repeat(8)}</tbody></table>`;
    const turns = [];
    for (let bytes = 0, n = 0; bytes < BYTES; n++) {
        turns.push(['user', `Question ${n}: what about the tide?`], ['assistant', answer(n)]);
        bytes += answer(n).length + 400;
    }
    return { html: chatgptDomPage('Tides', turns), turns: turns.length };
}

// Of the whole machine, which has nothing else to do: a browser that is ended leaves its processes' time to nobody.
function busySeconds() {
    const [user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8').split('\n')[0].trim().split(/\s+/).slice(1).map(Number);
    return (user + nice + system + irq + softirq) / 100;
}
const cpuOf = (command, argv) => {
    const before = busySeconds();
    execFileSync(command, argv, { stdio: 'ignore' });
    return busySeconds() - before;
};

export default async function stored() {
    const folder = mkdtempSync(join(tmpdir(), 'vivim-bench-')), file = join(folder, 'page.html');
    const { html, turns } = page();
    writeFileSync(file, html);
    execFileSync('make', ['-s', 'MODE=release', 'build/release/gen/runner.js'], { stdio: ['ignore', 'ignore', 'inherit'] });
    const told = JSON.parse(execFileSync(RELEASE, ['extract', file], { encoding: 'utf8', maxBuffer: 2 ** 28 }));
    if (told.messages.length !== turns) throw new Error(`${told.messages.length} of ${turns} turns`);
    const a = [], b = [];
    for (let i = 0; i < ROUNDS; i++) {
        a.push(cpuOf(RELEASE, ['extract', file]));
        b.push(cpuOf(process.execPath, ['bench/peer_stored.mjs', file, 'build/release/gen/runner.js', String(turns)]));
    }
    const ratios = a.map((x, i) => x / b[i]);
    row(`a stored page of ${(html.length / 1e6).toFixed(1)} MB, ${turns} turns, through the browser: CPU-seconds, against playwright-core with the same script`,
        median(a).toFixed(2), median(b).toFixed(2), `${median(ratios).toFixed(2)} (${spread(ratios)})`, '1', '0.7');
    rmSync(folder, { recursive: true });
}
