// What the benchmarks share: processes and their CPU, a small HTTP client over Unix sockets, medians.
// The client is the same for both sides of a comparison, and talks over a Unix socket so that neither rate limits
// nor the network count.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import net from 'node:net';

export const RELEASE = process.env.VIVIM_BINARY ?? 'build/release/vivim';
const TICKS_PER_SECOND = 100; // USER_HZ on Linux

// CPU seconds (user and system) of a process and all its threads; with its living descendants when `tree`.
export function cpuSeconds(pid, tree = false) {
    const own = (p) => {
        try {
            const fields = readFileSync(`/proc/${p}/stat`, 'utf8').split(') ')[1].split(' ');
            const waited = tree ? Number(fields[13]) + Number(fields[14]) : 0; // ended children
            return (Number(fields[11]) + Number(fields[12]) + waited) / TICKS_PER_SECOND;
        } catch {
            return 0;
        }
    };
    return (tree ? descendants(pid) : [pid]).reduce((sum, p) => sum + own(p), 0);
}

// The same in microseconds and without rounding to ticks, of the threads that live now.
export function cpuMicros(pid) {
    return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
        try {
            return sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1000;
        } catch {
            return sum; // it has ended
        }
    }, 0);
}

export function descendants(pid) {
    const parents = new Map();
    for (const name of readdirSync('/proc')) {
        if (!/^\d+$/.test(name)) continue;
        try {
            parents.set(Number(name), Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1].split(' ')[1]));
        } catch { /* it has ended */ }
    }
    const all = [pid];
    for (let i = 0; i < all.length; i++) for (const [p, parent] of parents) if (parent === all[i]) all.push(p);
    return all;
}

export function residentKiB(pid) {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}

export const median = (xs) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)];
export const spread = (xs) => `${Math.min(...xs).toFixed(2)}–${Math.max(...xs).toFixed(2)}`;

// A process that is ready when it has printed `ready`; all that it had printed until then is its `greeting`.
export function startProcess(file, argv, env, ready) {
    const child = spawn(file, argv, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
    process.on('exit', () => child.kill()); // also when a figure could not be taken
    return new Promise((resolve, reject) => {
        child.on('error', reject);
        child.on('close', (code) => reject(new Error(`${file} ended with ${code}`)));
        let out = '';
        child.stdout.on('data', (d) => {
            out += d;
            if (ready.test(out)) resolve(Object.assign(child, { greeting: out }));
        });
    });
}

export async function stop(child) {
    if (child.exitCode !== null || child.signalCode !== null) return; // nobody will tell us again
    const ended = new Promise((resolve) => child.on('close', resolve));
    child.removeAllListeners('close');
    child.on('close', () => {});
    const done = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await Promise.race([done, ended]);
}

// One keep-alive connection that sends `request()` again and again, one at a time, until `until` says so.
function connection(path, request, until, counts) {
    return new Promise((resolve, reject) => {
        const socket = net.connect(path);
        let buffer = Buffer.alloc(0), need = -1;
        const send = () => (until() ? socket.end() : socket.write(request()));
        socket.on('connect', send);
        socket.on('error', reject);
        socket.on('close', resolve);
        socket.on('data', (data) => {
            buffer = buffer.length ? Buffer.concat([buffer, data]) : data;
            for (;;) {
                if (need < 0) {
                    const end = buffer.indexOf('\r\n\r\n');
                    if (end < 0) return;
                    const head = buffer.toString('latin1', 0, end);
                    const status = Number(head.slice(9, 12));
                    counts[status] = (counts[status] ?? 0) + 1;
                    need = end + 4 + Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
                }
                if (buffer.length < need) return;
                counts.bytes = (counts.bytes ?? 0) + need;
                buffer = buffer.subarray(need);
                need = -1;
                send();
                if (!buffer.length) return;
            }
        });
    });
}

// `clients` connections for `ms` milliseconds: { counts by status, seconds, cpu } of the server process `pid`.
export async function load({ path, pid, clients, ms, request, tree = false }) {
    const counts = {};
    const end = Date.now() + ms, cpu = cpuSeconds(pid, tree), begin = process.hrtime.bigint();
    await Promise.all(Array.from({ length: clients }, () => connection(path, request, () => Date.now() > end, counts)));
    const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
    const ok = Object.entries(counts).filter(([s]) => /^2/.test(s)).reduce((sum, [, n]) => sum + n, 0);
    const bad = Object.entries(counts).filter(([s]) => /^[45]/.test(s));
    if (bad.length || !ok) throw new Error(`answers that do not count: ${JSON.stringify(counts)}`);
    return { ok, seconds, cpu: cpuSeconds(pid, tree) - cpu, bytes: counts.bytes };
}

// The same by bench/load.c, whose clients cost a fifth of ours: eight # in a row in the request become a number that counts.
// { ok, seconds, cpu (of the server), bytes, p50_us, p99_us, max_us }
const LOAD = 'build/release/bench/load';
export function buildLoad() {
    execFileSync('make', ['--no-print-directory', '-s', 'MODE=release', LOAD], { stdio: 'inherit' });
}
export async function loadFast({ path, pid = 0, clients, ms, request, tree = false }) {
    const cpu = cpuSeconds(pid, tree);
    const child = spawn(LOAD, [path, String(clients), String(ms)], { stdio: ['pipe', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (d) => (out += d));
    child.stdin.end(request);
    const code = await new Promise((resolve) => child.on('close', resolve));
    if (code !== 0) throw new Error(`${LOAD} ended with ${code}`);
    const r = JSON.parse(out);
    if (r.bad || !r.ok) throw new Error(`answers that do not count: ${out}`);
    return { ...r, cpu: cpuSeconds(pid, tree) - cpu };
}

// One answer's body.
export function fetchOver(path, text) {
    return new Promise((resolve, reject) => {
        const socket = net.connect(path, () => socket.write(text.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')));
        let all = '';
        socket.setEncoding('utf8');
        socket.on('data', (d) => (all += d));
        socket.on('error', reject);
        socket.on('close', () => {
            const end = all.indexOf('\r\n\r\n');
            if (!/^HTTP\/1\.1 200/.test(all)) reject(new Error(all.slice(0, 300)));
            else resolve(/transfer-encoding: chunked/i.test(all.slice(0, end)) ? unchunk(all.slice(end + 4)) : all.slice(end + 4));
        });
    });
}

const unchunk = (text) => {
    let out = '';
    for (let at = 0; ;) {
        const line = text.indexOf('\r\n', at), n = parseInt(text.slice(at, line), 16);
        if (!n) return out;
        out += text.slice(line + 2, line + 2 + n);
        at = line + 4 + n;
    }
};

// A figure of /metrics without labels.
export async function metric(path, name) {
    const text = await fetchOver(path, 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
    return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1] ?? NaN);
}

export const http = (method, target, headers = {}, body = '') =>
    `${method} ${target} HTTP/1.1\r\nHost: localhost\r\n${Object.entries(headers).map(([k, v]) => `${k}: ${v}\r\n`).join('')}` +
    `${body || method !== 'GET' ? `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` : ''}\r\n${body}`;

// Print a row of the table of docs/performance.md and keep it for the summary.
export const rows = [];
export function row(figure, ours, peer, ratio, floor, aim) {
    rows.push({ figure, ours, peer, ratio, floor, aim });
    console.log(`${figure}\n    ours ${ours}   peer ${peer}   ratio ${ratio}   (floor ${floor}, aim ${aim})`);
}
