// What grows with the store: the same requests with few and with many messages of one account, and with few and many accounts.
// bench/fill.c puts them in through the archive's own door. All clients are bench/load.c over the Unix socket, each with one
// request in flight; one loop serves them. CPU µs of the server for each request, all its threads: what the consumers of the log
// do for a write is in it. MESSAGES (1000 at least) and ACCOUNTS (numbers parted by commas) ask for other sizes.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startVivim } from './archive.mjs';
import { buildLoad, cpuMicros, fetchOver, http, loadFast, median, residentKiB, row } from './lib.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 3), MS = 1000, MANY = 500, EACH = 20;
const sizes = (name, usual) => (process.env[name] ?? usual).split(',').map(Number);
const MESSAGES = sizes('MESSAGES', '1000,1000000'), ACCOUNTS = sizes('ACCOUNTS', '1,100,10000');

// The index is a consumer of the log: all is in it when the word of the last message is found. Until it has begun it says 503.
async function indexed(ask, last) {
    const found = async () => {
        try {
            return (await ask(`/api/v1/search?q=m${last}`)).items.length > 0;
        } catch (e) {
            if (/^HTTP\/1\.1 503/.test(e.message)) return false;
            throw e;
        }
    };
    while (!(await found())) await wait(500);
}

async function conversations(ask, most) {
    const all = [];
    for (let cursor = ''; cursor !== null && all.length < most;) {
        const page = await ask(`/api/v1/conversations?limit=200${cursor && `&cursor=${cursor}`}`);
        all.push(...page.items.map((c) => c.id));
        cursor = page.next_cursor;
    }
    return all;
}

async function measure(filled) {
    const server = await startVivim({ VIVIM_LOOPS: '1' }, filled), auth = { Authorization: `Bearer ${server.token}` };
    const get = (target) => http('GET', target, auth), ask = async (target) => JSON.parse(await fetchOver(server.socket, get(target)));
    const total = filled.messages + (filled.accounts - 1) * filled.each;
    await indexed(ask, total - 1);
    const ids = await conversations(ask, MANY), one = `/api/v1/conversations/${ids[0]}`;
    const { cursor } = await ask('/api/v1/changes'), { next_cursor: page } = await ask('/api/v1/conversations?limit=50');
    const rename = (id) => http('PATCH', `/api/v1/conversations/${id}`, auth, '{"title":"title ########"}');
    await loadFast({ path: server.socket, clients: 8, ms: 300, request: ids.map(rename).join('\0') });
    const figures = {
        'read, kept': [32, get(`${one}/messages`)],
        [`read, each of ${MANY} conversations, missed`]: [32, ids.map((id) => get(`/api/v1/conversations/${id}/messages?cursor=########__8`)).join('\0')],
        'list, first page of 50': [8, get('/api/v1/conversations?limit=50')],
        'list, second page of 50': [8, get(`/api/v1/conversations?limit=50&cursor=${page}`)],
        'search, a word of one message': [8, get(`/api/v1/search?q=m${total - Math.ceil(filled.messages / 2)}`)],
        'search, a word of half of all messages': [8, get('/api/v1/search?q=re')],
        'changes, 50 since a cursor': [8, get(`/api/v1/changes?after=${encodeURIComponent(cursor)}&limit=50`)],
        'write, one client': [1, rename(ids[0])],
        [`write, 64 clients, ${MANY} conversations`]: [64, ids.map(rename).join('\0')],
    };
    const result = { 'idle memory, MB': residentKiB(server.pid) / 1024, 'store, MB': ['vivim.db', 'index.db'].reduce((n, f) => n + statSync(join(server.data, f)).size, 0) / 1e6 };
    for (const [name, [clients, request]] of Object.entries(figures)) {
        const cpu = [];
        for (let i = 0; i < ROUNDS; i++) {
            const before = cpuMicros(server.pid), r = await loadFast({ path: server.socket, clients, ms: MS, request });
            cpu.push((cpuMicros(server.pid) - before) / r.ok);
        }
        result[`${name}, CPU µs`] = median(cpu);
    }
    await server.stop();
    return result;
}

const number = (n) => (n < 10 ? n.toFixed(2) : n.toFixed(1));
async function compare(what, counts, filledOf) {
    const all = [];
    for (const n of counts) all.push(await measure(filledOf(n)));
    for (const name of Object.keys(all[0])) {
        const values = all.map((r) => r[name]);
        row(`${name}: with ${counts.join(', ')} ${what}`, values.slice(1).map(number).join(', '), number(values[0]), `${(values.at(-1) / values[0]).toFixed(2)}x`, '–', '–');
    }
}

export default async function growth() {
    buildLoad();
    await compare('messages', MESSAGES, (messages) => ({ messages, accounts: 1, each: 0 }));
    await compare(`accounts of ${EACH} messages beside one of 1000`, ACCOUNTS, (accounts) => ({ messages: 1000, accounts, each: EACH }));
}
