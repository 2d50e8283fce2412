// Small durable writes (synchronous=FULL) of 64 clients over HTTP, beside the same server with one transaction for each.
import { startVivim } from './archive.mjs';
import { http, load, median, row, spread } from './lib.mjs';

const ROUNDS = 5, CLIENTS = 64, MS = 3000;

export default async function write() {
    const sides = [];
    for (const env of [{}, { VIVIM_NO_GROUP_COMMIT: '1' }]) {
        const server = await startVivim(env);
        server.vivim(['sample', 'add']);
        const id = JSON.parse(server.vivim(['search', '--json', 'tide'])).items[0].conversation_id;
        let n = 0;
        const request = () => http('PATCH', `/api/v1/conversations/${id}`, { Authorization: `Bearer ${server.token}` }, `{"title":"title ${n++}"}`);
        sides.push({ server, request, path: server.socket, pid: server.pid, rates: [] });
    }
    for (const s of sides) await load({ ...s, clients: CLIENTS, ms: 1000 });
    for (let i = 0; i < ROUNDS; i++)
        for (const s of sides) {
            const r = await load({ ...s, clients: CLIENTS, ms: MS });
            s.rates.push(r.ok / r.seconds);
        }
    const [a, b] = sides.map((s) => s.rates);
    const ratios = a.map((x, i) => x / b[i]);
    row(`durable small writes a second, ${CLIENTS} clients over HTTP, against one transaction for each write`, Math.round(median(a)),
        Math.round(median(b)), `${median(ratios).toFixed(2)}x (${spread(ratios)})`, '3x', '5x');
    for (const s of sides) await s.server.stop();
}
