// The load of the real-time benchmark, in a process of its own: `ws` clients, the same for every side; only the words
// differ. Orders come over IPC, one at a time; each is answered when every message that it must bring has come.
import net from 'node:net';
import WebSocket from 'ws';

const ADDRESSES = 20; // a limit of ours counts by address
const OPENING_MAX = 50; // at a time
const WAIT_MS = 120_000;

const ENGINE = {
    path: '/socket.io/?EIO=4&transport=websocket',
    // The handshake of Engine.IO, then CONNECT; joined when the answer has come.
    greet: (ws, text, token) => { if (text[0] === '0') ws.send(token ? `40${JSON.stringify({ token })}` : '40'); return text.startsWith('40{"sid"'); },
    keepAlive: (ws, text) => { if (text === '2') ws.send('3'); },
    echo: (payload) => `42["message","${payload}"]`, echoed: (payload) => `42["message-back","${payload}"]`,
    broadcast: (payload) => `42["broadcast","${payload}"]`, delivered: (payload) => `42["broadcast-back","${payload}"]`,
};
const BARE = {
    path: '/',
    greet: (ws, text) => text === 'ready',
    keepAlive: () => {},
    echo: (payload) => `M${payload}`, echoed: (payload) => `M${payload}`,
    broadcast: (payload) => `B${payload}`, delivered: (payload) => `B${payload}`,
};

// No protocol at all (bench/sockets.c): messages of one size, that of our frames.
const RAW_BYTES = 86;
const RAW = {
    echo: (payload) => `M${payload}`.padEnd(RAW_BYTES), echoed: (payload) => `M${payload}`.padEnd(RAW_BYTES),
    broadcast: (payload) => `B${payload}`.padEnd(RAW_BYTES), delivered: (payload) => `B${payload}`.padEnd(RAW_BYTES),
};
const WORDS = { ws: BARE, kernel: RAW };

let words, url, sockets = [];
// A connection that ends while it is needed ends the order: what it was to hear will never come.
let broken = () => {};
const lost = (reject, why) => { reject(why); broken(why); };

// Connected is who has been greeted: the kernel says so before the server has accepted, and a message to all that is
// sent in between reaches those alone who have been.
function openRaw(localAddress) {
    return new Promise((resolve, reject) => {
        const { hostname, port } = new URL(url);
        const socket = net.connect({ host: hostname, port: Number(port), localAddress, noDelay: true });
        let text = '';
        socket.heard = () => resolve(socket);
        socket.setEncoding('latin1');
        socket.on('error', (e) => lost(reject, e));
        socket.on('close', () => lost(reject, new Error('closed')));
        socket.on('data', (data) => {
            text += data;
            for (; text.length >= RAW_BYTES; text = text.slice(RAW_BYTES)) socket.heard(text.slice(0, RAW_BYTES));
        });
        Object.assign(socket, { send: socket.write, terminate: socket.destroy });
    });
}

function open(number, token) {
    const localAddress = `127.0.0.${1 + number % ADDRESSES}`;
    if (words === RAW) return openRaw(localAddress);
    return new Promise((resolve, reject) => {
        const ws = new WebSocket(url.replace('http', 'ws') + words.path, { perMessageDeflate: false, localAddress });
        ws.on('error', (e) => lost(reject, e));
        ws.on('close', (code) => lost(reject, new Error(`closed with ${code}`)));
        if (words === BARE) ws.on('open', () => ws.send(`T${token ?? ''}`));
        ws.heard = (text) => { if (words.greet(ws, text, token)) resolve(ws); };
        ws.on('message', (data) => {
            const text = data.toString();
            words.keepAlive(ws, text);
            ws.heard(text);
        });
    });
}

const payloadOf = (n) => String(n).padStart(64, 'x');
const within = (promise, what) => Promise.race([promise, new Promise((_, reject) => {
    broken = (why) => reject(new Error(`${what}: ${why.message}`));
    setTimeout(() => reject(new Error(`${what}: not within ${WAIT_MS} ms`)), WAIT_MS).unref();
})]);

// One message after the other on each socket, until all have been sent and have come back.
function echoes(some, each) {
    return Promise.all(some.map((ws, i) => new Promise((resolve) => {
        let n = 0;
        const next = () => (n === each ? resolve() : ws.send(words.echo(payloadOf(`${i}-${++n}`))));
        ws.heard = (text) => { if (text === words.echoed(payloadOf(`${i}-${n}`))) next(); };
        next();
    })));
}

// `atOnce` messages to all, `times` over: the next when every socket has heard the last ones.
async function fanOut(times, atOnce) {
    let deliveries = 0;
    for (let n = 0; n < times; n++)
        await new Promise((resolve) => {
            let left = sockets.length * atOnce;
            const payloads = Array.from({ length: atOnce }, (_, i) => payloadOf(`${n}-${i}`)), want = new Set(payloads.map(words.delivered));
            for (const ws of sockets) ws.heard = (text) => { if (want.has(text)) { deliveries++; if (--left === 0) resolve(); } };
            const from = sockets[n % sockets.length], stream = from._socket ?? from;
            stream.cork();
            for (const payload of payloads) from.send(words.broadcast(payload));
            stream.uncork(); // they leave, and arrive, together
        });
    return deliveries;
}

// Each of the first `count` sends a message every `everyMs`; the times until they came back, in microseconds.
async function paced(count, everyMs, ms) {
    const times = [], end = Date.now() + ms;
    await Promise.all(sockets.slice(0, count).map((ws, i) => new Promise((resolve) => {
        let sent, n = 0;
        const send = () => { sent = process.hrtime.bigint(); ws.send(words.echo(payloadOf(`${i}-${++n}`))); };
        ws.heard = (text) => {
            if (text !== words.echoed(payloadOf(`${i}-${n}`))) return;
            times.push(Number(process.hrtime.bigint() - sent) / 1000);
            if (Date.now() >= end) resolve();
            else setTimeout(send, everyMs);
        };
        setTimeout(send, (i / count) * everyMs); // not all in one moment
    })));
    times.sort((a, b) => a - b);
    return { count: times.length, p50: times[Math.floor(times.length * 0.5)], p99: times[Math.floor(times.length * 0.99)] };
}

const ORDERS = {
    use(o) { words = WORDS[o.kind] ?? ENGINE; url = o.url; },
    async open({ count, token }) {
        const first = sockets.length;
        let begun = 0;
        await Promise.all(Array.from({ length: OPENING_MAX }, async () => {
            while (begun < count) sockets.push(await open(first + begun++, token));
        }));
        return sockets.length;
    },
    async close() {
        const ending = sockets;
        sockets = [];
        await Promise.all(ending.map((ws) => new Promise((resolve) => {
            ws.removeAllListeners('close');
            ws.on('close', resolve);
            ws.terminate();
        })));
    },
    echo: ({ clients, each }) => echoes(sockets.slice(0, clients), each),
    fanOut: ({ times, atOnce = 1 }) => fanOut(times, atOnce),
    paced: ({ clients, everyMs, ms }) => paced(clients, everyMs, ms),
};

process.on('message', async (order) => {
    try {
        process.send({ value: await within(Promise.resolve(ORDERS[order.do](order)), order.do) });
    } catch (e) {
        process.send({ error: String(e.stack) });
    }
});
