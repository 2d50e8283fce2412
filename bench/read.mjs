// Reading a conversation over HTTP: CPU of the server for each request, beside fastify + better-sqlite3, which serves the same
// JSON from its own rows with the same checks (a token looked up by its hash, the owner in the key), and beside nginx, which
// sends the same bytes out of a file and checks nothing. The clients are bench/load.c over Unix sockets, each with one request
// in flight; one loop serves them, one process of nginx, one of node.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startVivim } from './archive.mjs';
import { buildLoad, cpuMicros, descendants, fetchOver, http, loadFast, median, metric, row, spread, startProcess, stop } from './lib.mjs';

const ROUNDS = 5, CLIENTS = 32, MS = 2000;

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
    const root = join(folder, 'nginx'), path = join(folder, 'nginx.sock'), conf = join(root, 'nginx.conf');
    mkdirSync(root, { recursive: true });
    writeFileSync(join(root, 'page.json'), body);
    writeFileSync(conf, `${process.getuid() === 0 ? 'user root; ' : ''}daemon off; worker_processes 1; error_log stderr error; pid ${root}/pid;
        events { worker_connections 1024; }
        http { access_log off; keepalive_requests 1000000000; keepalive_timeout 600; open_file_cache max=16; etag on; sendfile on;
            ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((n) => `${n}_temp_path ${root}/${n};`).join(' ')}
            server { listen unix:${path}; location = ${target} { default_type application/json; alias ${root}/page.json; } } }`);
    const child = await startProcess('sh', ['-c', `(until [ -S ${path} ]; do :; done; echo ready) & exec nginx -c ${conf} -p ${root}`], {}, /ready/);
    if (await fetchOver(path, http('GET', target)) !== body) throw new Error('nginx does not serve the same bytes');
    return { child, path, pids: () => descendants(child.pid) };
}

export default async function read() {
    buildLoad();
    const ours = await startVivim();
    ours.vivim(['sample', 'add']);
    const auth = { Authorization: `Bearer ${ours.token}` };
    const conversations = JSON.parse(await fetchOver(ours.socket, http('GET', '/api/v1/conversations', auth))).items;
    const id = conversations.find((c) => /tides/.test(c.title)).id;
    const target = `/api/v1/conversations/${id}/messages`;
    const body = await fetchOver(ours.socket, http('GET', target, auth));
    const fastify = await startFastify(ours, id, JSON.parse(body).items, target, auth), nginx = await startNginx(ours.data, target, body);

    const request = http('GET', target, auth);
    const sides = [{ path: ours.socket, pids: () => [ours.pid] }, fastify, nginx].map((s) => ({ ...s, cpu: [] }));
    for (const s of sides) await loadFast({ ...s, clients: CLIENTS, ms: 1000, request }); // warm up
    for (let i = 0; i < ROUNDS; i++)
        for (const s of sides) {
            const pids = s.pids(), sum = () => pids.reduce((n, pid) => n + cpuMicros(pid), 0), before = sum();
            const r = await loadFast({ ...s, clients: CLIENTS, ms: MS, request });
            s.cpu.push((sum() - before) / r.ok);
        }
    const [a, b, c] = sides.map((s) => s.cpu), us = (xs) => `${median(xs).toFixed(1)} (${spread(xs)})`;
    const hits = await metric(ours.socket, 'vivim_page_cache_hits_total'), misses = await metric(ours.socket, 'vivim_page_cache_misses_total');
    const what = `read a conversation (${body.length} bytes, ${CLIENTS} clients over a Unix socket, ${((hits / (hits + misses)) * 100).toFixed(1)} % of them kept), CPU µs of the server`;
    const times = b.map((x, i) => x / a[i]), parts = a.map((x, i) => x / c[i]);
    row(`${what}, against fastify + better-sqlite3`, us(a), us(b), `${median(times).toFixed(2)}x (${spread(times)})`, '5x', '6x');
    row(`${what}, against nginx that sends a file`, us(a), us(c), `${median(parts).toFixed(2)} (${spread(parts)})`, '2', '1.4');
    await stop(fastify.child);
    await stop(nginx.child);
    await ours.stop();
}
