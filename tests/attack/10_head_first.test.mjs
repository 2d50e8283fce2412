// 10, replayed: a request that will be refused is refused at its head.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { connect } from '../lib/raw.mjs';
import { signIn } from '../lib/server.mjs';
import { startRelease } from './release.mjs';

let server, owner, host;
before(async () => {
    server = await startRelease();
    owner = await signIn(server);
    host = new URL(server.url).host;
});
after(async () => assert.equal(await server.stop(), 0));

const head = (path, headers = {}) => `POST ${path} HTTP/1.1\r\n${Object.entries({ Host: host, 'Content-Type': 'application/json', 'Content-Length': 900_000, ...headers }).filter(([, v]) => v !== undefined).map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n`;
const CHUNKED = { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' };
const refused = () => [
    ['/api/v1/captures', {}, 401], ['/api/v1/captures', { Authorization: 'Bearer x' }, 401], ['/api/v1/captures', { Cookie: owner.cookie, Origin: 'https://evil.example' }, 403],
    ['/api/v1/nothing', {}, 404], ['/api/v1/me', {}, 405], ['/api/v1/captures', { Cookie: owner.cookie, Origin: server.url, 'Content-Length': 5e9 }, 413],
    ['/api/v1/auth/login', { 'Content-Type': 'text/plain', 'Content-Length': 50 }, 415], ['/api/v1/captures', { Host: 'evil.example' }, 421],
];

test('10a a head alone is refused, and 100 Continue is never sent before it', async () => {
    for (const [path, headers, status] of refused())
        for (const more of [{}, { Expect: '100-continue' }]) {
            const c = connect(server.url);
            await c.write(head(path, { ...headers, ...more }));
            assert.equal((await c.answer()).status, status, `${path} ${JSON.stringify(headers)}`);
            c.end();
        }
    const c = connect(server.url);
    await c.write(head('/api/v1/captures', { Cookie: owner.cookie, Origin: server.url, 'Content-Length': 2, Expect: '100-continue' }));
    assert.equal((await c.answer()).status, 100);
    await c.write('{}');
    assert.equal((await c.answer()).status, 422);
    c.end();
});

test('10a a payload of Engine.IO is read for a session that is there alone', async () => {
    for (const more of [{}, CHUNKED, { Expect: '100-continue' }, { ...CHUNKED, Expect: '100-continue' }])
        for (const sid of ['', '&sid=AAAAAAAAAAAAAAAAAAAAAA', '&sid=%00', '&sid=x'])
            for (const path of ['/socket.io/', '/engine.io/']) {
                const c = connect(server.url);
                await c.write(head(`${path}?EIO=4&transport=polling${sid}`, { 'Content-Type': 'text/plain', ...more }));
                assert.equal((await c.answer()).status, 400, `${path}${sid}`);
                c.end();
            }
});

test('10b two hundred strangers who send on leave no file and little memory', async () => {
    const { pid } = server.child;
    const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1]);
    const before = rss(), all = [];
    for (let i = 0; i < 200; i++) {
        const c = connect(server.url);
        await c.write(head('/api/v1/captures', i % 2 ? CHUNKED : {}));
        c.socket.write(i % 2 ? `c0000\r\n${'x'.repeat(0xb0000)}` : 'x'.repeat(800_000));
        all.push(c);
    }
    for (const c of all) assert.equal((await c.answer()).status, 401);
    const files = readdirSync(`/proc/${pid}/fd`).filter((fd) => { try { return readlinkSync(`/proc/${pid}/fd/${fd}`).includes('/body-'); } catch { return false; } });
    assert.deepEqual(files, []);
    assert.ok(rss() - before < 60_000, `${rss() - before} kB more`);
    for (const c of all) c.end();
});
