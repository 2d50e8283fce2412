// A ChatGPT share page from bytes to the normal form, one thread; build/release/bench/extract does the work and the timing.
import { execFileSync } from 'node:child_process';
import { row } from './lib.mjs';

export default async function extract() {
    execFileSync('make', ['-s', 'MODE=release', 'build/release/bench/extract'], { stdio: ['ignore', 'ignore', 'inherit'] });
    const out = execFileSync('build/release/bench/extract', { encoding: 'utf8' });
    const m = /([\d.]+) MB\/s, ([\d.]+) MB\/s/.exec(out);
    if (!m) throw new Error(out);
    row('ChatGPT share page (1 MB) from bytes to normal form, MB/s of CPU time', `${m[1]} MB/s (${m[2]} with fresh memory)`, '–', '–', '100 MB/s', '300 MB/s');
}
