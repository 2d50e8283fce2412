// Reading: pages, the cached copy, another conversation in between, an absent server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createReader, outline, type Message } from '../src/model/reader.ts';
import type { CachedConversation } from '../src/store/database.ts';
import type { ConversationCache } from '../src/store/conversations.ts';
import { deferred, fakeServer, problem, settled, type Answer, type Asked } from './fakes.ts';

const message = (id: string, role = 'user', more: object = {}) =>
    ({ id, role, hidden: false, on_path: true, blocks: [{ type: 'text', markdown: `text ${id}` }], ...more }) as unknown as Message;
const conversation = (id: string, version = 1) => ({ id, version, hash: `h${version}`, title: id });

function memoryCache(...entries: CachedConversation[]): ConversationCache & { all: Map<string, CachedConversation> } {
    const all = new Map(entries.map((e) => [e.id, e]));
    return {
        all, read: async (id) => all.get(id), write: async (e) => void all.set(e.id, e), remove: async (id) => void all.delete(id), clear: async () => all.clear(),
    };
}

// `pages` of messages, the cursor is the number of the next page.
function server(pages: string[][], version = () => 1) {
    return fakeServer(({ path, query }: Asked): Answer => {
        const [, id = '', tail] = /conversations\/([^/]+)(\/messages)?/.exec(path) ?? [];
        if (id === 'gone') return problem(404, 'not_found');
        if (!tail) return { body: conversation(id, version()) };
        const n = Number(query.get('cursor') ?? 0);
        return { body: { items: (pages[n] ?? []).map((m) => message(m)), next_cursor: n + 1 < pages.length ? String(n + 1) : null } };
    });
}

test('all pages are read, and the whole is kept for the next time', async () => {
    const cache = memoryCache();
    const reader = createReader({ client: server([['1', '2'], ['3']]).client, cache, now: () => 7 });
    await reader.open('c');
    const s = reader.store.getState();
    assert.deepEqual([s.messages.map((m) => m.id), s.complete, s.paused], [['1', '2', '3'], true, false]);
    assert.deepEqual([cache.all.get('c')?.messages.length, cache.all.get('c')?.opened_at], [3, 7]);
});

test('an unchanged conversation is not read again, a newer one is', async () => {
    let version = 1;
    const cache = memoryCache();
    const { client, log } = server([['1']], () => version);
    const reader = createReader({ client, cache, now: () => 1 });
    await reader.open('c');
    await reader.open('d');
    const before = log.length;
    await reader.open('c');
    assert.deepEqual(log.slice(before).map((l) => l.path), ['/api/v1/conversations/c']);
    assert.equal(reader.store.getState().messages.length, 1);
    version = 2;
    await reader.open('c');
    assert.equal(log.at(-1)?.path, '/api/v1/conversations/c/messages');
    assert.equal(cache.all.get('c')?.conversation.version, 2);
});

test('hidden messages and other branches are asked for apart, and not kept', async () => {
    const cache = memoryCache();
    const { client, log } = server([['1']]);
    const reader = createReader({ client, cache, now: () => 1 });
    await reader.open('c', true);
    assert.equal(log.at(-1)?.query.get('all'), 'true');
    assert.equal(cache.all.size, 0);
    await reader.open('c', false);
    assert.equal(log.at(-1)?.query.get('all'), null);
});

test('what came from one source is parted, and the copy that holds both is gone', async () => {
    const cache = memoryCache();
    const source = { id: 's1', kind: 'share' };
    const { client, log } = fakeServer(({ method, path }: Asked): Answer => {
        if (path.endsWith('/sources')) return { body: { items: [source], next_cursor: null } };
        if (method === 'POST') return path.includes('/busy/') ? problem(503, 'busy') : { status: 201, body: { id: 'new' } };
        if (path.endsWith('/messages')) return { body: { items: [message('1')], next_cursor: null } };
        return { body: conversation('c') };
    });
    const reader = createReader({ client, cache, now: () => 1 });
    await reader.open('c');
    assert.equal(cache.all.size, 1);
    assert.deepEqual(await reader.sources(), { items: [source] });
    assert.deepEqual(await reader.split('s1'), { id: 'new' });
    assert.deepEqual([log.at(-1)?.path, log.at(-1)?.body], ['/api/v1/conversations/c/split', { source_id: 's1' }]);
    assert.equal(cache.all.size, 0);
    await reader.open('busy');
    const refused = await reader.split('s1');
    assert.equal('problem' in refused && refused.problem.code, 'busy');
});

test('a page that comes for a conversation that was left is not shown', async () => {
    const gate = deferred<Answer>();
    const { client } = fakeServer(({ path }) => (path.endsWith('/a/messages') ? gate.promise
        : path.endsWith('/messages') ? { body: { items: [message('b1')], next_cursor: null } } : { body: conversation(path.endsWith('/a') ? 'a' : 'b') }));
    const reader = createReader({ client, cache: memoryCache(), now: () => 1 });
    void reader.open('a');
    await settled();
    await reader.open('b');
    gate.resolve({ body: { items: [message('a1')], next_cursor: null } });
    await settled();
    assert.deepEqual(reader.store.getState().messages.map((m) => m.id), ['b1']);
});

test('without the server the kept copy is read; without a copy there is an error', async () => {
    const cache = memoryCache({ id: 'c', opened_at: 1, conversation: conversation('c') as never, messages: [message('1')] });
    const reader = createReader({ client: fakeServer(() => 'offline').client, cache, now: () => 1 });
    await reader.open('c');
    assert.deepEqual([reader.store.getState().offline, reader.store.getState().messages.length, reader.store.getState().problem], [true, 1, null]);
    await reader.open('d');
    assert.deepEqual([reader.store.getState().problem?.code, reader.store.getState().conversation], ['offline', null]);
});

test('what was deleted elsewhere is gone here too', async () => {
    const cache = memoryCache({ id: 'gone', opened_at: 1, conversation: conversation('gone') as never, messages: [message('1')] });
    const reader = createReader({ client: server([]).client, cache, now: () => 1 });
    await reader.open('gone');
    await settled();
    assert.deepEqual([reader.store.getState().problem?.status, reader.store.getState().conversation, cache.all.size], [404, null, 0]);
});

test('a page that fails leaves what is there and is asked for again', async () => {
    let broken = true;
    const { client } = fakeServer(({ path, query }) => {
        if (!path.endsWith('/messages')) return { body: conversation('c') };
        if (query.get('cursor') && broken) return 'offline';
        return { body: { items: [message(query.get('cursor') ? '2' : '1')], next_cursor: query.get('cursor') ? null : '1' } };
    });
    const reader = createReader({ client, cache: memoryCache(), now: () => 1 });
    await reader.open('c');
    assert.deepEqual([reader.store.getState().messages.length, reader.store.getState().complete], [1, false]);
    broken = false;
    await reader.more();
    assert.deepEqual([reader.store.getState().messages.map((m) => m.id), reader.store.getState().complete], [['1', '2'], true]);
});

test('thousands of messages are read up to the limit, the rest when it is asked for', async () => {
    const pages = Array.from({ length: 30 }, (_, p) => Array.from({ length: 200 }, (_, i) => `${p}-${i}`));
    const reader = createReader({ client: server(pages).client, cache: memoryCache(), now: () => 1 });
    await reader.open('c');
    assert.deepEqual([reader.store.getState().messages.length, reader.store.getState().paused], [5000, true]);
    await reader.more();
    assert.deepEqual([reader.store.getState().messages.length, reader.store.getState().complete], [6000, true]);
});

test('the outline holds the visible questions, numbered', () => {
    const entries = outline([message('1'), message('2', 'assistant'), message('3', 'user', { hidden: true }), message('4', 'user', { on_path: false }), message('5', 'user', { blocks: [] })]);
    assert.deepEqual(entries, [{ id: '1', number: 1, text: 'text 1' }, { id: '5', number: 2, text: 'Without text' }]);
});
