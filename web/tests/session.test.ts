// Signing in and out, what is remembered, and what is forgotten with it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSession } from '../src/model/session.ts';
import { createView } from '../src/model/view.ts';
import { fakeServer, memoryState, problem, settled, type Answer } from './fakes.ts';

const user = (id: string) => ({ id, handle: id, admin: true, created_at: '2026-01-01T00:00:00Z' });

function session(answers: Record<string, Answer>, remembered: Record<string, unknown> = {}) {
    const state = memoryState(remembered);
    let wiped = 0;
    const { client, log } = fakeServer(({ path }) => answers[path.replace('/api/v1/', '')] ?? problem(404, 'not_found'));
    const model = createSession({ client, state, wipe: async () => void wiped++ });
    return { model, state, log, wiped: () => wiped, phase: () => model.store.getState().phase };
}

test('a server without an account asks for set-up, another one for the login', async () => {
    const fresh = session({ 'auth/state': { body: { setup_needed: true, signed_in: false } } });
    await fresh.model.start();
    assert.equal(fresh.phase(), 'setup');
    const known = session({ 'auth/state': { body: { setup_needed: false, signed_in: false } } });
    await known.model.start();
    assert.equal(known.phase(), 'signed_out');
});

test('who was signed in is there before the server answers, and stays while it is away', async () => {
    const s = session({ 'auth/state': 'offline' }, { auth: user('a') });
    const started = s.model.start();
    await settled();
    assert.equal(s.phase(), 'signed_in');
    await started;
    assert.equal(s.phase(), 'signed_in');
    const stranger = session({ 'auth/state': 'offline' });
    await stranger.model.start();
    assert.equal(stranger.phase(), 'unreachable');
});

test('a sign-in link lets in, and says why when it does not', async () => {
    const s = session({ 'auth/link': { body: { user: user('a') } } });
    assert.equal(await s.model.loginByLink('t'), null);
    const spent = session({ 'auth/link': problem(403, 'forbidden') });
    assert.equal((await spent.model.loginByLink('t'))?.code, 'forbidden');
});

test('a remembered session that has ended leads to the login', async () => {
    const s = session({ 'auth/state': { body: { setup_needed: false, signed_in: false } } }, { auth: user('a') });
    await s.model.start();
    assert.equal(s.phase(), 'signed_out');
});

test('signing in remembers the account; a wrong password is told', async () => {
    const s = session({ 'auth/login': { body: { user: user('a') } } });
    assert.equal(await s.model.login('a', 'b'), null);
    assert.deepEqual([s.phase(), (s.state.all.get('auth') as { id: string }).id], ['signed_in', 'a']);
    assert.deepEqual(s.log[0]?.body, { handle: 'a', password: 'b' });
    const wrong = session({ 'auth/login': problem(401, 'bad_login') });
    assert.equal((await wrong.model.login('a', 'b'))?.code, 'bad_login');
    assert.equal(wrong.phase(), 'starting');
});

test("set-up passes the link's token on and names the wrong field", async () => {
    const s = session({ 'auth/setup': problem(422, 'invalid_field', 'too short', { field: 'password' }) });
    const p = await s.model.setup('T', 'a', 'b');
    assert.deepEqual([p?.field, s.log[0]?.body], ['password', { token: 'T', handle: 'a', password: 'b' }]);
});

test('another account on the same device finds nothing of the one before', async () => {
    const s = session({ 'auth/login': { body: { user: user('b') } } }, { auth: user('a') });
    await s.model.login('b', 'x');
    assert.equal(s.wiped(), 1);
    const same = session({ 'auth/login': { body: { user: user('a') } } }, { auth: user('a') });
    await same.model.login('a', 'x');
    assert.equal(same.wiped(), 0);
});

test('signing out wipes; a session that ended by itself does not', async () => {
    const s = session({ 'auth/login': { body: { user: user('a') } }, 'auth/logout': {} });
    await s.model.login('a', 'x');
    assert.equal(await s.model.logout(), null);
    assert.deepEqual([s.phase(), s.wiped(), s.state.all.has('auth'), s.model.store.getState().expired], ['signed_out', 1, false, false]);
    await s.model.login('a', 'x');
    s.model.expire();
    await settled();
    assert.deepEqual([s.phase(), s.wiped(), s.state.all.has('auth'), s.model.store.getState().expired], ['signed_out', 1, true, true]);
});

test('signing out that does not reach the server is not pretended', async () => {
    const s = session({ 'auth/login': { body: { user: user('a') } }, 'auth/logout': 'offline' });
    await s.model.login('a', 'x');
    assert.equal((await s.model.logout())?.code, 'offline');
    assert.deepEqual([s.phase(), s.wiped()], ['signed_in', 0]);
});

test('the view is kept; nonsense in the store is not believed', async () => {
    const state = memoryState({ view: { theme: 'pink', shortcuts: 'no' } });
    const view = createView(state);
    await view.load();
    assert.deepEqual(view.store.getState(), { theme: 'system', shortcuts: true });
    view.setTheme('dark');
    view.setShortcuts(false);
    const again = createView(state);
    await again.load();
    assert.deepEqual(again.store.getState(), { theme: 'dark', shortcuts: false });
});
