// Reads beside writes: what they cost each other. All clients are bench/load.c over the Unix socket, each with one request in
// flight; one loop serves them. Writers rename the conversation that is read: each rename makes its kept pages useless.
import { startVivim } from './archive.mjs';
import { buildLoad, fetchOver, http, loadFast, median, metric, row, spread } from './lib.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 5), READERS = 32, WRITERS = 8, MANY_WRITERS = 64, MS = 2000;

export default async function mixed() {
    buildLoad();
    const server = await startVivim();
    server.vivim(['sample', 'add']);
    const auth = { Authorization: `Bearer ${server.token}` }, side = { path: server.socket, pid: server.pid, ms: MS };
    const { items } = JSON.parse(await fetchOver(server.socket, http('GET', '/api/v1/conversations', auth)));
    const { id } = items.find((c) => /tides/.test(c.title));
    const read = http('GET', `/api/v1/conversations/${id}/messages`, auth), write = http('PATCH', `/api/v1/conversations/${id}`, auth, '{"title":"title ########"}');
    const counted = async () => [await metric(server.socket, 'vivim_page_cache_hits_total'), await metric(server.socket, 'vivim_page_cache_misses_total')];

    const alone = [], reads = [], writes = [], hits = [], quiet = [], beside = [];
    await loadFast({ ...side, clients: READERS, request: read });
    for (let i = 0; i < ROUNDS; i++) {
        alone.push(await loadFast({ ...side, clients: READERS, request: read }));
        const before = await counted();
        const [r, w] = await Promise.all([loadFast({ ...side, clients: READERS, request: read }), loadFast({ ...side, clients: WRITERS, request: write })]);
        const after = await counted();
        reads.push(r);
        writes.push(w);
        hits.push((after[0] - before[0]) / (after[0] - before[0] + after[1] - before[1]));
        quiet.push((await loadFast({ ...side, clients: 1, request: read })).p99_us);
        beside.push((await Promise.all([loadFast({ ...side, clients: 1, request: read }), loadFast({ ...side, clients: MANY_WRITERS, request: write })]))[0].p99_us);
    }
    const rate = (all) => all.map((r) => r.ok / r.seconds), n = (xs) => Math.round(median(xs));
    const kept = rate(reads).map((x, i) => x / rate(alone)[i]), slower = beside.map((x, i) => x / quiet[i]);
    row(`reads a second of ${READERS} clients beside ${WRITERS} that rename the same conversation (${n(rate(writes))} writes a second, ${(median(hits) * 100).toFixed(0)} % of the reads found kept), against the reads alone`,
        n(rate(reads)), n(rate(alone)), `${median(kept).toFixed(2)}x (${spread(kept)})`, '–', '–');
    row(`p99 of a read (one client, µs) while ${MANY_WRITERS} write, against alone`, n(beside), n(quiet), `${median(slower).toFixed(2)}x (${spread(slower)})`, '–', '3x');
    await server.stop();
}
