// A store that hangs, or is away: what needs none is answered, the rest is told so in time, stopping works, and
// everything goes on by itself afterwards. PostgreSQL is stopped, ended, or cut off; SQLite's file is locked by another
// process.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { database, postgres, query, swallowingProxy } from '../lib/postgres.mjs';
import { ask, crowd, isAway, isPublic, needsNoStore, notReady, readyAgain, stopsInTime, BOUNDED_MS } from '../lib/store_hangs.mjs';
import { once } from 'node:events';
import { io } from 'socket.io-client';
import { command, BINARY, cleanEnvironment, signIn, startServer, tempFolder } from '../lib/server.mjs';

if (process.env.VIVIM_TEST_PG_URL) describe('PostgreSQL', () => {
    let pg, number = 0;
    before(async () => (pg = await postgres()));
    after(() => pg.stop());
    const start = async (url) => startServer({ env: { VIVIM_DATABASE_URL: url ?? await database(pg, `hangs_${number++}`), VIVIM_WORKERS: '8' } });

    test('a server that hangs holds up nobody who needs no store, and everybody else is told in time', async () => {
        const server = await start();
        const me = await signIn(server);
        const socket = io(server.url, { transports: ['polling'], forceNew: true, extraHeaders: { cookie: me.cookie, origin: server.url } });
        await once(socket, 'connect');
        pg.pause();
        try {
            await needsNoStore(server);
            await notReady(server);
            for (const answer of await crowd(server, me)) isAway(answer);
            const answer = await socket.timeout(BOUNDED_MS).emitWithAck('changes', { after: '0.0' });
            assert.equal(answer.error.code, 'store_unavailable');
            isPublic(JSON.stringify(answer));
        } finally {
            pg.resume();
        }
        await readyAgain(server);
        assert.equal((await me.json('GET', '/api/v1/me')).status, 200);
        const heard = new Promise((resolve) => socket.on('change', (c) => c.items.some((i) => i.entity === 'token') && resolve()));
        assert.equal((await me.json('POST', '/api/v1/tokens', { name: 'after' })).status, 201);
        await heard; // consumers go on, and the socket has stayed
        assert.ok(socket.connected);
        socket.close();
        await stopsInTime(server);
    });

    test('stopping works while it hangs, with requests under way', async () => {
        const server = await start();
        const me = await signIn(server);
        pg.pause();
        try {
            const waiting = Array.from({ length: 20 }, () => ask(server.url, '/api/v1/captures', { ms: BOUNDED_MS, headers: { cookie: me.cookie } }).catch((e) => e));
            await needsNoStore(server);
            await stopsInTime(server);
            await Promise.all(waiting);
        } finally {
            pg.resume();
        }
    });

    test('stopping works while a start waits for it', async () => {
        const url = await database(pg, `hangs_${number++}`), proxy = await swallowingProxy(url), data = tempFolder();
        proxy.swallow = true;
        const { code, stderr } = await command('timeout', ['-s', 'TERM', '-k', '20', '1', BINARY, 'serve', '--data', data],
            { env: cleanEnvironment({ VIVIM_DATABASE_URL: proxy.url, VIVIM_LISTEN: '127.0.0.1:0' }), check: false });
        assert.equal(code, 124, stderr); // ended by TERM; `timeout` says otherwise after a KILL
        proxy.close();
    });

    test('a network that swallows everything is the same, and old connections that stay dead are replaced', async () => {
        const proxy = await swallowingProxy(await database(pg, `hangs_${number++}`));
        const server = await start(proxy.url);
        const me = await signIn(server);
        proxy.swallow = true;
        await notReady(server);
        for (const answer of await crowd(server, me, 30)) isAway(answer);
        proxy.swallow = false;
        await readyAgain(server);
        assert.equal((await me.json('POST', '/api/v1/tokens', { name: 'after' })).status, 201);
        await stopsInTime(server);
        proxy.close();
    });

    test('a table that another session holds is waited for with an end', async () => {
        const url = await database(pg, `hangs_${number++}`), server = await start(url), me = await signIn(server);
        const holding = command('psql', ['-q', '-d', url, '-c', 'BEGIN; LOCK TABLE job IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(3600)'], { env: process.env, check: false });
        while ((await query(url, `SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'job'::regclass`)) === '0');
        const answer = await ask(server.url, '/api/v1/captures', { ms: BOUNDED_MS, headers: { cookie: me.cookie } });
        assert.equal(answer.status, 503, answer.text);
        await needsNoStore(server);
        await query(pg.url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK%' AND pid <> pg_backend_pid()`);
        await holding;
        await stopsInTime(server);
    });

    test('an outage is 503 with Retry-After and without an address, and it goes on by itself', async () => {
        const server = await start(), me = await signIn(server);
        await pg.end();
        try {
            await needsNoStore(server);
            await notReady(server);
            isAway(await ask(server.url, '/api/v1/me', { headers: { cookie: me.cookie } }));
            isAway(await ask(server.url, '/api/v1/tokens', { method: 'POST', headers: { cookie: me.cookie, origin: server.url, 'content-type': 'application/json' }, body: '{"name":"x"}' }));
            assert.match(server.log(), /127\.0\.0\.1/); // the log says where
        } finally {
            await pg.begin();
        }
        await readyAgain(server);
        assert.equal((await me.json('GET', '/api/v1/me')).status, 200);
        await stopsInTime(server);
    });

    test('a connection that the server ends, or does not give, is an outage too', async () => {
        const name = `hangs_${number++}`, url = new URL(await database(pg, name));
        await query(pg.url, `CREATE ROLE ${name} LOGIN`); // who is no superuser, and has a limit
        await query(pg.url, `ALTER DATABASE ${name} OWNER TO ${name}`);
        url.username = name;
        const server = await start(url.href), me = await signIn(server);
        await query(pg.url, `ALTER ROLE ${name} CONNECTION LIMIT 0`);
        await query(pg.url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${name}'`);
        for (let i = 0; i < 10; i++) // the first ones find their connections ended, the others get none
            isAway(await ask(server.url, '/api/v1/captures', { ms: BOUNDED_MS, headers: { cookie: me.cookie } }));
        assert.match(server.log(), /too many connections/);
        await query(pg.url, `ALTER ROLE ${name} CONNECTION LIMIT -1`);
        await readyAgain(server);
        await stopsInTime(server);
    });
});
else describe('SQLite', () => {
    test('a file that another process has locked holds up nobody who only reads, nor the stop', async () => {
        const server = await startServer();
        const me = await signIn(server);
        const { DatabaseSync } = await import('node:sqlite'); // here alone: it warns that it is new
        const other = new DatabaseSync(join(server.data, 'vivim.db'));
        other.exec('PRAGMA busy_timeout = 10000; BEGIN EXCLUSIVE'); // the server may be writing just then
        try {
            const writes = Array.from({ length: 100 }, (_, i) => ask(server.url, '/api/v1/tokens', { ms: BOUNDED_MS, method: 'POST',
                headers: { cookie: me.cookie, origin: server.url, 'content-type': 'application/json' }, body: JSON.stringify({ name: `t${i}` }) }).catch((e) => e));
            await needsNoStore(server);
            assert.equal((await ask(server.url, '/readyz')).status, 200);
            assert.equal((await ask(server.url, '/api/v1/me', { headers: { cookie: me.cookie } })).status, 200);
            await stopsInTime(server);
            for (const answer of await Promise.all(writes)) assert.ok(answer instanceof Error || answer.status === 503 || answer.status === 429, answer.text);
        } finally {
            other.close();
        }
    });
});
