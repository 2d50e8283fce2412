// A made-up export through a server: rows, index, durable. Its processor time until the last conversation is found by a search, beside
// a program that parses the same file and puts the text alone into better-sqlite3 and FTS5 (peer_import.mjs). Then the same file
// again, and the most memory that the server took; for ten times the size too (LARGE=0: not).
import { execFileSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startVivim } from './archive.mjs';
import { cpuMicros, cpuSeconds, median, row, spread } from './lib.mjs';

export const LAST = 'zymurgist'; // a word of the last conversation alone
const ROUNDS = 3;
const mb = (n) => `${(n / 1e6).toFixed(0)} MB`;
const peakOf = (pid) => execFileSync('awk', ['/^VmHWM/ {print $2 * 1024}', `/proc/${pid}/status`], { encoding: 'utf8' }) * 1;

// One import; the processor time until it has ended, or is in the index as well.
async function take(vivim, path, indexed) {
    const headers = { authorization: `Bearer ${vivim.token}` }, before = cpuMicros(vivim.pid), ended = cpuSeconds(vivim.pid);
    const report = JSON.parse(vivim.vivim(['import', '--json', path]));
    if (report.status !== 'done' || report.counts.failed) throw new Error(JSON.stringify(report));
    while (indexed && !(await (await fetch(`${vivim.url}/api/v1/search?q=${LAST}`, { headers })).json()).items?.length) await new Promise((r) => setTimeout(r, 500));
    // Of threads that live now, and, where one has ended meanwhile, of all by ticks.
    return { counts: report.counts, seconds: Math.max((cpuMicros(vivim.pid) - before) / 1e6, cpuSeconds(vivim.pid) - ended) };
}

async function once(path, peerDatabase) {
    const vivim = await startVivim();
    try {
        writeFileSync(`/proc/${vivim.pid}/clear_refs`, '5'); // the peak begins here
        const first = await take(vivim, path, true), peak = peakOf(vivim.pid), second = await take(vivim, path, false);
        if (second.counts.new || second.counts.changed || second.counts.unchanged !== first.counts.new) throw new Error(JSON.stringify(second.counts));
        const peer = peerDatabase && JSON.parse(execFileSync(process.execPath, ['--max-old-space-size=8192', 'bench/peer_import.mjs', path, peerDatabase(vivim.data)], { encoding: 'utf8' }));
        if (peer && peer.conversations !== first.counts.new) throw new Error(`${first.counts.new} of ${peer.conversations} conversations came in`);
        return { first: first.seconds, second: second.seconds, peak, peer: peer?.cpu_seconds };
    } finally {
        await vivim.stop();
    }
}

export async function importWhole(path, megabytes) {
    const megabyte = statSync(path).size / 1e6, all = [];
    for (let i = 0; i < ROUNDS; i++) all.push(await once(path, (data) => join(data, 'peer.db')));
    const of = (f) => all.map(f), figure = (xs) => `${median(xs).toFixed(1)} (${spread(xs)})`;
    row(`whole import of ${megabytes} MB (rows, index, durable), MB for each CPU-second, against JSON.parse, better-sqlite3 and FTS5 of the text alone`,
        figure(of((x) => megabyte / x.first)), figure(of((x) => megabyte / x.peer)), `${median(of((x) => x.peer / x.first)).toFixed(2)}x (${spread(of((x) => x.peer / x.first))})`, '1x', '1.5x');
    row('the same again, nothing changed, CPU-seconds against the first', figure(of((x) => x.second)), figure(of((x) => x.first)), `${median(of((x) => x.first / x.second)).toFixed(1)}x`, '5x', '20x');
    row('peak memory of the server meanwhile', mb(Math.max(...of((x) => x.peak))), '–', '–', '200 MB', '80 MB');
}

export async function importLarge(path, megabytes) {
    row(`peak memory of the server while it imports ${megabytes} MB`, mb((await once(path)).peak), '–', '–', '200 MB', '80 MB');
}
