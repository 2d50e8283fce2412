// Idle memory without a browser, and the time from exec to an answering /readyz.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { median, RELEASE, residentKiB, row, spread } from './lib.mjs';

const ROUNDS = 9;

const ready = (socketPath) => new Promise((resolve) => {
    const rq = http.get({ socketPath, path: '/readyz' }, (r) => { r.resume(); resolve(r.statusCode === 200); });
    rq.on('error', () => resolve(false));
});

export default async function idle() {
    const data = mkdtempSync(join(tmpdir(), 'vivim-bench-'));
    const times = [], memory = [];
    for (let i = 0; i < ROUNDS + 1; i++) {
        const begin = process.hrtime.bigint();
        const child = spawn(RELEASE, ['serve'], { env: { ...process.env, VIVIM_DATA: data, VIVIM_LISTEN: '127.0.0.1:0', VIVIM_LOG_LEVEL: 'error', VIVIM_SIMILAR_WORDS: 'off' }, stdio: 'ignore' });
        while (!(await ready(join(data, 'vivim.sock')))) await wait(1);
        const ms = Number(process.hrtime.bigint() - begin) / 1e6;
        await wait(500);
        if (i > 0) { // the first start makes the store
            times.push(ms);
            memory.push(residentKiB(child.pid) / 1024);
        }
        await new Promise((resolve) => { child.on('close', resolve); child.kill('SIGTERM'); });
    }
    rmSync(data, { recursive: true, force: true });
    row('idle memory without a browser (RSS)', `${median(memory).toFixed(1)} MB (${spread(memory)})`, '–', '–', '30 MB', '15 MB');
    row('from exec to ready', `${median(times).toFixed(0)} ms (${spread(times)})`, '–', '–', '100 ms', '40 ms');
}
