// Whose limits count together: an IPv6 network is one stranger, what a proxy says is an address or counts as the proxy.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startServer } from '../lib/server.mjs';

let server;
before(async () => { server = await startServer({ env: { VIVIM_TRUSTED_PROXIES: '127.0.0.1, 192.0.2.99', VIVIM_LOG_LEVEL: 'info', VIVIM_LOG_FORMAT: 'json' } }); });
after(async () => assert.equal(await server.stop(), 0));

// A wrong body costs one of the sixty sign-ins of a burst, and no password is looked at.
const attempt = (forwarded) => {
    const headers = new Headers({ 'content-type': 'application/json' });
    for (const one of [forwarded].flat()) headers.append('x-forwarded-for', one);
    return fetch(server.url + '/api/v1/auth/login', { method: 'POST', headers, body: '{}' });
};
const left = async (forwarded) => Number((await attempt(forwarded)).headers.get('ratelimit-remaining'));

test('the addresses of an IPv6 network share their rates', async () => {
    const first = await left('2001:db8:0:7::1');
    for (let i = 2; i < 12; i++) await attempt(`2001:db8:0:7:${i}::${i}`);
    assert.ok((await left('2001:DB8:0:7:ffff:ffff:ffff:ffff')) < first - 8, 'ten more of the same /64 were counted');
    assert.equal(await left('2001:db8:0:8::1'), first, 'the network beside it has its own');
});

test('one address has one bucket, however it is written', async () => {
    const first = await left('198.51.100.7');
    for (const form of ['::ffff:198.51.100.7', '::FFFF:C633:6407', '198.51.100.7:4711', '"[::ffff:198.51.100.7]:80"', ' 198.51.100.7 ']) await attempt(form);
    assert.ok((await left('198.51.100.7')) <= first - 5);
});

test('a hop that is no address gets no bucket of its own', async () => {
    const first = await left('made-up-0');
    for (let i = 1; i < 12; i++) await attempt(`made-up-${i}`);
    assert.ok((await left('unknown')) < first - 8, 'they all counted as the proxy');
});

test('the last hop counts, on one line or several, and hops that are proxies of ours are passed', async () => {
    const first = await left('203.0.113.1');
    for (const [i, forwarded] of [
        `10.0.0.1, 203.0.113.1`, ['10.0.0.2', '203.0.113.1'], ['10.0.0.3, 10.0.0.4', '10.0.0.5,203.0.113.1'], '10.0.0.6, 203.0.113.1, 192.0.2.99', ['203.0.113.1', '192.0.2.99'],
    ].entries()) assert.ok((await left(forwarded)) < first, `${i}: ${forwarded} is 203.0.113.1`);
});

test('who is no proxy of ours says nothing about addresses', async () => {
    const alone = await startServer({ env: { VIVIM_TRUSTED_PROXIES: '192.0.2.99' } });
    const left = [];
    for (let i = 0; i < 5; i++) {
        const answer = await fetch(alone.url + '/api/v1/auth/login', { method: 'POST', headers: { 'content-type': 'application/json', 'x-forwarded-for': `203.0.113.${i}` }, body: '{}' });
        left.push(Number(answer.headers.get('ratelimit-remaining')));
    }
    assert.ok(left.at(-1) < left[0]);
    assert.equal(await alone.stop(), 0);
});
