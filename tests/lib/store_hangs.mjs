// What holds while the store hangs or is away: the tests of tests/api on the checked build, and of tests/attack on the
// release build from outside.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

export const SOON_MS = 5_000; // what must not wait for the store at all
export const BOUNDED_MS = 30_000; // what may wait for it, but not without end

const PRIVATE = /127\.0\.0\.1|localhost|postgres|port \d|user "|vivim@|FATAL|psql|connection to server/i;

// An answer within `ms`, or an error: { status, headers, text, body }.
export async function ask(url, path, { ms = SOON_MS, ...init } = {}) {
    const answer = await fetch(url + path, { ...init, signal: AbortSignal.timeout(ms) });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, body: /json/.test(answer.headers.get('content-type')) ? JSON.parse(text) : null };
}

export const isPublic = (text) => assert.doesNotMatch(text, PRIVATE);

export function isAway(answer) {
    assert.equal(answer.status, 503, answer.text);
    assert.match(answer.headers.get('content-type'), /problem\+json/);
    assert.match(answer.headers.get('retry-after'), /^\d+$/);
    assert.ok(['store_unavailable', 'outcome_unknown'].includes(answer.body.code), answer.text);
    isPublic(answer.text);
}

export async function needsNoStore(server) {
    for (const path of ['/livez', '/metrics', '/openapi.json', '/']) {
        const answer = await ask(server.url, path, { headers: { cookie: 'vivim=' + 'a'.repeat(43) } });
        assert.equal(answer.status, 200, `${path}: ${answer.text.slice(0, 200)}`);
    }
}

export async function notReady(server) {
    isAway(await ask(server.url, '/readyz'));
}

export async function readyAgain(server, ms = BOUNDED_MS) {
    for (const end = Date.now() + ms; ; await sleep(100)) {
        const answer = await ask(server.url, '/readyz').catch(() => null);
        if (answer?.status === 200) return;
        assert.ok(Date.now() < end, `not ready again: ${answer?.text}`);
    }
}

// As many requests as there are workers, and more; each is answered in time, and with them under way the others are too.
export async function crowd(server, me, count = 100) {
    const all = Array.from({ length: count }, (_, i) => i % 2
        ? ask(server.url, '/api/v1/captures', { ms: BOUNDED_MS, headers: { cookie: me.cookie } })
        : ask(server.url, '/api/v1/auth/login', { ms: BOUNDED_MS, method: 'POST', headers: { 'content-type': 'application/json', origin: server.url }, body: '{"handle":"nobody","password":"wrong-password"}' }));
    await needsNoStore(server);
    await notReady(server);
    return Promise.all(all);
}

export async function stopsInTime(server, ms = 10_000) {
    const late = sleep(ms, 'too late', { ref: false });
    assert.equal(await Promise.race([server.stop(), late]), 0);
}
