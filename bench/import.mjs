// A made-up ChatGPT export (made_up_export.mjs) from its file to the normal form with hashes, nothing stored, on one thread, beside
// node's JSON.parse of the same text alone: megabytes for each CPU-second (user and system), by turns, each in a process of its own.
// Then a folder of made-up sessions of Claude Code (made_up_sessions.mjs), by turns with the export; the whole way through a server (import_whole.mjs); and the
// peak of memory while a file of ten times the size is read (LARGE=0: not).
import { execFileSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { importLarge, importWhole, LAST } from './import_whole.mjs';
import { madeUpExport } from './made_up_export.mjs';
import { writeSessions } from './made_up_sessions.mjs';
import { median, row, spread } from './lib.mjs';

const MEGABYTES = Number(process.env.MEGABYTES ?? 300), ROUNDS = 5;
const OURS = 'build/release/bench/import';
const PARSE = `const text = require('fs').readFileSync(process.argv[1], 'latin1'), before = process.cpuUsage();
    const n = JSON.parse(text).length, used = process.cpuUsage(before);
    console.log(JSON.stringify({ conversations: n, cpu_seconds: (used.user + used.system) / 1e6 }));`;

// Behind the others one that a search finds, which says that all before it are in the index.
const last = { title: 'Last', create_time: 1, update_time: 2, id: 'last', conversation_id: 'last', current_node: 'm', mapping: {
    r: { id: 'r', message: null, parent: null, children: ['m'] },
    m: { id: 'm', parent: 'r', children: [], message: { id: 'm', author: { role: 'user', metadata: {} }, create_time: 1, content: { content_type: 'text', parts: [LAST] }, status: 'finished_successfully', metadata: {} } },
} };

async function write(path, megabytes, seed) {
    const out = createWriteStream(path);
    let pieces = [], n = 0;
    for (const piece of madeUpExport(megabytes * 1e6, seed)) {
        pieces.push(piece);
        if ((n += piece.length) < 1 << 20) continue;
        if (!out.write(pieces.join(''))) await once(out, 'drain');
        pieces = [];
        n = 0;
    }
    out.end(`${pieces.join('').slice(0, -1)}, ${JSON.stringify(last)}]`);
    await once(out, 'finish');
}

const ours = (path) => JSON.parse(execFileSync(OURS, [path], { encoding: 'utf8' }));
const peer = (path) => JSON.parse(execFileSync(process.execPath, ['--max-old-space-size=8192', '-e', PARSE, path], { encoding: 'utf8' }));
const mb = (n) => `${(n / 1e6).toFixed(0)} MB`;

async function sessions(folder, exported) {
    const path = join(folder, 'sessions'), megabytes = Number(process.env.SESSION_MEGABYTES ?? 1000), rates = [], exports = [], ratios = [];
    writeSessions(path, megabytes * 1e6, 3);
    let last;
    for (let i = 0; i < ROUNDS; i++) {
        last = ours(path);
        const b = ours(exported);
        rates.push(last.bytes / 1e6 / last.cpu_seconds);
        exports.push(b.bytes / 1e6 / b.cpu_seconds);
        ratios.push(rates.at(-1) / exports.at(-1));
    }
    row(`Claude Code sessions (${megabytes} MB; ${last.conversations} sessions, ${last.messages} messages) to the normal form with hashes, MB for each CPU-second, against the ChatGPT export's`,
        `${median(rates).toFixed(0)} (${spread(rates)})`, `${median(exports).toFixed(0)} (${spread(exports)})`, `${median(ratios).toFixed(2)}x (${spread(ratios)})`, '1x', '2x');
    row('the same, peak memory (RSS)', mb(last.peak_bytes), '–', '–', '200 MB', '80 MB');
    rmSync(path, { recursive: true });
}

export default async function importing() {
    execFileSync('make', ['-s', 'MODE=release', OURS], { stdio: ['ignore', 'ignore', 'inherit'] });
    const folder = mkdtempSync(join(tmpdir(), 'vivim-import-'));
    try {
        const path = join(folder, 'conversations.json'), rates = [], peers = [], ratios = [];
        await write(path, MEGABYTES, 1);
        let read;
        for (let i = 0; i < ROUNDS; i++) {
            const a = ours(path), b = peer(path);
            if (a.conversations !== b.conversations) throw new Error(`${a.conversations} of ${b.conversations} conversations came in`);
            rates.push(a.bytes / 1e6 / a.cpu_seconds);
            peers.push(a.bytes / 1e6 / b.cpu_seconds);
            ratios.push(rates.at(-1) / peers.at(-1));
            read = a;
        }
        row(`ChatGPT export (${MEGABYTES} MB; ${read.conversations} conversations, ${read.messages} messages, ${Math.round((100 * read.words) / read.bytes)} % of it words) to the normal form with hashes, MB for each CPU-second, against JSON.parse alone`,
            `${median(rates).toFixed(0)} (${spread(rates)})`, `${median(peers).toFixed(0)} (${spread(peers)})`, `${median(ratios).toFixed(2)}x (${spread(ratios)})`, '0.7x', '1.5x');
        row('the same, peak memory (RSS)', mb(read.peak_bytes), '–', '–', '200 MB', '80 MB');
        await sessions(folder, path);
        await importWhole(path, MEGABYTES);
        if (process.env.LARGE === '0') return;
        const large = join(folder, 'large.json');
        await write(large, MEGABYTES * 10, 2);
        row(`peak memory of ${MEGABYTES * 10} MB`, mb(ours(large).peak_bytes), '–', '–', '200 MB', '80 MB');
        await importLarge(large, MEGABYTES * 10);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}
