// Reading a conversation over HTTP: CPU of the server for each request, beside fastify + better-sqlite3, which serves the same
// JSON from its own rows with the same checks (a token looked up by its hash, the owner in the key), and beside nginx, which
// sends the same bytes out of a file and checks nothing. The clients are bench/load.c, each with one request in flight; one
// loop serves them, one process of nginx, one of node. Over a Unix socket, then over TCP, where rates are counted (and high).
// Kept: the rendered page is found. Missed: each request names a cursor before the first message, another one each time, so
// that the page is rendered, kept and, when there is no room, dropped again; it is the same page.
import { mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { startVivim } from './archive.mjs';
import { buildLoad, cpuMicros, descendants, fetchOver, http, loadFast, median, metric, row, spread, startProcess, stop } from './lib.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 5), CLIENTS = 32, MS = 2000;

async function startFastify(ours, id, messages, target, auth) {
    const file = join(ours.data, 'peer.json'), path = join(ours.data, 'peer.sock');
    writeFileSync(file, JSON.stringify({ id, token: ours.token, messages }));
    const child = await startProcess(process.execPath, ['bench/peer_read.mjs', file, join(ours.data, 'peer.db'), path], {}, /ready/);
    const theirs = JSON.parse(await fetchOver(path, http('GET', target, auth)));
    if (JSON.stringify(theirs.items) !== JSON.stringify(messages)) throw new Error('the peer does not serve the same JSON');
    return { child, path, pids: () => [child.pid] };
}

// One worker, no log, the file kept open: as fast as it goes.
async function startNginx(folder, target, body) {
    const port = await freePort(), root = join(folder, 'nginx'), path = join(folder, 'nginx.sock'), conf = join(root, 'nginx.conf');
    mkdirSync(root, { recursive: true });
    writeFileSync(join(root, 'page.json'), body);
    writeFileSync(conf, `${process.getuid() === 0 ? 'user root; ' : ''}daemon off; worker_processes 1; error_log stderr error; pid ${root}/pid;
        events { worker_connections 1024; }
        http { access_log off; keepalive_requests 1000000000; keepalive_timeout 600; open_file_cache max=16; etag on; sendfile on;
            ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((n) => `${n}_temp_path ${root}/${n};`).join(' ')}
            server { listen unix:${path}; listen 127.0.0.1:${port}; location = ${target} { default_type application/json; alias ${root}/page.json; } } }`);
    const child = await startProcess('sh', ['-c', `(until [ -S ${path} ]; do kill -0 $$ || exit; sleep 0.01; done; echo ready) & exec nginx -c ${conf} -p ${root}`], {}, /ready/);
    if (await fetchOver(path, http('GET', target)) !== body) throw new Error('nginx does not serve the same bytes');
    return { child, path, tcp: `127.0.0.1:${port}`, pids: () => descendants(child.pid) };
}

const freePort = () => new Promise((resolve) => {
    const s = net.createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => resolve(port)); });
});

// The sides take turns; a warm-up of each first. Gives CPU µs a request of each, for every round.
async function measure(sides) {
    const cpu = sides.map(() => []);
    for (const s of sides) await loadFast({ ...s, clients: CLIENTS, ms: 1000 });
    for (let i = 0; i < ROUNDS; i++)
        for (const [k, s] of sides.entries()) {
            const pids = s.pids(), sum = () => pids.reduce((n, pid) => n + cpuMicros(pid), 0), before = sum();
            const r = await loadFast({ ...s, clients: CLIENTS, ms: MS });
            cpu[k].push((sum() - before) / r.ok);
        }
    return cpu;
}

const us = (xs) => `${median(xs).toFixed(1)} (${spread(xs)})`;
function compare(figure, a, b, unit, floor, aim) {
    const ratios = a.map((x, i) => (unit === 'x' ? b[i] / x : x / b[i]));
    row(figure, us(a), us(b), `${median(ratios).toFixed(2)}${unit} (${spread(ratios)})`, floor, aim);
}

export default async function read() {
    buildLoad();
    const ours = await startVivim({ VIVIM_LOOPS: '1', VIVIM_RATE_FACTOR: '1000000' });
    ours.vivim(['sample', 'add']);
    const auth = { Authorization: `Bearer ${ours.token}` };
    const conversations = JSON.parse(await fetchOver(ours.socket, http('GET', '/api/v1/conversations', auth))).items;
    const id = conversations.find((c) => /tides/.test(c.title)).id;
    const target = `/api/v1/conversations/${id}/messages`;
    const body = await fetchOver(ours.socket, http('GET', target, auth));
    const fastify = await startFastify(ours, id, JSON.parse(body).items, target, auth), nginx = await startNginx(ours.data, target, body);

    const request = http('GET', target, auth), missing = http('GET', `${target}?cursor=########__8`, auth);
    if (await fetchOver(ours.socket, missing.replace('########', '00000000')) !== body) throw new Error('a cursor before the first message gives another page');
    const self = { path: ours.socket, pids: () => [ours.pid] }, tcp = { path: new URL(ours.url).host.replace('localhost', '127.0.0.1'), pids: self.pids };
    const kept = async () => [await metric(ours.socket, 'vivim_page_cache_hits_total'), await metric(ours.socket, 'vivim_page_cache_misses_total')];
    const before = await kept();
    const [a, b, c] = await measure([{ ...self, request }, { ...fastify, request }, { ...nginx, request }]);
    const between = await kept();
    const [m, f] = await measure([{ ...self, request: missing }, { ...fastify, request: missing }]);
    const after = await kept();
    const [t, n] = await measure([{ ...tcp, request }, { ...nginx, path: nginx.tcp, request }]);
    const rate = (x, y) => ((100 * (y[0] - x[0])) / (y[0] - x[0] + y[1] - x[1])).toFixed(1);
    const what = `read a conversation (${body.length} bytes, ${CLIENTS} clients`;
    compare(`${what} over a Unix socket, ${rate(before, between)} % of them kept), CPU µs of the server, against fastify + better-sqlite3`, a, b, 'x', '5x', '6x');
    compare(`${what} over a Unix socket, kept), CPU µs of the server, against nginx that sends a file`, a, c, '', '2', '1.4');
    compare(`${what} over a Unix socket, missed: ${rate(between, after)} % of them kept), CPU µs of the server, against fastify + better-sqlite3`, m, f, 'x', '3x', '–');
    compare(`${what} over TCP, kept), CPU µs of the server, against nginx that sends a file`, t, n, '', '2', '1.5');
    await stop(fastify.child);
    await stop(nginx.child);
    await ours.stop();
}
