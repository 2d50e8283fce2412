// A server with an account and the sample archive, for the benchmarks.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RELEASE, startProcess, stop } from './lib.mjs';

const FILL = 'build/release/bench/fill';
function fill(data, { messages, accounts, each }) {
    execFileSync('make', ['--no-print-directory', '-s', 'MODE=release', FILL], { stdio: 'inherit' });
    execFileSync(FILL, [data, messages, accounts, each].map(String), { stdio: ['ignore', 'ignore', 'inherit'] });
}

// With `filled` ({ messages, accounts, each }) bench/fill.c has put so much into it before it starts.
export async function startVivim(env = {}, filled) {
    const data = mkdtempSync(join(tmpdir(), 'vivim-bench-'));
    const environment = { VIVIM_DATA: data, VIVIM_LISTEN: '127.0.0.1:0', VIVIM_TEST: '1', VIVIM_LOG_LEVEL: 'warn', VIVIM_SIMILAR_WORDS: 'off', VIVIM_CAPTURE_RATE_PER_HOUR: '100000', ...env };
    const vivim = (argv, input = '') => execFileSync(RELEASE, argv, { env: { ...process.env, ...environment }, input, encoding: 'utf8' });
    vivim(['user', 'add', 'owner', '--admin', '--password-file', '-'], 'correct horse battery\n'); // without a server it does it itself
    if (filled) fill(data, filled);
    const child = await startProcess(RELEASE, ['serve'], environment, /VIVIM is ready: [^\n]*\n/);
    return {
        pid: child.pid, url: /http:\/\/[^\s/]+/.exec(child.greeting)[0], socket: join(data, 'vivim.sock'), data, vivim, token: vivim(['token', 'owner']).trim(),
        stop: async () => {
            await stop(child);
            rmSync(data, { recursive: true, force: true });
        },
    };
}
