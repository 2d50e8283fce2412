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
            const length = bodiless || status === 100 || status === 204 ? 0 : Number(headers['content-length'] ?? 0);
            if (buffer.length < end + 4 + length) return ended ? { status, headers, body: '', cut: true } : undefined;
            const body = buffer.toString('utf8', end + 4, end + 4 + length);
            buffer = buffer.subarray(end + 4 + length);
            return { status, headers, body };
        }, ms),
    };
}
