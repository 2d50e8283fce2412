// Small durable writes (synchronous=FULL) over HTTP, of 64 clients and of one, beside the same server with one transaction
// for each. The clients are bench/load.c over the Unix socket, each with one request in flight; one loop serves them.
import { startVivim } from './archive.mjs';
import { buildLoad, fetchOver, http, loadFast, median, metric, row, spread } from './lib.mjs';

const ROUNDS = 5, MS = 2000;

async function round(side, clients) {
    const before = await metric(side.path, 'vivim_db_commits_total');
    const r = await loadFast({ ...side, clients, ms: MS });
    const commits = await metric(side.path, 'vivim_db_commits_total') - before;
    return { rate: r.ok / r.seconds, cpu: (r.cpu * 1e6) / r.ok, group: r.ok / commits, p99: r.p99_us };
}

export default async function write() {
    buildLoad();
    const sides = [];
    for (const env of [{}, { VIVIM_NO_GROUP_COMMIT: '1' }]) {
        const server = await startVivim(env);
        server.vivim(['sample', 'add']);
        const { items } = JSON.parse(await fetchOver(server.socket, http('GET', '/api/v1/conversations', { Authorization: `Bearer ${server.token}` })));
        const { id } = items.find((c) => /tides/.test(c.title));
        const request = http('PATCH', `/api/v1/conversations/${id}`, { Authorization: `Bearer ${server.token}` }, '{"title":"title ########"}');
        sides.push({ server, request, path: server.socket, pid: server.pid });
    }
    for (const [clients, floor, aim] of [[64, '3x', '5x'], [1, '0.9x', '1x']]) {
        for (const s of sides) await loadFast({ ...s, clients, ms: 1000 });
        const all = sides.map(() => []);
        for (let i = 0; i < ROUNDS; i++) for (const [k, s] of sides.entries()) all[k].push(await round(s, clients));
        const [a, b] = all, of = (rounds, name) => median(rounds.map((r) => r[name]));
        const ratios = a.map((r, i) => r.rate / b[i].rate);
        row(`durable small writes a second, ${clients} client${clients > 1 ? 's' : ''} over a Unix socket (${of(a, 'group').toFixed(clients > 1 ? 1 : 2)} writes in a COMMIT, ` +
            `${of(a, 'cpu').toFixed(1)} µs of CPU each, p99 ${(of(a, 'p99') / 1000).toFixed(1)} ms), against one transaction for each write`,
            `${Math.round(of(a, 'rate'))} (${spread(a.map((r) => r.rate / 1000))} thousand)`, Math.round(of(b, 'rate')), `${median(ratios).toFixed(2)}x (${spread(ratios)})`, floor, aim);
    }
    for (const s of sides) await s.server.stop();
}
