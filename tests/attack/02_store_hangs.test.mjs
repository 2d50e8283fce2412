// Point 2, from outside: a PostgreSQL that hangs, be it stopped or behind a network that swallows everything.
import { after, before, describe, test } from 'node:test';
import { database, postgres, swallowingProxy } from '../lib/postgres.mjs';
import { crowd, isAway, needsNoStore, notReady, readyAgain, stopsInTime } from '../lib/store_hangs.mjs';
import { signIn } from '../lib/server.mjs';
import { startRelease } from './release.mjs';

describe('2 a PostgreSQL that hangs', () => {
    let pg;
    before(async () => (pg = await postgres()));
    after(() => pg.stop());

    test('2a stopped in its tracks: what needs no store is answered, the rest is told, and it goes on by itself', async () => {
        const server = await startRelease({ env: { VIVIM_DATABASE_URL: await database(pg, 'attack_2a') } });
        const me = await signIn(server);
        pg.pause();
        try {
            for (const answer of await crowd(server, me)) isAway(answer);
        } finally {
            pg.resume();
        }
        await readyAgain(server);
        await stopsInTime(server);
    });

    test('2b behind a network that swallows everything SIGTERM works, with requests under way', async () => {
        const proxy = await swallowingProxy(await database(pg, 'attack_2b'));
        const server = await startRelease({ env: { VIVIM_DATABASE_URL: proxy.url } });
        const me = await signIn(server);
        proxy.swallow = true;
        const waiting = crowd(server, me).catch(() => {}); // some are answered, some cut off
        await needsNoStore(server);
        await notReady(server);
        await stopsInTime(server);
        await waiting;
        proxy.close();
    });
});
