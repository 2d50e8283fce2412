// Sessions of Engine.IO at their end, against the release build, by the product's own path: the order in which two connections
// arrive decides nothing, and a WebSocket that nobody can use is let in and closed.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { exchange, openPolling, openSocket } from '../lib/realtime.mjs';
import { startRelease } from './release.mjs';

const PATH = '/socket.io/', ROUNDS = 200;

describe('sessions that end', () => {
    let server;
    before(async () => { server = await startRelease(); });
    after(async () => assert.equal(await server.stop(), 0));

    test('13 a poll and the close packet sent together: the poll is always answered with a noop, once', async () => {
        for (let i = 0; i < ROUNDS; i++) {
            const session = await openPolling(server.url, PATH);
            const both = [() => session.poll(), () => session.post('1')];
            const answers = await Promise.all((i % 2 ? both : both.toReversed()).map((send) => send()));
            assert.deepEqual(answers.map(({ status, body }) => `${status} ${body}`).toSorted(), ['200 6', '200 ok'], `round ${i}`);
            assert.equal((await session.poll()).status, 400);
        }
    });
    test('13 a WebSocket with the id of an upgraded session is let in and closed, and the session lives on', async () => {
        const session = await openPolling(server.url, PATH), first = await openSocket(server.url, PATH, { sid: session.sid });
        first.send('2probe', '5');
        assert.equal(await first.next(), '3probe');
        const second = await openSocket(server.url, PATH, { sid: session.sid });
        assert.equal(second.refused, false);
        assert.equal((await second.closed()).code, 1005);
        first.send('40/nowhere,');
        assert.match(await first.next(), /^44\/nowhere,/);
        first.close();
        assert.equal((await exchange(server.url, 'GET', session.target)).status, 400);
    });
});
