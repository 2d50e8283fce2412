// Search: what is asked, late answers, pages, filters; what is kept; why something was found; where its words stand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finder, fold, formsOf } from '../src/model/marks.ts';
import { createPlaces } from '../src/model/places.ts';
import { ASK, askedOf, filtered, queryOf, readQuestion, same, withoutFields, type Question } from '../src/model/question.ts';
import { hintWords, reasons } from '../src/model/reasons.ts';
import { createSearch, groupsOf, type Hit } from '../src/model/search.ts';
import { createSearches } from '../src/model/searches.ts';
import { deferred, fakeServer, fakeTimer, memoryState, problem, settled, type Answer } from './fakes.ts';

const ask = (q: string, more: Partial<Question> = {}): Question => ({ ...ASK, q, ...more });
const hit = (id: string, more: Partial<Hit> = {}): Hit => ({ kind: 'message', id, conversation_id: `c${id}`, snippet: '', highlights: [], score: 1, source: 'keyword', words: [], aside: [], ...more });
const REST = { facets: [], corrections: [], hints: [], similar: true, took_ms: 1 };
const hits = (ids: string[], next: string | null = null, more: object = {}): Answer => ({ body: { ...REST, items: ids.map((id) => hit(id)), next_cursor: next, ...more } });
const NOW = new Date('2026-03-31T12:00:00Z');

function searchOf(answer: Parameters<typeof fakeServer>[0]) {
    const timer = fakeTimer(), server = fakeServer(answer);
    const search = createSearch({ client: server.client, later: timer.later, now: () => NOW });
    return { search, timer, log: server.log, ids: () => search.store.getState().groups.flatMap((g) => g.hits.map((h) => h.id)) };
}

test('typing asks once, for the last text, which may go on', async () => {
    const { search, timer, log, ids } = searchOf(() => hits(['1']));
    for (const q of ['t', 'ti', 'tid', 'tide ']) search.set(ask(q));
    assert.equal(timer.waiting().length, 1);
    timer.turn();
    await settled();
    assert.deepEqual(log.map((l) => [l.query.get('q'), l.query.get('typing'), l.query.get('group')]), [['tide', 'true', 'conversation']]);
    const { question, answered } = search.store.getState();
    assert.deepEqual([question.q, answered?.q, ids()], ['tide ', 'tide', ['1']]);
    search.set(ask('tide')); // the same question
    assert.equal(timer.waiting().length, 0);
    search.set(ask('tide'), true); // Enter: it goes on no further
    await settled();
    assert.equal(log[1]?.query.get('typing'), null);
    search.set(ask('tide'), true);
    assert.equal(log.length, 2);
});

test('where no word begins so, it is asked for as a whole word, which may be corrected', async () => {
    const { search, timer, log, ids } = searchOf(({ query }) => (query.get('typing') ? hits([]) : hits(['1'], null, { corrections: [{ from: 'ketle', to: 'kettle' }] })));
    search.set(ask('ketle'));
    timer.turn();
    await settled();
    assert.deepEqual([log.length, ids(), search.store.getState().corrections], [2, ['1'], [{ from: 'ketle', to: 'kettle' }]]);
});

test('a slow answer to an older question is stopped and never shown', async () => {
    const slow = deferred<Answer>();
    const { search, log, ids } = searchOf(({ query }) => (query.get('q') === 'slow' ? slow.promise : hits(['fast'])));
    search.set(ask('slow'), true);
    await settled();
    search.set(ask('fast'), true);
    await settled();
    slow.resolve(hits(['slow']));
    await settled();
    assert.equal(log[0]?.signal?.aborted, true);
    assert.deepEqual(ids(), ['fast']);
    assert.equal(search.store.getState().problem, null);
});

test('results stay while the next answer is on its way, and go with the text', async () => {
    const gate = deferred<Answer>();
    const { search, ids } = searchOf(({ query }) => (query.get('q') === 'a' ? hits(['1']) : gate.promise));
    search.set(ask('a'), true);
    await settled();
    search.set(ask('ab'), true);
    await settled();
    assert.deepEqual([search.store.getState().status, ids()], ['loading', ['1']]);
    search.set(ask('  '));
    gate.resolve(hits(['2']));
    await settled();
    assert.deepEqual([search.store.getState().status, ids()], ['idle', []]);
});

test('an error is shown, and Enter asks again', async () => {
    let answer: Answer = problem(422, 'invalid_field', 'before: takes a day');
    const { search, ids } = searchOf(() => answer);
    search.set(ask('before:x'), true);
    await settled();
    assert.equal(search.store.getState().problem?.message, 'before: takes a day.');
    answer = hits(['1']);
    search.set(ask('before:x'), true);
    await settled();
    assert.deepEqual([search.store.getState().problem, ids()], [null, ['1']]);
});

test('more results are put behind those that are shown', async () => {
    const { search, log, ids } = searchOf(({ query }) => (query.get('cursor') ? hits(['2']) : hits(['1'], 'x')));
    search.set(ask('a'), true);
    await settled();
    await search.more();
    await search.more();
    assert.deepEqual([ids(), log.length], [['1', '2'], 2]);
});

test('what moved from one page to the next meanwhile is shown once', async () => {
    const { search, ids } = searchOf(({ query }) => (query.get('cursor') ? hits(['2', '3']) : hits(['1', '2'], 'x')));
    search.set(ask('a'), true);
    await settled();
    await search.more();
    assert.deepEqual(ids(), ['1', '2', '3']);
});

test('what is too long for an address is sent as a body', async () => {
    const { search, log } = searchOf(() => hits(['1']));
    search.set(ask('猫'.repeat(600)), true);
    await settled();
    assert.deepEqual([log[0]?.method, (log[0]?.body as { q: string }).q.length], ['POST', 600]);
});

test('filters stand in front of what is typed, and their other values stay in reach', async () => {
    const facet = (...values: string[]) => [{ name: 'role', values: values.map((value) => ({ value, count: 1 })) }];
    const { search, log } = searchOf(({ query }) => hits(['1'], null, { facets: query.get('q')?.includes('role:') ? facet('user') : facet('user', 'tool') }));
    const values = () => search.store.getState().facets[0]?.values.map((v) => v.value);
    search.set(ask('"red ket'), true);
    await settled();
    search.set(filtered(search.store.getState().question, 'role', 'user'), true);
    await settled();
    assert.equal(log[1]?.query.get('q'), 'role:user "red ket');
    assert.deepEqual(values(), ['user', 'tool']);
    search.set(ask('pot', { by: { role: 'user' } }), true); // of other words nothing is known
    await settled();
    assert.deepEqual(values(), ['user']);
});

test('a question is an address, and nothing in an address becomes part of the query but what is a value', () => {
    const whole = ask('a "b', { by: { provider: 'claude', when: 'week', in: 'x-1', kind: 'message', language: 'en', has: 'code', is: 'mine' }, newest: true, exact: true });
    assert.ok(same(readQuestion(new URLSearchParams(queryOf(whole))), whole));
    assert.deepEqual(readQuestion(new URLSearchParams('q=a&provider=x%20OR%20y&when=always&role=a"b&in=../x')), ask('a'));
    assert.equal(queryOf(ASK), '');
    for (const [when, said] of [['2025', 'during:2025 tea'], ['2025-11', 'during:2025-11 tea'], ['2025-11-30', 'during:2025-11-30 tea'], ['2025-1', 'tea'], ['20251', 'tea']])
        assert.equal(askedOf(readQuestion(new URLSearchParams(`q=tea&when=${when}`)), NOW, false).q, said);
    assert.equal(withoutFields('role:user tea -in:"a b" (from:Ann https://x.example) on:"open'), 'tea (https://x.example)'.replace('(', '( '));
    assert.deepEqual(filtered(filtered(whole, 'when', 'week'), 'in', 'x-1').by, { provider: 'claude', kind: 'message', language: 'en', has: 'code', is: 'mine' });
    const { q, conversation, group, kind, sort, exact } = askedOf(whole, NOW, false);
    assert.deepEqual([q, conversation, group, kind, sort, exact], ['provider:claude has:code lang:en is:mine after:2026-03-24 a "b', 'x-1', undefined, 'message', 'time', true]);
});

test('results stand by conversation, as the server parts them or as they follow one another', () => {
    const items = [hit('1', { conversation_id: 'a', title: 'A' }), hit('2', { conversation_id: 'a' }), hit('3', { conversation_id: 'b' }), hit('4', { conversation_id: 'a' }), hit('5', { conversation_id: null }), hit('6', { conversation_id: null })];
    const shape = (answer: Parameters<typeof groupsOf>[0]) => groupsOf(answer).map((g) => [g.conversation, g.count, g.hits.map((h) => h.id).join('')]);
    assert.deepEqual(shape({ items }), [['a', 2, '12'], ['b', 1, '3'], ['a', 1, '4'], ['', 1, '5'], ['', 1, '6']]);
    assert.deepEqual(shape({ items, groups: [{ count: 9, first: 0, shown: 2 }, { count: 1, first: 2, shown: 1 }] }), [['a', 9, '12'], ['b', 1, '3']]);
    assert.equal(new Set(groupsOf({ items }).map((g) => g.key)).size, 5);
});

test('searches are kept: the last ones once each, saved ones until they are taken away', async () => {
    const state = memoryState();
    const searches = createSearches(state);
    for (const q of ['a', 'b', ' a ', '', 'c', 'd', 'e', 'f', 'g', 'h', 'i']) searches.used(ask(q));
    assert.deepEqual(searches.store.getState().recent.map((s) => s.q).join(''), 'ihgfedca');
    searches.toggle(ask('x', { newest: true }));
    searches.toggle(ask('y'));
    assert.deepEqual([searches.isSaved(ask('x')), searches.isSaved(ask('x ', { newest: true }))], [false, true]);
    const again = createSearches(state);
    await again.load();
    assert.deepEqual(again.store.getState(), searches.store.getState());
    again.toggle(ask('y'));
    again.forgetRecent();
    assert.deepEqual([again.store.getState().recent, again.store.getState().saved.map((s) => s.q)], [[], ['x']]);
    await again.clear();
    assert.equal(state.all.size, 0);
    const broken = createSearches(memoryState({ searches: { recent: 'x', saved: [7, null, '?q=ok'] } }));
    await broken.load();
    assert.deepEqual([broken.store.getState().recent, broken.store.getState().saved.map((s) => s.q)], [[], ['ok']]);
});

test('why something was found is said in words', () => {
    const part = (name: string, value: number, weight = 1) => ({ name, value, weight });
    const why = (words: string[], parts: ReturnType<typeof part>[], more: Partial<Hit> = {}) => reasons(hit('1', { words, parts, score: 2, ...more })).join(' | ');
    assert.equal(why(['kettle', 'red'], [part('cov', 1), part('bi', 1)]), 'both words together');
    assert.equal(why(['kettle', 'red'], [part('cov', 0.5), part('bi', 0)]), 'kettle and red');
    assert.equal(why(['a', 'b', 'c'], [part('cov', 1)]), 'all words');
    assert.equal(why(['kettle'], [part('cov', 1), part('date', 0.9), part('about', 1)], { role: 'user' }), 'the word kettle | near that date | said by the user');
    assert.equal(why(['kettle'], [part('sem', 0.5)]), 'the word kettle');
    assert.equal(why([], [part('sem', 0.01)], { source: 'similar' }), 'similar words');
    assert.equal(why([], [part('soft', 0.5)], { source: 'similar', like_of: 'kettle', like: 'pots' }), 'similar: kettle ~ pots');
    assert.equal(why([], [part('nb1', 0.4)], { source: 'neighbour' }), 'beside a message that fits');
    assert.equal(reasons(hit('1', { score: 0 })).length, 0);
    assert.match(hintWords({ code: 'unknown_field', field: 'rol', detail: 'role' }), /Did you mean role:/);
    assert.match(hintWords({ code: 'date_alone', field: 'during', detail: '2025-03-03 2025-03-09' }), /^Everything from .*3.* to .*9.*, the newest first/);
    assert.match(hintWords({ code: 'no_value', field: 'Role', detail: '' }), /Role:user$/);
    assert.match(hintWords({ code: 'not_yet', field: 'is', detail: 'pinned' }), /^is:pinned cannot/);
    assert.match(hintWords({ code: 'no_date', field: 'before', detail: 'soup' }), /before:soup is no date/);
});

test('words are marked where they stand: folded, whole, in phrases, in scripts without spaces', () => {
    const marked = (text: string, ...forms: string[]) => finder(forms.map((f) => fold(f).text.trim()))(text).map(([a, b]) => text.slice(a, b));
    assert.deepEqual(marked('Boiled CAFÉ, café and cafe\u0301s; cafe\u0301.', 'cafe'), ['CAFÉ', 'café', 'cafe\u0301']);
    assert.deepEqual(marked('the red\n kettle, a red pot', 'red kettle', 'red'), ['red\n kettle', 'red']);
    assert.deepEqual(marked('看東京都の天気', '東京'), ['東京']);
    assert.deepEqual(marked('the 🫖 and pot_lid', '🫖', 'pot'), ['🫖', 'pot']);
    assert.deepEqual(marked('ﬁne ½ x', 'fine', '1 2'), ['ﬁne', '½']);
    assert.deepEqual(marked('(a+b)*c .* [x]', '.*', 'a b'), ['a+b']);
    assert.deepEqual(marked('anything'), []);
    const forms = formsOf([hit('1', { snippet: 'it 🫖 boiled over', highlights: [[5, 6]], words: ['boiling', 'c'] })]);
    assert.deepEqual(forms, ['boiled', 'boiling']);
});

test('the places of a conversation are asked for once, and a late answer of another is dropped', async () => {
    const first = deferred<Answer>();
    const answer = (id: string): Answer => ({ body: { ...REST, next_cursor: null, items: [hit(id, { message_id: id, words: ['tea'] }), hit('z', { message_id: 'z' })] } });
    const { client, log } = fakeServer(({ query }) => (query.get('conversation') === 'a' ? first.promise : answer('2')));
    const places = createPlaces(client);
    void places.open('a', ask('tea'));
    void places.open('b', ask('tea', { by: { role: 'user' } }));
    await places.open('b', ask('tea ', { by: { role: 'user' } }));
    await settled();
    first.resolve(answer('1'));
    await settled();
    const { messages, forms, ready } = places.store.getState();
    assert.deepEqual([[...messages], forms, ready, log.length], [['2'], ['tea'], true, 2]);
    assert.deepEqual([log[1]?.query.get('q'), log[1]?.query.get('conversation')], ['role:user tea', 'b']); // with the filters that led there
    await places.open('b', null);
    assert.deepEqual([places.store.getState().forms, log.length], [[], 2]);
});
