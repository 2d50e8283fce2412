// A server that speaks Engine.IO and Socket.IO, and clients for it that have no opinions of their own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import WebSocket from 'ws';
import { connect } from './raw.mjs';
import { startServer } from './server.mjs';

export const REFERENCE = process.env.VIVIM_REALTIME_REFERENCE === '1';
export const SEPARATOR = '\x1e';
const WAIT_MS = 30_000;

// What the public suites expect of a test server; `patient` for suites whose subject is not the heartbeat, so that a
// busy machine cannot end their connections.
export const QUICK = { pingIntervalMs: 300, pingTimeoutMs: 200, maxPayload: 1_000_000, connectTimeoutMs: 1000 };
export const PATIENT = { ...QUICK, pingIntervalMs: 60_000, pingTimeoutMs: 60_000, connectTimeoutMs: 60_000 };

// Our server, or the reference when `reference`: { url, pid, stop(signal) → exit status }.
export async function startRealtime({ reference = REFERENCE, test = true, port, data, keep, ...settings } = {}) {
    const options = { ...QUICK, ...settings, test };
    if (reference) return startReference({ ...options, port });
    const env = {
        VIVIM_LISTEN: `localhost:${port ?? 0}`, ...(test ? { VIVIM_TEST: '1' } : { VIVIM_TEST: '0' }),
        VIVIM_EIO_PING_INTERVAL_MS: String(options.pingIntervalMs), VIVIM_EIO_PING_TIMEOUT_MS: String(options.pingTimeoutMs),
        VIVIM_EIO_CONNECT_TIMEOUT_MS: String(options.connectTimeoutMs), VIVIM_EIO_MAX_PAYLOAD: String(options.maxPayload),
    };
    const server = await startServer({ env, data, keep });
    return Object.assign(server, { pid: server.child.pid });
}

async function startReference(options) {
    const child = spawn(process.execPath, [new URL('realtime_reference.mjs', import.meta.url).pathname, JSON.stringify(options)],
        { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'close').then(([code, signal]) => code ?? signal);
    const [line] = await Promise.race([once(child.stdout.setEncoding('utf8'), 'data'), exited.then((c) => { throw new Error(`the reference ended with ${c}`); })]);
    return {
        url: line.trim(), pid: child.pid, child, exited,
        stop: (signal = 'SIGTERM') => { child.kill(signal); return exited; },
    };
}

// --- HTTP -------------------------------------------------------------------------------------------------------------

// The bytes of a request: what a client library would not let us send can be sent.
export function httpBytes(url, method, target, { headers = {}, body } = {}) {
    const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(body);
    const fields = { Host: new URL(url).host, ...(body === undefined ? {} : { 'Content-Type': 'text/plain;charset=UTF-8', 'Content-Length': bytes.length }), ...headers };
    const head = Object.entries(fields).map(([k, v]) => `${k}: ${v}\r\n`).join('');
    return Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${head}\r\n`, 'latin1'), bytes]);
}

// One exchange on a connection of its own: { status, headers, body }; status 0 when the connection ended instead.
export async function exchange(url, method, target, { ms = WAIT_MS, ...request } = {}) {
    const c = connect(url);
    try {
        await c.write(httpBytes(url, method, target, request));
        return await c.answer(ms, method === 'HEAD');
    } finally {
        c.end();
    }
}

export const target = (path, query) => `${path}?${new URLSearchParams({ EIO: '4', ...query })}`;

// A session by polling. `receive` answers pings on the way; `poll` and `post` are one bare exchange each.
export async function openPolling(url, path = '/engine.io/') {
    const answer = await exchange(url, 'GET', target(path, { transport: 'polling' }));
    if (answer.status !== 200 || answer.body[0] !== '0') throw new Error(`no handshake: ${answer.status} ${answer.body}`);
    const handshake = JSON.parse(answer.body.slice(1).split(SEPARATOR)[0]);
    const at = target(path, { transport: 'polling', sid: handshake.sid });
    const buffered = [];
    const session = {
        handshake, sid: handshake.sid, target: at, answer,
        poll: (options) => exchange(url, 'GET', at, options),
        post: (body, options) => exchange(url, 'POST', at, { body, ...options }),
        // The next packet that is no ping.
        async receive() {
            while (buffered.length === 0) {
                const { status, body } = await session.poll();
                if (status !== 200) throw new Error(`a poll was answered ${status} ${body}`);
                for (const packet of body.split(SEPARATOR))
                    if (packet === '2') await session.post('3');
                    else buffered.push(packet);
            }
            return buffered.shift();
        },
        send: async (...packets) => {
            const { status, body } = await session.post(packets.join(SEPARATOR));
            if (status !== 200 || body !== 'ok') throw new Error(`a POST was answered ${status} ${body}`);
        },
    };
    return session;
}

// --- WebSocket --------------------------------------------------------------------------------------------------------

// A WebSocket that keeps what came: text as strings, binary as Buffers. Pings of Engine.IO are answered unless
// `heartbeat` is false. Resolves when it is open, or with `refused` when the server did not let it. A path whose `query`
// is null is asked for as it is.
export async function openSocket(url, path, query = {}, { heartbeat = true, ...options } = {}) {
    const at = query ? target(path, { transport: 'websocket', ...query }) : path;
    const ws = new WebSocket(url.replace('http', 'ws') + at, { perMessageDeflate: false, ...options });
    const arrived = [], waiting = new Set();
    let closed, refused = false;
    const wake = () => { for (const w of waiting) w(); };
    ws.on('message', (data, binary) => {
        if (heartbeat && !binary && String(data) === '2') return ws.send('3');
        arrived.push(binary ? data : String(data));
        return wake();
    });
    ws.on('close', (code, reason) => { closed = { code, reason: String(reason) }; wake(); });
    ws.on('error', () => { refused = ws.readyState !== WebSocket.OPEN; });
    ws.on('unexpected-response', (rq, rs) => { refused = true; closed = { code: 0, status: rs.statusCode }; rq.destroy(); wake(); });
    const until = (test, ms) => new Promise((resolve, reject) => {
        const check = () => { const r = test(); if (r !== undefined) { finish(); resolve(r); } };
        const timer = setTimeout(() => { finish(); reject(new Error(`nothing within ${ms} ms; waiting: ${JSON.stringify(arrived).slice(0, 300)}`)); }, ms);
        const finish = () => { clearTimeout(timer); waiting.delete(check); };
        waiting.add(check);
        check();
    });
    await Promise.race([once(ws, 'open').catch(() => {}), until(() => closed, WAIT_MS)]);
    return {
        ws, arrived,
        get refused() { return refused || closed?.code === 0; },
        // The next message; an Error when the connection ended first.
        next: (ms = WAIT_MS) => until(() => (arrived.length ? [arrived.shift()] : closed && [new Error(`closed with ${closed.code}`)]), ms)
            .then(([m]) => { if (m instanceof Error) throw m; return m; }),
        send: (...messages) => { for (const m of messages) ws.send(m); },
        close: () => ws.close(),
        closed: (ms = WAIT_MS) => until(() => closed, ms),
    };
}

// A session by WebSocket: its handshake has been read.
export async function openEngineSocket(url, path = '/engine.io/', options = {}) {
    const socket = await openSocket(url, path, {}, options);
    const first = await socket.next();
    return Object.assign(socket, { handshake: JSON.parse(first.slice(1)), open: first });
}

// A connection of the signalling for y-webrtc: messages are objects, what came is read one by one or up to a pong.
export async function openSignalling(url, options = {}) {
    const socket = await openSocket(url, '/signaling', null, { heartbeat: false, ...options });
    const say = (message) => socket.send(JSON.stringify(message));
    const hear = async () => JSON.parse(await socket.next());
    return Object.assign(socket, {
        say, hear,
        subscribe: (...topics) => say({ type: 'subscribe', topics }),
        unsubscribe: (...topics) => say({ type: 'unsubscribe', topics }),
        publish: (topic, data) => say({ type: 'publish', topic, data }),
        // Everything that was said is through when the pong is here: what came before it.
        async settle() {
            const before = [];
            for (say({ type: 'ping' }); ;) {
                const message = await hear();
                if (message.type === 'pong') return before;
                before.push(message);
            }
        },
    });
}

// Wait for what must become true, at most so long; the value that it gave.
export async function eventually(test, ms = WAIT_MS) {
    const end = Date.now() + ms;
    for (;;) {
        const value = await test();
        if (value) return value;
        if (Date.now() > end) throw new Error(`not within ${ms} ms: ${test}`);
        await wait(10);
    }
}

// A figure of this room, as /metrics says.
export async function figure(url, name) {
    const { body } = await exchange(url, 'GET', '/metrics');
    const line = new RegExp(`^vivim_realtime_${name}(?:\\{[^}]*\\})? (\\d+)$`, 'm').exec(body);
    if (!line) throw new Error(`/metrics does not say vivim_realtime_${name}`);
    return Number(line[1]);
}
// How many Engine.IO sessions the server holds.
export const sessionCount = (url) => figure(url, 'sessions');
