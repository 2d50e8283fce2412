// make bench: each figure beside its peer in the same run, as a ratio. Absolute figures of a shared machine are worth little.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { rows } from './lib.mjs';

if (!['fastify', 'socket.io'].every((name) => existsSync(`bench/node_modules/${name}`))) execFileSync('npm', ['ci', '--prefix', 'bench', '--no-audit', '--no-fund'], { stdio: 'inherit' });
const only = process.argv[2];
console.log(`${cpus().length} × ${cpus()[0].model}, load ${loadavg()[0].toFixed(2)}, node ${process.version}`);
for (const name of ['read', 'write', 'mixed', 'growth', 'capture', 'extract', 'stored', 'import', 'export', 'search-vectors', 'idle', 'feed', 'realtime']) {
    if (only && only !== name) continue;
    await (await import(`./${name}.mjs`)).default();
}
console.log('\n| figure | ours | peer | ratio | floor | aim |\n|---|---|---|---|---|---|');
for (const r of rows) console.log(`| ${r.figure} | ${r.ours} | ${r.peer} | ${r.ratio} | ${r.floor} | ${r.aim} |`);
