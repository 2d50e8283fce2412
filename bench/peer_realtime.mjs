// The peers of the real-time benchmark: npm `socket.io` and bare `ws`, with the same duties as ours: a token is looked
// up by its hash, the account's room is joined, echo and broadcast are answered. No deflate, no TLS.
//
//   node --expose-gc peer_realtime.mjs socket.io|ws TOKEN
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { WebSocketServer } from 'ws';

const [, , kind, token] = process.argv;
const hash = (text) => createHash('sha256').update(text).digest('hex');
const accounts = new Map([[hash(token), { id: 'owner' }]]);
const http = createServer();

function socketIo() {
    const io = new Server(http, { transports: ['websocket', 'polling'], serveClient: false });
    io.use((socket, next) => {
        const { token: given } = socket.handshake.auth;
        if (given === undefined) return next(); // as in our test mode: no credential, no account
        socket.data.account = accounts.get(hash(given));
        return next(socket.data.account ? undefined : new Error('the token is not valid'));
    });
    io.on('connection', (socket) => {
        if (socket.data.account) socket.join(`user:${socket.data.account.id}`);
        socket.on('message', (...args) => socket.emit('message-back', ...args));
        socket.on('broadcast', (argument) => io.emit('broadcast-back', argument));
    });
}

// Its own small language: `T` a token, `M` to be echoed, `B` for all.
function bareWs() {
    const server = new WebSocketServer({ server: http, perMessageDeflate: false });
    server.on('connection', (ws) => ws.on('message', (data) => {
        const text = data.toString();
        if (text[0] === 'T') ws.send(text.length === 1 || accounts.has(hash(text.slice(1))) ? 'ready' : 'refused');
        else if (text[0] === 'B') for (const client of server.clients) client.send(text);
        else ws.send(text);
    }));
}

if (kind === 'ws') bareWs();
else socketIo();
process.on('SIGUSR2', () => { globalThis.gc(); console.log('collected'); });
process.on('SIGTERM', () => process.exit(0));
http.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${http.address().port}`));
