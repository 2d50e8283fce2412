// Reading a conversation over HTTP: requests for each CPU-second of the server, beside fastify + better-sqlite3
// that serves the same JSON from its own rows with the same checks (a token looked up by its hash, the owner in the key).
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startVivim } from './archive.mjs';
import { fetchOver, http, load, median, row, spread, startProcess, stop } from './lib.mjs';

const ROUNDS = 5, CLIENTS = 32, MS = 3000;

export default async function read() {
    const ours = await startVivim();
    ours.vivim(['sample', 'add']);
    const auth = { Authorization: `Bearer ${ours.token}` };
    const conversations = JSON.parse(await fetchOver(ours.socket, http('GET', '/api/v1/conversations', auth))).items;
    const id = conversations.find((c) => /tides/.test(c.title)).id;
    const target = `/api/v1/conversations/${id}/messages`;
    const body = await fetchOver(ours.socket, http('GET', target, auth));

    const peerFile = join(ours.data, 'peer.json');
    writeFileSync(peerFile, JSON.stringify({ id, token: ours.token, messages: JSON.parse(body).items }));
    const peerSocket = join(ours.data, 'peer.sock');
    const peer = await startProcess(process.execPath, ['bench/peer_read.mjs', peerFile, join(ours.data, 'peer.db'), peerSocket], {}, /ready/);
    const theirs = await fetchOver(peerSocket, http('GET', target, auth));
    if (JSON.stringify(JSON.parse(theirs)) !== JSON.stringify(JSON.parse(body))) throw new Error('the peer does not serve the same JSON');

    const request = () => http('GET', target, auth);
    const sides = [{ path: ours.socket, pid: ours.pid, rates: [] }, { path: peerSocket, pid: peer.pid, rates: [] }];
    for (const s of sides) await load({ ...s, clients: CLIENTS, ms: 1500, request }); // warm up
    for (let i = 0; i < ROUNDS; i++)
        for (const s of sides) {
            const r = await load({ ...s, clients: CLIENTS, ms: MS, request });
            s.rates.push(r.ok / r.cpu);
        }
    const [a, b] = sides.map((s) => s.rates);
    const ratios = a.map((x, i) => x / b[i]);
    row(`read a conversation (${body.length} bytes), requests for each CPU-second of the server, against fastify + better-sqlite3`,
        Math.round(median(a)), Math.round(median(b)), `${median(ratios).toFixed(2)}x (${spread(ratios)})`, '3x', '5x');
    await stop(peer);
    await ours.stop();
}
