// The change feed of one account, alone and among 1,000 others that write; build/release/bench/feed does the work and the timing.
import { execFileSync } from 'node:child_process';
import { row } from './lib.mjs';

export default async function feed() {
    execFileSync('make', ['-s', 'MODE=release', 'build/release/bench/feed'], { stdio: ['ignore', 'ignore', 'inherit'] });
    const out = execFileSync('build/release/bench/feed', { encoding: 'utf8' });
    const m = /([\d.]+) us alone, ([\d.]+) us among/.exec(out);
    if (!m) throw new Error(out);
    row('a page of 50 changes of one account, CPU µs: among 1,000 others that write, against alone', m[2], m[1], `${(m[2] / m[1]).toFixed(2)}x`, '1.2x', '–');
}
