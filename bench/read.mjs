// Reading a conversation over HTTP: requests for each CPU-second of the server, beside fastify + better-sqlite3
// that serves the same JSON from its own rows with the same checks (a token looked up by its hash, the owner in the key).
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startVivim } from './archive.mjs';
import { http, load, median, row, spread, startProcess, stop } from './lib.mjs';

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

async function fetchOver(path, text) {
    const net = await import('node:net');
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
