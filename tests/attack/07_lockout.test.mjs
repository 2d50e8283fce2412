// 7: no memory is not a wrong password, and a stranger cannot lock the owner out.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { client, signIn } from '../lib/server.mjs';
import { startRelease } from './release.mjs';

const PASSWORD = 'correct horse battery';
let server, owner;
before(async () => {
    server = await startRelease({ env: { VIVIM_TRUSTED_PROXIES: '127.0.0.1' } });
    owner = await signIn(server, 'owner', PASSWORD);
});
after(async () => assert.equal(await server.stop(), 0));

const stranger = () => client(server, { origin: server.url });
const from = (address, password, handle = 'owner') =>
    stranger().json('POST', '/api/v1/auth/login', { handle, password }, { 'x-forwarded-for': address });
// What waits for a turn at the hashes is told to come again; then it comes again.
async function patiently(...login) {
    for (const until = Date.now() + 30_000; ;) {
        const answer = await from(...login);
        if (answer.status !== 503 || Date.now() > until) return answer;
        assert.match(answer.headers.get('retry-after'), /^[1-9]\d*$/);
    }
}

test('7a no memory for a password is 503 with Retry-After, and counts for nothing', async () => {
    const limit = (bytes) => execFileSync('prlimit', ['--pid', String(server.child.pid), `--as=${bytes}:`]);
    assert.equal((await from('192.0.2.1', PASSWORD)).status, 200); // everything is there that the hashes do not need
    const mapped = Number(/VmSize:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]) * 1024;
    limit(mapped + 16 * 1024 * 1024);
    try {
        for (let i = 0; i < 6; i++)
            for (const answer of [await from('192.0.2.1', PASSWORD), await owner.json('POST', '/api/v1/me/password', { old_password: PASSWORD, new_password: 'another password' })]) {
                assert.deepEqual([answer.status, answer.body.code], [503, 'busy'], JSON.stringify(answer.body));
                assert.match(answer.headers.get('retry-after'), /^[1-9]\d*$/);
            }
        const added = await owner.json('POST', '/api/v1/users', { handle: 'never', password: PASSWORD });
        assert.equal(added.status, 503);
        const passwd = await server.vivim(['user', 'passwd', 'owner', '--password-file', '-'], { input: 'another password\n', check: false });
        assert.equal(passwd.code, 1);
        assert.match(passwd.stderr, /no memory/);
    } finally {
        limit('unlimited');
    }
    assert.equal((await from('192.0.2.1', 'wrong wrong')).status, 401, 'none of them was counted');
    assert.equal((await from('192.0.2.1', PASSWORD)).status, 200);
    assert.ok((await owner.json('GET', '/api/v1/users')).body.items.every((u) => u.handle !== 'never'));
});

test('7b while many networks guess, the owner signs in from another one, goes on, and has a way without the password', async () => {
    const GUESSERS = 6, COMPARED = 2 * GUESSERS;
    // The guessing goes on beside the owner, and until it has been slowed: how soon depends on what a hash takes here.
    let guessing = true, refused = 0, compared = 0, enough;
    const begun = new Promise((resolve) => (enough = resolve));
    const guesser = async (n) => {
        for (let i = 0, until = Date.now() + 60_000; guessing || (!refused && Date.now() < until); i++) {
            const answer = await from(n % 2 ? `203.0.113.${n}` : `2001:db8:${n}:1::${i + 1}`, 'wrong wrong');
            if (answer.status === 429) refused++;
            if (answer.status === 401 && ++compared === COMPARED) enough();
            assert.ok([401, 429, 503].includes(answer.status), String(answer.status));
        }
    };
    const guessers = Array.from({ length: GUESSERS }, (_, n) => guesser(n));
    try {
        await Promise.race([begun, Promise.all(guessers)]);
        for (const address of ['198.51.100.7', '2001:db8:ffff::7'])
            assert.equal((await patiently(address, PASSWORD)).status, 200, address);
        assert.equal((await owner.json('GET', '/api/v1/me')).status, 200);
        const { stdout } = await server.vivim(['user', 'login-link', 'owner']);
        const by = await stranger().json('POST', '/api/v1/auth/link', { token: stdout.trim().split('#')[1] }, { 'x-forwarded-for': '203.0.113.1' });
        assert.equal(by.status, 200, 'also from the network of a guesser');
        let changed;
        do changed = await owner.json('POST', '/api/v1/me/password', { old_password: PASSWORD, new_password: PASSWORD + ' 2' });
        while (changed.status === 503);
        assert.equal(changed.status, 204);
    } finally {
        guessing = false;
        await Promise.all(guessers);
    }
    assert.ok(refused > 0, 'guessing is slowed');
});

test('7c a handle that does not exist is slowed like one that does', async () => {
    // Until it is told to wait; where a hash takes longer than the first wait, a later one is met.
    const answers = async (handle, address) => {
        const all = [];
        while (all.length < 12 && !all.includes('429 rate_limited')) {
            const { status, body } = await patiently(address, 'wrong wrong', handle);
            all.push(`${status} ${body.code}`);
        }
        return [...all.slice(0, 5), all.at(-1)];
    };
    await server.vivim(['user', 'add', 'there', '--password-file', '-'], { input: PASSWORD + '\n' });
    assert.deepEqual(await answers('not-there', '192.0.2.71'), await answers('there', '192.0.2.72'));
});
