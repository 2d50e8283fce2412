// The reference server of the real-time suites: npm `socket.io` and `engine.io` with the settings and the handlers of
// our test mode. A suite that passes here and fails on ours has found a fault of ours; one that fails here is a fault of
// the suite. Settings come as one JSON argument; the address is printed when both address families listen.
import { createServer } from 'node:http';
import { Server as Engine } from 'engine.io';
import { Server as SocketIo } from 'socket.io';
import { WebSocketServer } from 'ws';

const options = JSON.parse(process.argv[2]);
const transport = {
    pingInterval: options.pingIntervalMs, pingTimeout: options.pingTimeoutMs, maxHttpBufferSize: options.maxPayload,
    ...(options.test ? { cors: { origin: '*' } } : ownOriginOnly()),
};

// Without the test mode: cookies count, so only the own origin is let in, and it is named in the answer.
function ownOriginOnly() {
    const isOwn = (origin, host) => !origin || origin === `http://${host}`;
    return {
        cors: (rq, done) => done(null, { origin: isOwn(rq.headers.origin, rq.headers.host) && rq.headers.origin, credentials: true }),
        allowRequest: (rq, done) => done(null, isOwn(rq.headers.origin, rq.headers.host)),
    };
}

const http = createServer((rq, rs) => {
    if (rq.url !== '/metrics') return rs.writeHead(404).end();
    return rs.end(`vivim_realtime_sessions ${engine.clientsCount + io.engine.clientsCount}\n`);
});
const io = new SocketIo(http, { ...transport, connectTimeout: options.connectTimeoutMs, destroyUpgrade: false, serveClient: false });
const engine = new Engine(transport);
engine.attach(http, { path: '/engine.io/', destroyUpgrade: false });

engine.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));

io.on('connection', (socket) => {
    socket.emit('auth', socket.handshake.auth);
    socket.on('message', (...args) => socket.emit('message-back', ...args));
    socket.on('message-with-ack', (...args) => { const acknowledge = args.pop(); if (typeof acknowledge === 'function') acknowledge(...args); });
    socket.on('ask', (...args) => socket.timeout(10_000).emit('asked', ...args, (error, ...answers) => socket.emit('ask-answered', ...(error ? ['timeout'] : answers))));
    socket.on('broadcast', (argument) => io.emit('broadcast-back', argument));
});
io.of('/custom').on('connection', (socket) => socket.emit('auth', socket.handshake.auth));

const echo = new WebSocketServer({ noServer: true, perMessageDeflate: true, maxPayload: options.maxPayload });
http.on('upgrade', (rq, socket, head) => {
    if (/^\/(engine|socket)\.io\//.test(rq.url)) return;
    if (rq.url !== '/ws-echo') socket.destroy();
    else echo.handleUpgrade(rq, socket, head, (ws) => ws.on('error', () => {}).on('message', (data, binary) => ws.send(data, { binary })));
});

// `localhost` is two addresses: the second server hands all it hears to the first.
const second = createServer();
for (const event of ['request', 'upgrade']) second.on(event, (...args) => http.emit(event, ...args));
http.listen(options.port ?? 0, '127.0.0.1', () => {
    const { port } = http.address();
    second.listen(port, '::1', () => console.log(`http://localhost:${port}`));
});
process.on('SIGTERM', () => process.exit(0));
