// Library and search: pages, late answers, errors.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLibrary } from '../src/model/library.ts';
import { createSearch } from '../src/model/search.ts';
import { deferred, fakeServer, fakeTimer, problem, settled, type Answer } from './fakes.ts';

const page = (ids: string[], next: string | null): Answer => ({ body: { items: ids.map((id) => ({ id })), next_cursor: next } });
const hits = (ids: string[], next: string | null = null): Answer => ({ body: { items: ids.map((id) => ({ kind: 'message', id })), next_cursor: next, took_ms: 1 } });

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

test('typing asks once, for the last text', async () => {
    const timer = fakeTimer();
    const { client, log } = fakeServer(() => hits(['1']));
    const search = createSearch({ client, later: timer.later });
    for (const q of ['t', 'ti', 'tid', 'tide ']) search.setQuery(q);
    assert.equal(timer.waiting().length, 1);
    timer.turn();
    await settled();
    assert.deepEqual(log.map((l) => l.query.get('q')), ['tide']);
    const { q, answered, items } = search.store.getState();
    assert.deepEqual([q, answered, items.length], ['tide ', 'tide', 1]);
    search.setQuery('tide'); // the same question
    assert.equal(timer.waiting().length, 0);
});

test('a slow answer to an older question is stopped and never shown', async () => {
    const slow = deferred<Answer>();
    const { client, log } = fakeServer(({ query }) => (query.get('q') === 'slow' ? slow.promise : hits(['fast'])));
    const search = createSearch({ client, later: fakeTimer().later });
    search.setQuery('slow', true);
    await settled();
    search.setQuery('fast', true);
    await settled();
    slow.resolve(hits(['slow']));
    await settled();
    assert.equal(log[0]?.signal?.aborted, true);
    assert.deepEqual(search.store.getState().items.map((h) => h.id), ['fast']);
    assert.equal(search.store.getState().problem, null);
});

test('results stay while the next answer is on its way, and go with the text', async () => {
    const gate = deferred<Answer>();
    const { client } = fakeServer(({ query }) => (query.get('q') === 'a' ? hits(['1']) : gate.promise));
    const search = createSearch({ client, later: fakeTimer().later });
    search.setQuery('a', true);
    await settled();
    search.setQuery('ab', true);
    await settled();
    assert.deepEqual([search.store.getState().status, search.store.getState().items.length], ['loading', 1]);
    search.setQuery('  ');
    gate.resolve(hits(['2']));
    await settled();
    assert.deepEqual([search.store.getState().status, search.store.getState().items.length], ['idle', 0]);
});

test('an error is shown, and Enter asks again', async () => {
    let answer: Answer = problem(422, 'invalid_field', 'before: takes a day');
    const { client } = fakeServer(() => answer);
    const search = createSearch({ client, later: fakeTimer().later });
    search.setQuery('before:x', true);
    await settled();
    assert.equal(search.store.getState().problem?.message, 'before: takes a day.');
    answer = hits(['1']);
    search.setQuery('before:x', true);
    await settled();
    assert.deepEqual([search.store.getState().problem, search.store.getState().items.length], [null, 1]);
});

test('more results are put behind those that are shown', async () => {
    const { client, log } = fakeServer(({ query }) => (query.get('cursor') ? hits(['2']) : hits(['1'], 'x')));
    const search = createSearch({ client, later: fakeTimer().later });
    search.setQuery('a', true);
    await settled();
    await search.more();
    await search.more();
    assert.deepEqual(search.store.getState().items.map((h) => h.id), ['1', '2']);
    assert.equal(log.length, 2);
});
