// Many small messages at a time, to sockets on both loops: they leave the server together, and nothing of it is lost, doubled or
// out of order; the same while writes are committed, whose answers come from the committer's hand. ThreadSanitizer runs this too.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { addConversations, signIn } from '../lib/server.mjs';
import { eventually, openSocket, PATIENT, REFERENCE, startRealtime } from '../lib/realtime.mjs';

// More than the first loop keeps for itself (src/net/placement.h).
const SOCKETS = 24, AT_ONCE = 8, WRITERS = 8, WRITES_EACH = 6;

async function joined(url, options) {
    const socket = await openSocket(url, '/socket.io/', {}, options);
    await socket.next(); // the handshake
    socket.send('40');
    for (let m = ''; !m.startsWith('40');) m = await socket.next();
    return socket;
}

function atOnce(socket, messages) {
    socket.ws._socket.cork();
    socket.send(...messages);
    socket.ws._socket.uncork();
}

const events = (socket, name) => socket.arrived.filter((m) => m.startsWith(`42["${name}"`));

describe('many small messages at a time', { skip: REFERENCE && 'the reference has one loop' }, () => {
    let server, sockets;
    before(async () => {
        server = await startRealtime(PATIENT);
        sockets = [];
        for (let i = 0; i < SOCKETS; i++) sockets.push(await joined(server.url));
    });
    after(async () => {
        for (const socket of sockets) socket.close();
        assert.equal(await server.stop(), 0);
    });

    test('echoes come back in order, small ones and large ones among them', async () => {
        const messages = Array.from({ length: 4 * AT_ONCE }, (_, i) => `42["message",${i},"${'x'.repeat(i % 5 === 4 ? 5000 : i)}"]`);
        for (const socket of sockets) atOnce(socket, messages);
        const wanted = messages.map((m) => m.replace('message', 'message-back'));
        for (const socket of sockets) {
            await eventually(() => events(socket, 'message-back').length >= wanted.length);
            assert.deepEqual(events(socket, 'message-back'), wanted);
        }
    });
    test('what goes to all comes to all, once and in one order', async () => {
        sockets.forEach((socket, s) => atOnce(socket, Array.from({ length: AT_ONCE }, (_, i) => `42["broadcast","${s}-${i}"]`)));
        const [first] = sockets;
        for (const socket of sockets) await eventually(() => events(socket, 'broadcast-back').length >= SOCKETS * AT_ONCE);
        for (const socket of sockets) assert.deepEqual(events(socket, 'broadcast-back'), events(first, 'broadcast-back'));
        assert.equal(new Set(events(first, 'broadcast-back')).size, SOCKETS * AT_ONCE);
    });
});

describe('writes beside them', { skip: REFERENCE && 'ours alone' }, () => {
    test('a writer reads what it wrote, and all sockets of the account hear of the last one', async () => {
        const server = await startRealtime(PATIENT);
        const ann = await signIn(server, 'ann');
        const ids = await addConversations(server, ann, WRITERS + 1);
        const sockets = [];
        for (let i = 0; i < SOCKETS; i++) sockets.push(await joined(server.url, { headers: { cookie: ann.cookie, origin: server.url } }));
        const rename = async (id, title) => assert.equal((await ann.json('PATCH', `/api/v1/conversations/${id}`, { title })).status, 200);
        await Promise.all(ids.slice(1).map(async (id, w) => {
            for (let i = 0; i < WRITES_EACH; i++) {
                await rename(id, `${w}-${i}`);
                assert.equal((await ann.json('GET', `/api/v1/conversations/${id}`)).body.title, `${w}-${i}`);
            }
        }));
        await rename(ids[0], 'the last');
        for (const socket of sockets) {
            await eventually(() => events(socket, 'change').some((m) => m.includes(ids[0])));
            const heard = events(socket, 'change').join();
            for (const id of ids) assert.ok(heard.includes(id));
        }
        for (const socket of sockets) socket.close();
        assert.equal(await server.stop(), 0);
    });
});
