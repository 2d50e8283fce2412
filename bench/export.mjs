// Everything out as one archive: 10,000 made-up conversations, MB of vivim.conversation/1 for each second of the server's processor time, and
// the most memory that it took. Beside it, in the same run: node's zlib over the same bytes at its fastest level, which reads no rows
// and hashes nothing.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { deflateRawSync } from 'node:zlib';
import { startVivim } from './archive.mjs';
import { row } from './lib.mjs';

const CONVERSATIONS = Number(process.env.EXPORT_CONVERSATIONS ?? 10_000), MESSAGES = 12;
const TICKS = 100; // of /proc: sysconf(_SC_CLK_TCK) on Linux

const cpuSeconds = (pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
};
const peakMegabytes = (pid) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1000;

// A small generator from a seed: the same archive every time. Words with the weights of language, code now and then.
function* words(seed) {
    const list = ('the of and to in is that it for as with on be at by this from or an are not you can which have if will when there use more than one all time so other '
        + 'water tide harbour query index commit server client memory value function return number result because between through example answer question measure').split(' ');
    for (let x = seed >>> 0; ;) {
        x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
        yield list[Math.floor((x / 2 ** 32) ** 1.7 * list.length)] + ((x & 63) === 0 ? (x % 9973) : '');
    }
}

function fill(data, owner) {
    const db = new DatabaseSync(join(data, 'vivim.db'));
    db.exec('PRAGMA busy_timeout = 10000; BEGIN');
    const c = db.prepare("INSERT INTO conversation (owner_id, id, provider, origin_id, title, title_own, model, source_kind, hash, findings, version, message_count, created_ms, captured_ms, stored_ms) VALUES (?, ?, 'chatgpt', ?, ?, FALSE, 'gpt-5-2', 'export', ?, '[]', 1, ?, 1769130000000, 1769130000000, 1769130000000)");
    const m = db.prepare("INSERT INTO message (owner_id, id, conversation_id, parent_id, position, origin_id, role, created_ms, hidden, on_path, blocks, hash, version) VALUES (?, ?, ?, ?, ?, ?, ?, 1769130000000, FALSE, TRUE, ?, ?, 1)");
    const word = words(7), text = (n) => Array.from({ length: n }, () => word.next().value).join(' ');
    const id = (...parts) => createHash('md5').update(parts.join('/')).digest();
    const hash = (...parts) => `sha256:${createHash('sha256').update(parts.join('/')).digest('hex')}`;
    for (let i = 0; i < CONVERSATIONS; i++) {
        const conversation = id('c', i);
        c.run(owner, conversation, `origin-${i}`, text(6), hash(i), MESSAGES);
        let parent = null;
        for (let k = 0; k < MESSAGES; k++) {
            const own = id('m', i, k);
            const blocks = k % 2 ? [{ type: 'text', markdown: text(220) }, { type: 'code', language: 'c', code: text(60).replace(/(\w+ \w+ \w+) /g, '$1;\n    ') }, { type: 'text', markdown: text(90) }] : [{ type: 'text', markdown: text(30) }];
            m.run(owner, own, conversation, parent, k, own.toString('hex'), k % 2 ? 'assistant' : 'user', JSON.stringify(blocks), hash(i, k));
            parent = own;
        }
    }
    db.exec('COMMIT');
    db.close();
}

async function take(url, token) {
    const parts = [];
    const answer = await fetch(`${url}/api/v1/exports?${new URLSearchParams({ all: 'true', ...token.query })}`, { headers: { authorization: `Bearer ${token.text}` } });
    if (answer.status !== 200) throw new Error(await answer.text());
    let bytes = 0;
    for await (const part of answer.body) {
        bytes += part.length;
        if (token.keep) parts.push(part);
    }
    return token.keep ? Buffer.concat(parts) : bytes;
}

export default async function bench() {
    const vivim = await startVivim();
    try {
        const me = await (await fetch(`${vivim.url}/api/v1/me`, { headers: { authorization: `Bearer ${vivim.token}` } })).json();
        fill(vivim.data, Buffer.from(me.user.id.replaceAll('-', ''), 'hex'));
        const before = peakMegabytes(vivim.pid);
        await take(vivim.url, { text: vivim.token, query: { form: 'archive' } }); // once, that the files are in the system's cache
        writeFileSync(`/proc/${vivim.pid}/clear_refs`, '5'); // the peak begins again
        const rates = [];
        let text = null;
        for (let round = 0; round < 3; round++) {
            const begin = cpuSeconds(vivim.pid);
            await take(vivim.url, { text: vivim.token, query: { form: 'archive' } });
            rates.push(cpuSeconds(vivim.pid) - begin);
        }
        const peak = peakMegabytes(vivim.pid);
        text = await take(vivim.url, { text: vivim.token, query: { form: 'jsonl' }, keep: true });
        const megabytes = text.length / 1e6, ours = megabytes / Math.min(...rates);
        const begin = process.cpuUsage();
        for (let at = 0; at < text.length; at += 1 << 20) deflateRawSync(text.subarray(at, at + (1 << 20)), { level: 1 });
        const used = process.cpuUsage(begin), peer = megabytes / ((used.user + used.system) / 1e6);
        row(`export of ${CONVERSATIONS} conversations (${megabytes.toFixed(0)} MB) as an archive, against zlib at level 1 alone`, `${ours.toFixed(0)} MB/CPU-s`, `${peer.toFixed(0)} MB/CPU-s`, (ours / peer).toFixed(2), '50 MB/s', '150 MB/s');
        row(`most memory of the server meanwhile (before: ${before.toFixed(0)} MB)`, `${peak.toFixed(0)} MB`, '–', '–', '100 MB', '50 MB');
    } finally {
        await vivim.stop();
    }
}
