// Signing in: the setup link, sessions, tokens, accounts, over the wire against the real program.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, signIn, startServer } from '../lib/server.mjs';

const PASSWORD = 'correct horse battery';
let server, owner, stranger;

const post = (who, path, body, headers) => who.json('POST', path, body, headers);
const cookieOf = (answer) => answer.headers.get('set-cookie')?.split(';')[0];
const bearer = (token) => client(server, { authorization: `Bearer ${token}` });
// Another browser of an account.
async function browser(handle, password = PASSWORD, headers = {}) {
    const answer = await post(stranger, '/api/v1/auth/login', { handle, password }, headers);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return client(server, { cookie: cookieOf(answer), origin: server.url }, { cookie: cookieOf(answer) });
}

before(async () => {
    server = await startServer();
    stranger = client(server, { origin: server.url });
});
after(async () => assert.equal(await server.stop(), 0));

test('the setup link makes the first account, once', async () => {
    const state = () => stranger.json('GET', '/api/v1/auth/state');
    assert.deepEqual((await state()).body, { setup_needed: true, signed_in: false });
    const token = server.setupToken;
    const wrong = await post(stranger, '/api/v1/auth/setup', { token: 'x'.repeat(43), handle: 'owner', password: PASSWORD });
    assert.equal(wrong.status, 403);
    assert.equal(wrong.body.field, 'token');
    for (const [body, field] of [
        [{ token, handle: 'Owner', password: PASSWORD }, 'handle'],
        [{ token, handle: 'api', password: PASSWORD }, 'handle'],
        [{ token, handle: 'owner', password: 'short' }, 'password'],
        [{ token, handle: 'owner', password: 'password123' }, 'password'],
        [{ handle: 'owner', password: PASSWORD }, 'token'],
    ]) {
        const answer = await post(stranger, '/api/v1/auth/setup', body);
        assert.equal(answer.status, 422, JSON.stringify(body));
        assert.equal(answer.body.field, field);
    }
    // Two at once: one wins, the other is told that it came late.
    const both = await Promise.all(['owner', 'second'].map((handle) => post(stranger, '/api/v1/auth/setup', { token, handle, password: PASSWORD })));
    assert.deepEqual(both.map((a) => a.status).sort(), [201, 410]);
    const won = both.find((a) => a.status === 201);
    assert.deepEqual(Object.keys(won.body.user).sort(), ['admin', 'created_at', 'handle', 'id']);
    assert.equal(won.body.user.admin, true);
    const cookie = won.headers.get('set-cookie');
    assert.match(cookie, /^vivim=[A-Za-z0-9_-]{43};/);
    for (const word of [/HttpOnly/i, /SameSite=Lax/i, /Path=\//i]) assert.match(cookie, word);
    assert.ok(!/Domain/i.test(cookie));
    owner = client(server, { cookie: cookieOf(won), origin: server.url }, { handle: won.body.user.handle, cookie: cookieOf(won) });
    const again = await post(stranger, '/api/v1/auth/setup', { token, handle: 'third', password: PASSWORD });
    assert.equal(again.status, 410);
    assert.equal(again.body.code, 'gone');
    assert.deepEqual((await state()).body, { setup_needed: false, signed_in: false });
    server.setupToken = null;
});

test('who am I', async () => {
    const me = await owner.json('GET', '/api/v1/me');
    assert.equal(me.status, 200);
    assert.equal(me.body.user.handle, owner.handle);
    assert.match(me.body.session_id, /^[0-9a-f-]{36}$/);
    const same = await owner.json('GET', '/api/v1/me', undefined, { 'if-none-match': me.headers.get('etag') });
    assert.equal(same.status, 304);
    assert.equal((await stranger.json('GET', '/api/v1/me')).status, 401);
    assert.equal((await client(server, { cookie: 'vivim=' + 'A'.repeat(43) }).json('GET', '/api/v1/me')).status, 401);
    const state = await client(server, { cookie: 'vivim=nonsense' }).json('GET', '/api/v1/auth/state');
    assert.equal(state.status, 200, 'a stale cookie does not shut out the sign-in page');
    assert.equal(state.body.signed_in, false);
});

test('a wrong handle and a wrong password look alike', async () => {
    const answers = [];
    for (const body of [{ handle: owner.handle, password: 'wrong wrong' }, { handle: 'nobody', password: 'wrong wrong' }, { handle: 'Not A Handle!', password: 'x' }])
        answers.push(await post(stranger, '/api/v1/auth/login', body));
    for (const answer of answers) {
        assert.equal(answer.status, 401);
        assert.equal(answer.body.code, 'bad_login');
        assert.equal(answer.body.detail, answers[0].body.detail);
        assert.equal(answer.headers.get('set-cookie'), null);
    }
});

test('every sign-in gets a session of its own, and a new sign-in ends the old one', async () => {
    const one = await browser(owner.handle), two = await browser(owner.handle);
    assert.notEqual(one.cookie, two.cookie);
    const again = await post(one, '/api/v1/auth/login', { handle: owner.handle, password: PASSWORD });
    assert.notEqual(cookieOf(again), one.cookie);
    assert.equal((await one.json('GET', '/api/v1/me')).status, 401);
    assert.equal((await two.json('GET', '/api/v1/me')).status, 200);
});

test('sessions are listed and revoked', async () => {
    const phone = await browser(owner.handle, PASSWORD, { 'user-agent': 'a phone ' + 'x'.repeat(400) });
    const list = (await owner.json('GET', '/api/v1/sessions')).body;
    assert.equal(list.next_cursor, null);
    assert.equal(list.items.filter((s) => s.current).length, 1);
    const theirs = list.items.find((s) => s.user_agent.startsWith('a phone'));
    assert.equal(theirs.user_agent.length, 256);
    assert.equal(theirs.address, '127.0.0.1');
    assert.ok(Date.parse(theirs.expires_at) - Date.parse(theirs.created_at) <= 14 * 86400_000);
    assert.equal((await owner.json('DELETE', `/api/v1/sessions/${theirs.id}`)).status, 204);
    assert.equal((await phone.json('GET', '/api/v1/me')).status, 401, 'at once');
    assert.equal((await owner.json('DELETE', `/api/v1/sessions/${theirs.id}`)).status, 404);
    assert.equal((await owner.json('DELETE', '/api/v1/sessions/nonsense')).status, 404);
    // Page by page, nothing twice.
    const seen = new Set();
    let cursor = '';
    do {
        const page = (await owner.json('GET', `/api/v1/sessions?limit=1${cursor && '&cursor=' + encodeURIComponent(cursor)}`)).body;
        assert.ok(page.items.length <= 1);
        for (const s of page.items) {
            assert.ok(!seen.has(s.id));
            seen.add(s.id);
        }
        cursor = page.next_cursor;
    } while (cursor);
    assert.equal(seen.size, list.items.length - 1);
    const other = await browser(owner.handle);
    assert.equal((await owner.json('DELETE', '/api/v1/sessions')).status, 204);
    assert.equal((await other.json('GET', '/api/v1/me')).status, 401);
    assert.equal((await owner.json('GET', '/api/v1/me')).status, 200);
});

test('signing out ends the session and clears the browser', async () => {
    const one = await browser(owner.handle);
    const out = await post(one, '/api/v1/auth/logout');
    assert.equal(out.status, 204);
    assert.match(out.headers.get('set-cookie'), /^vivim=;.*Max-Age=0/i);
    assert.match(out.headers.get('clear-site-data'), /"cookies".*"storage"|"storage".*"cookies"/);
    assert.equal((await one.json('GET', '/api/v1/me')).status, 401);
    assert.equal((await post(one, '/api/v1/auth/logout')).status, 204, 'again is fine');
});

test('a request from another site with the cookie is refused', async () => {
    const one = await browser(owner.handle);
    const answer = await one.json('POST', '/api/v1/auth/logout', undefined, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' });
    assert.equal(answer.status, 403);
    assert.equal((await one.json('GET', '/api/v1/me')).status, 200);
});

test('tokens: made, used, listed, revoked', async () => {
    const made = await post(owner, '/api/v1/tokens', { name: 'a script', expires_days: 7 });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.match(made.body.token, /^vvm_[A-Za-z0-9_-]{43}$/);
    assert.ok(made.body.token.startsWith(made.body.prefix));
    assert.deepEqual(made.body.scopes, ['read', 'write', 'capture', 'admin']);
    assert.equal(Math.round((Date.parse(made.body.expires_at) - Date.now()) / 86400_000), 7);
    const script = bearer(made.body.token);
    const me = await script.json('GET', '/api/v1/me');
    assert.equal(me.status, 200);
    assert.equal(me.body.session_id, null);
    const { items } = (await owner.json('GET', '/api/v1/tokens')).body;
    const listed = items.find((t) => t.id === made.body.id);
    assert.equal(listed.name, 'a script');
    assert.ok(!('token' in listed) && !JSON.stringify(items).includes(made.body.token));
    assert.equal((await script.json('DELETE', `/api/v1/tokens/${made.body.id}`)).status, 204);
    const refused = await script.json('GET', '/api/v1/me');
    assert.equal(refused.status, 401);
    assert.equal(refused.body.code, 'unauthenticated');
    assert.equal((await owner.json('DELETE', `/api/v1/tokens/${made.body.id}`)).status, 404);
});

test('tokens do only what their scopes say, and never make a greater one', async () => {
    const make = async (scopes, who = owner) => post(who, '/api/v1/tokens', { name: 'scoped', scopes });
    const reads = bearer((await make(['read'])).body.token);
    assert.equal((await reads.json('GET', '/api/v1/sessions')).status, 200);
    assert.equal((await make(['read'], reads)).status, 403);
    assert.equal((await reads.json('GET', '/api/v1/users')).status, 403);
    const manages = bearer((await make(['read', 'admin'])).body.token);
    assert.equal((await manages.json('GET', '/api/v1/users')).status, 200);
    assert.equal((await make(['read'], manages)).status, 201);
    const greater = await make(['read', 'write'], manages);
    assert.equal(greater.status, 403);
    assert.equal(greater.body.field, 'scopes');
    for (const scopes of [[], ['fly'], 'read', [1], { read: true }]) {
        const answer = await make(scopes);
        assert.equal(answer.status, 422, JSON.stringify(scopes));
        assert.equal(answer.body.field, 'scopes');
    }
    for (const body of [{}, { name: '' }, { name: 'x'.repeat(101) }, { name: 'x', expires_days: 0 }, { name: 'x', expires_days: 3651 }, { name: 'x', colour: 1 }])
        assert.equal((await post(owner, '/api/v1/tokens', body)).status, 422, JSON.stringify(body));
});

test('another account neither sees nor ends what is mine', async () => {
    assert.equal((await post(owner, '/api/v1/users', { handle: 'bob', password: PASSWORD })).status, 201);
    const bob = await browser('bob');
    const mine = (await owner.json('GET', '/api/v1/sessions')).body.items[0];
    const token = (await post(owner, '/api/v1/tokens', { name: 'mine' })).body;
    assert.equal((await bob.json('DELETE', `/api/v1/sessions/${mine.id}`)).status, 404);
    assert.equal((await bob.json('DELETE', `/api/v1/tokens/${token.id}`)).status, 404);
    assert.ok((await bob.json('GET', '/api/v1/sessions')).body.items.every((s) => s.id !== mine.id));
    assert.equal((await bob.json('GET', '/api/v1/users')).status, 403);
    assert.equal((await post(bob, '/api/v1/users', { handle: 'eve', password: PASSWORD, admin: true })).status, 403);
    assert.equal((await post(bob, `/api/v1/users/${owner.handle}/tokens`, { name: 'x' })).status, 403);
    assert.equal((await post(owner, '/api/v1/users/bob/tokens', { name: 'x' })).status, 403, 'not even an admin, over the network');
    assert.equal((await owner.json('GET', '/api/v1/me')).status, 200);
});

test('an account is disabled, let in again, and deleted', async () => {
    assert.equal((await post(owner, '/api/v1/users', { handle: 'carol', password: PASSWORD })).status, 201);
    assert.equal((await post(owner, '/api/v1/users', { handle: 'carol', password: PASSWORD })).status, 409);
    let carol = await browser('carol');
    const token = bearer((await post(carol, '/api/v1/tokens', { name: 'x' })).body.token);
    assert.equal((await token.json('GET', '/api/v1/me')).status, 200);
    const patched = await owner.json('PATCH', '/api/v1/users/carol', { disabled: true });
    assert.equal(patched.status, 200, JSON.stringify(patched.body));
    assert.equal(patched.body.disabled, true);
    assert.equal((await carol.json('GET', '/api/v1/me')).status, 401);
    assert.equal((await token.json('GET', '/api/v1/me')).status, 401);
    assert.equal((await post(stranger, '/api/v1/auth/login', { handle: 'carol', password: PASSWORD })).status, 403);
    assert.equal((await owner.json('PATCH', '/api/v1/users/carol', { disabled: false })).status, 200);
    carol = await browser('carol');
    assert.equal((await owner.json('DELETE', `/api/v1/users/${owner.handle}`)).status, 409, 'the last admin');
    assert.equal((await owner.json('DELETE', '/api/v1/users/carol')).status, 204);
    assert.equal((await carol.json('GET', '/api/v1/me')).status, 401);
    assert.equal((await owner.json('DELETE', '/api/v1/users/carol')).status, 404);
});

test('a new password ends the other sessions and keeps this one', async () => {
    await server.vivim(['user', 'add', 'dora', '--password-file', '-'], { input: PASSWORD + '\n' });
    const here = await browser('dora'), there = await browser('dora');
    const change = (old_password, new_password) => post(here, '/api/v1/me/password', { old_password, new_password });
    const wrong = await change('wrong wrong', 'another password');
    assert.equal(wrong.status, 422);
    assert.equal(wrong.body.field, 'old_password');
    const weak = await change(PASSWORD, 'iloveyou');
    assert.equal(weak.status, 422);
    assert.equal(weak.body.field, 'new_password');
    assert.equal((await there.json('GET', '/api/v1/me')).status, 200);
    assert.equal((await change(PASSWORD, 'another password')).status, 204);
    assert.equal((await here.json('GET', '/api/v1/me')).status, 200);
    assert.equal((await there.json('GET', '/api/v1/me')).status, 401);
    assert.equal((await post(stranger, '/api/v1/auth/login', { handle: 'dora', password: PASSWORD })).status, 401);
    // The operator's change ends this one too.
    await server.vivim(['user', 'passwd', 'dora', '--password-file', '-'], { input: PASSWORD + '\n' });
    assert.equal((await here.json('GET', '/api/v1/me')).status, 401);
    await browser('dora');
});

test('guessing is slowed, by account', async () => {
    await server.vivim(['user', 'add', 'frank', '--password-file', '-'], { input: PASSWORD + '\n' });
    let answer;
    // Where a hash takes longer than the first wait of a second, a later wait is the one that is met.
    for (let i = 0; i < 12 && answer?.status !== 429; i++) answer = await post(stranger, '/api/v1/auth/login', { handle: 'frank', password: 'wrong wrong' });
    assert.equal(answer.status, 429);
    assert.equal(answer.body.code, 'rate_limited');
    assert.match(answer.headers.get('retry-after'), /^[1-9]\d*$/);
    assert.equal((await owner.json('GET', '/api/v1/me')).status, 200, 'others go on');
});

test('many sign-ins at once: each is served or told to wait', async () => {
    await server.vivim(['user', 'add', 'grace', '--password-file', '-'], { input: PASSWORD + '\n' });
    const answers = await Promise.all(Array.from({ length: 24 }, () => post(stranger, '/api/v1/auth/login', { handle: 'grace', password: PASSWORD })));
    for (const answer of answers) {
        assert.ok([200, 429, 503].includes(answer.status), String(answer.status));
        if (answer.status !== 200) assert.match(answer.headers.get('retry-after'), /^[1-9]\d*$/);
    }
    assert.ok(answers.some((a) => a.status === 200));
});

test('nothing secret is in the log', () => {
    for (const secret of [PASSWORD, owner.cookie.split('=')[1], 'vvm_']) assert.ok(!server.log().includes(secret));
});

test('a start makes a new link until there is an account, then none', async () => {
    let fresh = await startServer({ keep: true });
    const { data, setupToken: first } = fresh;
    assert.equal(await fresh.stop(), 0);
    fresh = await startServer({ data, keep: true });
    assert.notEqual(fresh.setupToken, first);
    const old = await post(client(fresh, { origin: fresh.url }), '/api/v1/auth/setup', { token: first, handle: 'owner', password: PASSWORD });
    assert.equal(old.status, 403);
    const me = await signIn(fresh);
    assert.equal(await fresh.stop(), 0);
    fresh = await startServer({ data });
    assert.equal(fresh.setupToken, null);
    const still = await client(fresh, { cookie: me.cookie }).json('GET', '/api/v1/me');
    assert.equal(still.status, 200, 'a session outlives a restart');
    assert.equal(await fresh.stop(), 0);
});
