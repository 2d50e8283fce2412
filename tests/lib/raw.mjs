// Bytes to a server and back, without a client's opinions.
import net from 'node:net';

// A chunked body that has come whole: { body, length on the wire }; undefined when more must come.
function unchunk(bytes) {
    const parts = [];
    for (let at = 0; ;) {
        const line = bytes.indexOf('\r\n', at);
        if (line < 0) return undefined;
        const size = parseInt(bytes.toString('latin1', at, line), 16);
        if (bytes.length < line + 2 + size + 2) return undefined;
        if (size === 0) return { body: Buffer.concat(parts), length: line + 4 };
        parts.push(bytes.subarray(line + 2, line + 2 + size));
        at = line + 2 + size + 2;
    }
}

// A WebSocket frame as a client sends it (RFC 6455 section 5.2), right or wrong. form: bytes of the extended length, 0, 2 or 8.
export function frame(opcode, payload = '', { fin = true, rsv = 0, masked = true, form, key = Buffer.from([0x37, 0xfa, 0x21, 0x3d]) } = {}) {
    const data = Buffer.from(payload);
    const extended = form ?? (data.length < 126 ? 0 : data.length < 65536 ? 2 : 8);
    const head = Buffer.alloc(2 + extended);
    head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
    head[1] = (masked ? 0x80 : 0) | (extended === 0 ? data.length : extended === 2 ? 126 : 127);
    if (extended === 2) head.writeUInt16BE(data.length, 2);
    if (extended === 8) head.writeBigUInt64BE(BigInt(data.length), 2);
    return masked ? Buffer.concat([head, key, data.map((b, i) => b ^ key[i & 3])]) : Buffer.concat([head, data]);
}
export const TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;
// The payload of a close frame.
export const closing = (code, reason = '') => Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]);

// The first frame in these bytes, or undefined while it is not whole.
function parseFrame(b) {
    if (b.length < 2) return undefined;
    const short = b[1] & 127, extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (b.length < 2 + extended) return undefined;
    const length = extended === 0 ? short : extended === 2 ? b.readUInt16BE(2) : Number(b.readBigUInt64BE(2));
    const end = 2 + extended + length;
    if (b.length < end) return undefined;
    const payload = Buffer.from(b.subarray(2 + extended, end)), opcode = b[0] & 15;
    return { fin: b[0] >= 128, rsv: (b[0] >> 4) & 7, opcode, masked: b[1] >= 128, payload, end, text: payload.toString(),
             code: opcode === CLOSE && length >= 2 ? payload.readUInt16BE(0) : undefined };
}

// `localAddress` chooses where the connection comes from: any of 127.0.0.0/8 is ours.
export function connect(url, { localAddress } = {}) {
    const { hostname, port } = new URL(url);
    const socket = net.connect({ port: Number(port), host: hostname === 'localhost' ? '127.0.0.1' : hostname.replace(/[[\]]/g, ''), localAddress });
    let buffer = Buffer.alloc(0), ended = false;
    const waiting = [];
    const wake = () => { for (const w of [...waiting]) w(); };
    socket.on('data', (d) => { buffer = Buffer.concat([buffer, d]); wake(); });
    socket.on('close', () => { ended = true; wake(); });
    socket.on('error', () => {});
    const until = (test, ms = 10_000) => new Promise((resolve, reject) => {
        const timer = setTimeout(() => finish(new Error(`nothing within ${ms} ms; so far: ${buffer.toString('latin1').slice(0, 500)}`)), ms);
        const check = () => { const r = test(); if (r !== undefined) finish(null, r); };
        const finish = (e, r) => { clearTimeout(timer); const i = waiting.indexOf(check); if (i >= 0) waiting.splice(i, 1); e ? reject(e) : resolve(r); };
        waiting.push(check);
        check();
    });
    return {
        socket,
        write: (data) => new Promise((resolve) => socket.write(data, () => resolve())),
        end: () => socket.destroy(),
        closed: (ms) => until(() => (ended ? true : undefined), ms),
        text: () => buffer.toString('latin1'),
        // The next whole WebSocket frame; null when the connection ended first.
        frame: (ms) => until(() => {
            const f = parseFrame(buffer);
            if (f) buffer = buffer.subarray(f.end);
            return f ?? (ended ? null : undefined);
        }, ms),
        // The next whole answer: { status, headers, body }.
        answer: (ms, bodiless = false) => until(() => {
            const end = buffer.indexOf('\r\n\r\n');
            if (end < 0) return ended ? { status: 0, headers: {}, body: buffer.toString('latin1') } : undefined;
            const [first, ...lines] = buffer.toString('latin1', 0, end).split('\r\n');
            const headers = Object.fromEntries(lines.map((l) => [l.slice(0, l.indexOf(':')).toLowerCase(), l.slice(l.indexOf(':') + 1).trim()]));
            const status = Number(first.split(' ')[1]);
            if (!bodiless && /chunked/i.test(headers['transfer-encoding'] ?? '')) {
                const whole = unchunk(buffer.subarray(end + 4));
                if (!whole) return ended ? { status, headers, body: '', cut: true } : undefined;
                buffer = buffer.subarray(end + 4 + whole.length);
                return { status, headers, body: whole.body.toString('utf8') };
            }
            const length = bodiless || status < 200 || status === 204 ? 0 : Number(headers['content-length'] ?? 0);
            if (buffer.length < end + 4 + length) return ended ? { status, headers, body: '', cut: true } : undefined;
            const body = buffer.toString('utf8', end + 4, end + 4 + length);
            buffer = buffer.subarray(end + 4 + length);
            return { status, headers, body };
        }, ms),
    };
}

export const HANDSHAKE = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };

// The opening handshake's bytes; a header that is undefined is left out.
export function handshake(url, path, headers = {}) {
    const all = { Host: new URL(url).host, ...HANDSHAKE, ...headers };
    const lines = Object.entries(all).filter(([, v]) => v !== undefined).flatMap(([k, v]) => [v].flat().map((one) => `${k}: ${one}\r\n`));
    return Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
}

// A WebSocket on a raw connection; `rest` goes out in the same write as the request.
export async function openWebSocket(url, path, { headers, rest = '' } = {}) {
    const c = connect(url);
    await c.write(Buffer.concat([handshake(url, path, headers), Buffer.from(rest)]));
    const answer = await c.answer();
    if (answer.status !== 101) throw new Error(`${path}: ${answer.status} ${answer.body}`);
    return Object.assign(c, { opened: answer });
}
