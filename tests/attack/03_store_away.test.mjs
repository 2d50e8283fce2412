// Point 3, from outside: an outage of PostgreSQL says so, and nothing of where it is.
import { after, before, describe, test } from 'node:test';
import { database, postgres } from '../lib/postgres.mjs';
import { ask, isAway, needsNoStore, notReady, readyAgain, stopsInTime } from '../lib/store_hangs.mjs';
import { signIn } from '../lib/server.mjs';
import { startRelease } from './release.mjs';

describe('3 an outage of PostgreSQL', () => {
    let pg;
    before(async () => (pg = await postgres()));
    after(() => pg.stop());

    test('3a is 503 with Retry-After and without an address, also on /readyz, and ends by itself', async () => {
        const server = await startRelease({ env: { VIVIM_DATABASE_URL: await database(pg, 'attack_3a') } });
        const me = await signIn(server);
        await pg.end();
        await needsNoStore(server);
        await notReady(server);
        for (const path of ['/api/v1/me', '/api/v1/captures', '/api/v1/conversations', '/api/v1/search?q=x', '/api/v1/changes', '/api/v1/auth/state', '/api/v1/sessions'])
            isAway(await ask(server.url, path, { headers: { cookie: me.cookie } }));
        for (const [path, body] of [['/api/v1/tokens', '{"name":"x"}'], ['/api/v1/auth/login', '{"handle":"nobody","password":"wrong-password"}']])
            isAway(await ask(server.url, path, { method: 'POST', headers: { cookie: me.cookie, origin: server.url, 'content-type': 'application/json', 'idempotency-key': 'k' }, body }));
        await pg.begin();
        await readyAgain(server);
        await stopsInTime(server);
    });
});
