// Similar words: CPU and peak memory of making both background tables, and the scan of 100,000 vectors. Beside them nothing: the
// floors are of the issue. Needs the Debian packages wordnet-base and pocketsphinx-en-us.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { row } from './lib.mjs';

export default async function () {
    execFileSync('make', ['--no-print-directory', 'MODE=release', 'build/release/bench/similar'], { stdio: 'inherit' });
    const ask = (...args) => JSON.parse(execFileSync('build/release/bench/similar', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }));
    const folder = mkdtempSync(join(tmpdir(), 'vivim-similar-'));
    try {
        const made = ['glosses', 'bigrams'].map((kind) => ask('make', kind, join(folder, kind)));
        row('both background tables: CPU', `${(made[0].cpu_s + made[1].cpu_s).toFixed(1)} s`, '–', '–', '240 s', '90 s');
        row('both background tables: peak memory', `${Math.max(...made.map((m) => m.peak_mb))} MB`, '–', '–', '1000 MB', '400 MB');
        const scanned = ask('scan', '100000');
        row('scan of 100,000 vectors of 608 bytes', `${scanned.all_ms} ms; filtered to half ${scanned.half_ms} ms`, '–', '–', '–', '2.1 ms');
    } finally {
        rmSync(folder, { recursive: true });
    }
}
