// The egress proxies of a running server, and who may not use them.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

// The loopback ports that the process listens on, as anybody with a shell can find them.
export function proxyPorts(server) {
    const { pid } = server.child;
    const own = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => {
        try { return /socket:\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]; } catch { return undefined; }
    }));
    return readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1).map((l) => l.trim().split(/\s+/))
        .filter((f) => f[3] === '0A' && own.has(f[9])).map((f) => parseInt(f[1].split(':')[1], 16))
        .filter((port) => port !== Number(new URL(server.url).port));
}

const basic = (text) => `Proxy-Authorization: Basic ${Buffer.from(text).toString('base64')}\r\n`;
export const strangers = {
    'a tunnel': 'CONNECT chatgpt.com:443 HTTP/1.1\r\nHost: chatgpt.com\r\n\r\n',
    'a plain request': 'GET http://chatgpt.com/stranger HTTP/1.1\r\nHost: chatgpt.com\r\n\r\n',
    'a plain request with a body': 'POST http://chatgpt.com/stranger HTTP/1.1\r\nHost: chatgpt.com\r\nContent-Length: 3\r\n\r\nabc',
    'nothing that it understands': 'BREW coffee HTCPCP/1.0\r\n\r\n',
    'a refused target': 'CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n',
    'no password': `CONNECT chatgpt.com:443 HTTP/1.1\r\n${basic('vivim:')}\r\n`,
    'another password': `CONNECT chatgpt.com:443 HTTP/1.1\r\n${basic('vivim:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')}\r\n`,
    'two passwords': `CONNECT chatgpt.com:443 HTTP/1.1\r\n${basic('vivim:a')}${basic('vivim:b')}\r\n`,
    'another scheme': 'CONNECT chatgpt.com:443 HTTP/1.1\r\nProxy-Authorization: Bearer abc\r\n\r\n',
    'an empty field': 'CONNECT chatgpt.com:443 HTTP/1.1\r\nProxy-Authorization:\r\n\r\n',
};
