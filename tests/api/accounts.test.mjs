// Accounts that are deleted and come back, are disabled and enabled; the question before; the way in without a password.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { eventually } from '../lib/realtime.mjs';
import { BINARY, changeRows, client, signIn, startServer } from '../lib/server.mjs';

const GRACE_MS = 30 * 24 * 3600 * 1000;
const PASSWORD = 'correct horse battery';
let server, owner;
before(async () => {
    server = await startServer();
    owner = await signIn(server, 'owner', PASSWORD);
});
after(async () => assert.equal(await server.stop(), 0));

const vivim = (...argv) => server.vivim(argv, { check: false });
const stateOf = async (handle) => (await owner.json('GET', '/api/v1/users')).body.items.find((u) => u.handle === handle);
const login = (handle, password) => client(server, { origin: server.url }).json('POST', '/api/v1/auth/login', { handle, password });
const shared = async () => (await owner.json('GET', '/api/v1/conversations?shared=true')).body.items;

// On a terminal of its own: what is typed goes in, all that is shown comes back, with the exit status.
function onTerminal(argv, typed) {
    return new Promise((resolve, reject) => {
        const quoted = [BINARY, ...argv].map((word) => `'${word}'`).join(' ');
        const child = spawn('script', ['-qec', quoted, '/dev/null'], { env: server.environment, stdio: ['pipe', 'pipe', 'inherit'] });
        let shown = '', asked = false;
        child.stdout.on('data', (d) => {
            shown += d;
            if (!asked && shown.includes('Type its handle')) {
                asked = true;
                child.stdin.write(typed);
            }
        });
        child.on('error', reject);
        child.on('close', (code) => resolve({ code, shown }));
    });
}

test('a deleted account is closed and unseen at once, comes back whole, and is erased when its time is over', async () => {
    const ann = await signIn(server, 'ann', PASSWORD);
    assert.equal((await ann.json('POST', '/api/v1/sample')).status, 200);
    const { items } = (await ann.json('GET', '/api/v1/conversations')).body;
    const path = `/api/v1/conversations/${items[0].id}`;
    assert.equal((await ann.json('PUT', `${path}/members/owner`, { role: 'reader' })).status, 200);
    const token = client(server, { authorization: `Bearer ${(await ann.json('POST', '/api/v1/tokens', { name: 'x' })).body.token}` });
    assert.equal((await token.json('GET', '/api/v1/me')).status, 200);
    const mine = (await owner.json('POST', '/api/v1/sample')) && (await owner.json('GET', '/api/v1/conversations')).body.items[0];
    assert.equal((await owner.json('PUT', `/api/v1/conversations/${mine.id}/members/ann`, { role: 'reader' })).status, 200);
    const members = async () => (await owner.json('GET', `/api/v1/conversations/${mine.id}/members`)).body.items.map((m) => m.handle);
    const feed = async (after) => (await owner.json('GET', `/api/v1/changes?after=${after}`)).body.items.filter((i) => i.entity === 'access' && i.id === items[0].id).map((i) => i.kind);
    const { cursor } = (await owner.json('GET', '/api/v1/changes')).body;
    assert.deepEqual((await shared()).map((c) => c.id), [items[0].id]);

    const deleted = await vivim('user', 'delete', 'ann', '--yes');
    assert.equal(deleted.code, 0, deleted.stderr);
    assert.match(deleted.stdout, /vivim user restore ann/);
    assert.equal((await ann.json('GET', '/api/v1/me')).status, 401);
    assert.equal((await token.json('GET', '/api/v1/me')).status, 401);
    const refused = await login('ann', PASSWORD), unknown = await login('nobody-such', PASSWORD);
    assert.deepEqual([refused.status, refused.body.detail], [401, unknown.body.detail], 'as one that never was');
    assert.equal((await owner.json('GET', path)).status, 404);
    assert.deepEqual(await shared(), []);
    assert.deepEqual(await members(), []);
    assert.equal((await owner.json('PUT', `/api/v1/conversations/${mine.id}/members/ann`, { role: 'editor' })).status, 404);
    await eventually(async () => (await feed(cursor)).at(-1) === 'deleted'); // that it was given may be told late, too
    assert.equal(Date.parse((await stateOf('ann')).erased_at) - Date.parse((await stateOf('ann')).deleted_at), GRACE_MS);
    assert.match((await vivim('user', 'list')).stdout, /^ann .*deleted/m);
    assert.match((await vivim('user', 'add', 'ann', '--password-file', '/dev/null')).stderr, /./);
    const taken = await owner.json('POST', '/api/v1/users', { handle: 'ann', password: PASSWORD });
    assert.deepEqual([taken.status, taken.body.code], [409, 'conflict'], 'the handle stays taken');
    for (const argv of [['user', 'delete', 'ann', '--yes'], ['user', 'disable', 'ann'], ['user', 'login-link', 'ann'], ['token', 'ann'], ['search', 'x', '--user', 'ann']])
        assert.match((await vivim(...argv)).stderr, /vivim user restore ann/, argv.join(' '));

    assert.equal((await vivim('user', 'restore', 'ann')).code, 0);
    assert.equal((await stateOf('ann')).deleted_at, null);
    assert.equal((await login('ann', PASSWORD)).status, 200);
    assert.equal((await token.json('GET', '/api/v1/me')).status, 200);
    assert.equal((await ann.json('GET', '/api/v1/me')).status, 401, 'its sessions have ended');
    assert.equal((await owner.json('GET', path)).status, 200);
    assert.deepEqual((await shared()).map((c) => c.id), [items[0].id]);
    assert.deepEqual(await members(), ['ann']);
    await eventually(async () => (await feed(cursor)).slice(-2).join() === 'deleted,created');
    assert.equal((await vivim('user', 'restore', 'ann')).code, 1, 'not deleted');
});

test('an account whose time was over while the server was down is erased at its next start', async (t) => {
    let one = await startServer({ keep: true });
    const { data } = one;
    const boss = await signIn(one, 'boss');
    await signIn(one, 'late');
    await signIn(one, 'soon');
    for (const handle of ['late', 'soon']) await one.vivim(['user', 'delete', handle, '--yes']);
    await changeRows(one, `UPDATE account SET deleted_ms = ${Date.now() - GRACE_MS} WHERE handle = 'late'`);
    assert.equal((await one.vivim(['user', 'restore', 'late'], { check: false })).code, 1, 'too late');
    assert.equal(await one.stop(), 0);
    one = await startServer({ data });
    t.after(async () => assert.equal(await one.stop(), 0));
    const admin = client(one, { cookie: boss.cookie, origin: one.url });
    await eventually(async () => (await admin.json('GET', '/api/v1/users')).body.items.map((u) => u.handle).join() === 'boss,soon');
    assert.equal((await one.vivim(['user', 'restore', 'soon'])).code, 0);
});

test('the last admin is neither deleted nor disabled, by command or over the network', async () => {
    for (const argv of [['delete', 'owner', '--yes'], ['delete', 'owner', '--yes', '--now'], ['disable', 'owner']]) {
        const { code, stderr } = await vivim('user', ...argv);
        assert.equal(code, 1);
        assert.match(stderr, /last admin.*vivim user add/);
        assert.equal(JSON.parse((await vivim('user', ...argv, '--json')).stderr).code, 'conflict');
    }
    for (const query of ['', '?now=true']) assert.equal((await owner.json('DELETE', `/api/v1/users/owner${query}`)).status, 409);
    await server.vivim(['user', 'add', 'second', '--admin', '--password-file', '-'], { input: PASSWORD + '\n' });
    assert.equal((await vivim('user', 'disable', 'second')).code, 0);
    assert.equal((await vivim('user', 'disable', 'owner')).code, 1, 'the other one may not sign in');
    assert.equal((await vivim('user', 'enable', 'second')).code, 0);
    assert.equal((await login('second', PASSWORD)).status, 200);
    assert.equal((await vivim('user', 'delete', 'second', '--yes')).code, 0);
    assert.equal((await vivim('user', 'disable', 'owner')).code, 1, 'the other one is deleted');
    assert.equal((await vivim('user', 'delete', 'second', '--yes', '--now')).code, 0);
    assert.equal((await owner.json('GET', '/api/v1/me')).status, 200);
});

test('deleting asks on a terminal and wants --yes elsewhere', async () => {
    await signIn(server, 'tim');
    const silent = await vivim('user', 'delete', 'tim');
    assert.equal(silent.code, 2);
    assert.match(silent.stderr, /--yes/);
    const piped = await server.vivim(['user', 'delete', 'tim'], { input: 'tim\n', check: false });
    assert.equal(piped.code, 2, 'a pipe is no answer');
    for (const typed of ['yes\n', 'y\n', '\n', '\x04']) {
        const { code, shown } = await onTerminal(['user', 'delete', 'tim'], typed);
        assert.equal(code, 1, shown);
        assert.match(shown, /nothing was deleted/);
    }
    assert.equal((await stateOf('tim')).deleted_at, null);
    const sure = await onTerminal(['user', 'delete', 'tim'], 'tim\n');
    assert.equal(sure.code, 0, sure.shown);
    assert.notEqual((await stateOf('tim')).deleted_at, null);
    const erased = await onTerminal(['user', 'delete', 'tim', '--now'], 'tim\n');
    assert.equal(erased.code, 0, erased.shown);
    assert.match(erased.shown, /for ever/);
    assert.equal(await stateOf('tim'), undefined);
    assert.equal((await vivim('user', 'restore', 'tim')).code, 1);
});

test('a sign-in link of the command line lets in once, and nobody makes one over the network', async () => {
    await signIn(server, 'lin');
    const browser = client(server, { origin: server.url });
    const use = (token) => browser.json('POST', '/api/v1/auth/link', { token });
    const link = async () => (await server.vivim(['user', 'login-link', 'lin'])).stdout.trim();
    const first = await link(), second = await link();
    assert.match(second, new RegExp(`^${server.url}/login#[A-Za-z0-9_-]{43}$`));
    const [old, token] = [first, second].map((l) => l.split('#')[1]);
    for (const wrong of [old, 'x'.repeat(43), 'x']) {
        const answer = await use(wrong);
        assert.deepEqual([answer.status, answer.body.field], [403, 'token']);
    }
    const both = await Promise.all([use(token), use(token)]);
    assert.deepEqual(both.map((a) => a.status).sort(), [200, 403]);
    const won = both.find((a) => a.status === 200);
    assert.equal(won.body.user.handle, 'lin');
    const lin = client(server, { cookie: won.headers.get('set-cookie').split(';')[0] });
    assert.equal((await lin.json('GET', '/api/v1/me')).status, 200);
    const late = (await link()).split('#')[1];
    await changeRows(server, `UPDATE login_link SET expires_ms = ${Date.now() - 1}`);
    assert.equal((await use(late)).status, 410);
    assert.equal((await owner.json('POST', '/api/v1/users/lin/login-link')).status, 403, 'not even an admin');
    assert.equal((await lin.json('POST', '/api/v1/users/owner/login-link')).status, 403);
    assert.ok(!server.log().includes(token));
});
