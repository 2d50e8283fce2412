// The library: pages, late answers, errors.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLibrary } from '../src/model/library.ts';
import { deferred, fakeServer, problem, settled, type Answer } from './fakes.ts';

const page = (ids: string[], next: string | null): Answer => ({ body: { items: ids.map((id) => ({ id })), next_cursor: next } });

test('the library reads page after page and shows nothing twice', async () => {
    const { client, log } = fakeServer(({ query }) => (query.get('cursor') ? page(['b', 'c'], null) : page(['a', 'b'], 'x')));
    const library = createLibrary(client);
    const ids = () => library.store.getState().items.map((c) => c.id);
    await library.load();
    assert.deepEqual(ids(), ['a', 'b']);
    await library.more();
    assert.deepEqual(ids(), ['a', 'b', 'c']);
    await library.more(); // there is no more
    assert.equal(log.length, 2);
    library.forget('b');
    assert.deepEqual(ids(), ['a', 'c']);
});

test('what others share is read to its end', async () => {
    const { client, log } = fakeServer(({ query }) => (query.get('cursor') ? page(['c'], null) : page(['a', 'b'], 'x')));
    const library = createLibrary(client);
    await library.loadShared();
    assert.deepEqual(library.store.getState().shared?.map((c) => c.id), ['a', 'b', 'c']);
    assert.equal(log.length, 2);
});

test('asking twice for the next page asks once', async () => {
    const gate = deferred<Answer>();
    const { client, log } = fakeServer(({ query }) => (query.get('cursor') ? gate.promise : page(['a'], 'x')));
    const library = createLibrary(client);
    await library.load();
    void library.more();
    void library.more();
    gate.resolve(page(['b'], null));
    await settled();
    assert.equal(log.length, 2);
    assert.equal(library.store.getState().status, 'ready');
});

test('an expired cursor starts again, another error keeps what is there', async () => {
    let later: Answer = problem(410, 'cursor_expired');
    const { client, log } = fakeServer(({ query }) => (query.get('cursor') ? later : page(['a'], 'x')));
    const library = createLibrary(client);
    await library.load();
    await library.more();
    assert.deepEqual(log.map((l) => l.query.get('cursor')), [null, 'x', null]);
    later = 'offline';
    await library.more();
    const { items, problem: shown, failed, status } = library.store.getState();
    assert.deepEqual([items.length, shown?.code, failed, status], [1, 'offline', 'more', 'ready']);
});

test('an answer that comes after signing out is not shown', async () => {
    const gate = deferred<Answer>();
    const { client } = fakeServer(() => gate.promise);
    const library = createLibrary(client);
    void library.load();
    library.clear();
    gate.resolve(page(['a'], null));
    await settled();
    assert.deepEqual(library.store.getState().items, []);
});
