// Search over HTTP and from the terminal: whatever a stranger types; what another's archive does to one's own answers (nothing);
// grants that come and go; pages while things are stored.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { claude, importBytes } from '../lib/imports.mjs';
import { eventually } from '../lib/realtime.mjs';
import { signIn, startServer } from '../lib/server.mjs';

let server, ann, ben;
const on = (chat, day) => {
    for (const [i, m] of chat.chat_messages.entries()) m.created_at = `${day}T10:00:${String(i).padStart(2, '0')}Z`;
    return { ...chat, created_at: `${day}T10:00:00Z` };
};
const KETTLE = on(claude(1, ['The red kettle boils over. Why?', 'It is too full: the water has no room to rise.', 'And the spout?', 'See https://example.com/spouts'], 'A stove and its pots'), '2026-01-02');
const GERMAN = on(claude(2, ['Wie koche ich Grünkohl mit Zwiebeln?', 'Langsam, mit Geduld und etwas Brühe.'], 'Küche'), '2025-11-05');
const OTHERS = on(claude(3, ['Где купить чайник?', 'В магазине посуды.', '東京都の猫カフェは？', '新宿にあります。', 'כלב או חתול?', 'חתול, כמובן.'], 'Разное'), '2025-11-06');
const HARD = on(claude(4, ['How hard is it here?', 'Hard enough.'], 'Hardness'), '2025-12-01');
HARD.chat_messages[1].content = [{ type: 'thinking', thinking: 'A number in dH is wanted.' }, { type: 'tool_use', id: 't', name: 'look_up', input: {} }, { type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'Limescale comes from chalk.' }] }, { type: 'text', text: 'Hard enough.' }];
const teas = Array.from({ length: 9 }, (_, i) => on(claude(10 + i, Array.from({ length: 6 }, (_, k) => `Assam number ${i * 10 + k} wants hot water`), `Tea ${i}`), `2024-0${i + 1}-01`));

const ask = async (who, q, more = {}) => (await who.json('POST', '/api/v1/search', { q, ...more })).body;
const titles = (answer) => [...new Set(answer.items.map((i) => i.title))];
// Everything that is answered but how long it took.
const said = ({ took_ms, ...rest }) => rest;

before(async () => {
    server = await startServer();
    [ann, ben] = [await signIn(server, 'ann'), await signIn(server, 'ben')];
    assert.equal((await importBytes(ann, JSON.stringify([KETTLE, GERMAN, OTHERS, HARD, ...teas]))).status, 'done');
    await eventually(async () => (await ask(ann, 'assam', { sort: 'time', limit: 200 })).items?.length === 9 * 6);
});
after(async () => assert.equal(await server.stop(), 0));

// [what is typed, the title that stands first (null: nothing is found), codes of hints]
for (const [q, first, ...hints] of [
    ['red kettle', KETTLE.name], ['kettles boiled', KETTLE.name], ['“red kettle”', KETTLE.name], ['„red kettle“', KETTLE.name], ['＂red　kettle＂', KETTLE.name], ['"kettle red"', null], ['"open end', null],
    ['kettle −water', KETTLE.name], ['water −assam', KETTLE.name], ['(kettle OR Grünkohl) -red', 'Küche'], ['-(assam OR kettle) Brühe', 'Küche'], ['kett*', KETTLE.name], ['KETTLE', KETTLE.name],
    ['grunkohl', 'Küche'], ['猫', 'Разное'], ['猫カフェ', 'Разное'], ['чайник', 'Разное'], ['\u200f-כלב חתול', 'Разное'], ['\u2067חתול\u2069', 'Разное'], ['ｋｅｔｔｌｅ', KETTLE.name], ['red\u0001kettle', KETTLE.name],
    ['in:stove water', KETTLE.name], ['-in:stove -in:tea water', null], ['-in:stove water', 'Tea'], ['in:"***" water', null], ['in:nowhere water', null], ['kind:conversation stove', KETTLE.name], ['kind:chat kettle', KETTLE.name, 'no_kind'],
    ['on:2026-01-02', KETTLE.name], ['on:2025-11-05 on:2026-01-02 -role:assistant koche', 'Küche'], ['during:"November 2025" -lang:de', 'Разное'], ['during:"novembre 2025" lang:german', 'Küche'], ['-during:2024 water', KETTLE.name], ['before:2025 kettle', null],
    ['what did I ask on 5 November 2025?', 'Küche', 'date_alone'], ['in March 2024', 'Tea 2', 'date_alone'], ['on 3 March 2020', 'Tea 3'], ['what did I ask about koche on 5 November 2025?', 'Küche'],
    ['has:link', KETTLE.name], ['has:links spout', KETTLE.name], ['from:me kettle', KETTLE.name], ['from:nobody kettle', null], ['role:human kettle', KETTLE.name], ['is:mine kettle', KETTLE.name], ['is:shared kettle', null], ['provider:CLAUDE kettle', KETTLE.name],
    ['role:banana kettle', KETTLE.name, 'unknown_field'], ['title:stove', KETTLE.name, 'unknown_field'], ['role: kettle', KETTLE.name, 'no_value'], ['is:pinned kettle', KETTLE.name, 'not_yet'], ['before:soonish kettle', KETTLE.name, 'no_date'], ['kettle NOT assam', KETTLE.name, 'operator'], ['kettle OR role:tool', null, 'filter_everywhere'],
    ['*', null], ['* '.repeat(1000), null], ['"', null], ['()', null], [')((', null], ['--', null], ['?', null], ['%', null], ["'; DROP TABLE message; --", null], ['NEAR(kettle boils, 3)', KETTLE.name], ['kettle ' + 'x'.repeat(2000), KETTLE.name], [`kettle ${'(red OR '.repeat(250)}`, KETTLE.name], [`kettle ${'(a OR '.repeat(300)}`, null], ['漢'.repeat(682), null], ['q'.repeat(2048), null],
]) test(`what a stranger types: ${q.slice(0, 40)}`, async () => {
    for (const group of [undefined, 'conversation']) {
        const { status, body } = await ann.json('POST', '/api/v1/search', { q, group });
        assert.equal(status, 200, JSON.stringify(body));
        if (first) assert.equal(body.items[0]?.title.slice(0, first.length), first, JSON.stringify(body).slice(0, 500));
        else assert.deepEqual(body.items, []);
        assert.deepEqual(body.hints.map((h) => h.code), hints);
    }
});

test('nothing typed, and more than is read, are refused by name', async () => {
    for (const q of ['', '   ', '\u3000', '*'.repeat(10_000), 'a\u0000b']) {
        const { status, body } = await ann.json('POST', '/api/v1/search', { q });
        assert.deepEqual([status, body.code, body.field], [422, 'invalid_field', 'q'], JSON.stringify(q.slice(0, 9)));
    }
    assert.equal((await ann.json('GET', '/api/v1/search?q=tea&kind=chat')).body.field, 'kind');
});

test('while somebody types the end may go on, and what is no filter yet takes nothing away', async () => {
    for (const q of ['ket', 'red kett', '"red ket', 'kettle provider:cl', 'kettle role:us', 'kettle role:', 'kettle before:2', 'kettle in:"a st', 'kettle OR']) {
        const answer = await ask(ann, q, { typing: true });
        assert.equal(answer.items[0]?.title, KETTLE.name, q);
        assert.deepEqual(answer.hints, [], q);
    }
    assert.deepEqual((await ask(ann, 'ket')).items, []);
});

test('a slip is put right and said as it is written; facets say what is there, dates in months, days, years', async () => {
    assert.deepEqual((await ask(ann, 'чайнек')).corrections, [{ from: 'чайнек', to: 'чайник' }]);
    assert.deepEqual((await ask(ann, 'чайнек', { exact: true })).corrections, []);
    const facet = async (q, name, more) => (await ask(ann, q, more)).facets.find((f) => f.name === name).values;
    assert.deepEqual(await facet('kettle spout', 'role'), [{ value: 'user', count: 2 }, { value: 'assistant', count: 2 }]);
    assert.deepEqual(await facet('spouts', 'has'), [{ value: 'link', count: 1 }]);
    assert.deepEqual(await facet('kettle', 'is'), [{ value: 'mine', count: 1 }]);
    assert.deepEqual((await facet('water', 'date')).map((v) => v.value), ['2026', '2024']);
    assert.deepEqual((await facet('water', 'date', { sort: 'time' })).map((v) => v.value), ['2026', '2024']); // what is not ranked is counted too
    assert.deepEqual(await facet('during:2025-11-05', 'role'), [{ value: 'assistant', count: 1 }, { value: 'user', count: 1 }]);
    assert.deepEqual((await ask(ann, 'on 5 November 2025')).hints, [{ code: 'date_alone', field: 'during', detail: '2025-11-05' }]);
    assert.deepEqual((await ask(ann, 'on 5 November 2025', { exact: true })).hints, []);
    assert.deepEqual((await facet('assam during:2024', 'date')).map((v) => v.value).slice(0, 2), ['2024-09', '2024-08']);
    assert.deepEqual((await facet('assam during:2024-03', 'date')).map((v) => v.value), ['2024-03-01']);
    assert.deepEqual((await facet('assam during:2024-03', 'date', { zone: 14 * 60 })).map((v) => v.value), ['2024-03-02']);
});

test('what nobody said says where it stands: in thinking, in what a tool gave', async () => {
    for (const [q, where, snippet] of [['dH', 'thinking', /^A number in dH is wanted\.$/], ['limescale', 'tool', /Limescale comes from chalk\.$/], ['hard limescale', null, /^Hard enough\.$/]]) {
        const [item] = (await ask(ann, q)).items;
        assert.equal(item.found_in, where, q);
        assert.match(item.snippet, snippet);
    }
    assert.deepEqual((await ask(ann, 'limescale')).facets.find((f) => f.name === 'has').values.filter((v) => v.value === 'tool'), [{ value: 'tool', count: 1 }]);
});

test('another\'s archive changes nothing in one\'s own answers; a grant acts at once, and so does its end', async () => {
    const queries = ['kettle', 'quorvex', 'quorvx', 'quor*', 'zeppelin hangar', 'zepelin', 'water', 'kettle quorvex', 'in:hangar kettle', 'sourdough', 'sordough', 'from:ben', 'is:shared', 'the red kettle that boiled over', '-kettle'];
    const all = async () => {
        const answers = [];
        for (const q of queries) for (const more of [{ explain: true, limit: 100 }, { group: 'conversation', limit: 5 }, { typing: true }, { sort: 'time', limit: 5 }]) answers.push(said(await ask(ann, q, more)));
        return answers;
    };
    const alone = await all();
    const bens = [claude(50, ['The zeppelin hangar holds quorvex lamps and a kettle', 'Water drips on the sourdough.'], 'Hangar'), claude(51, ['My sourdough starves near the kettle', 'Feed it.'], 'Bread'),
        ...Array.from({ length: 20 }, (_, i) => claude(60 + i, [`kettle water quorvex ${i}`, 'kettle again'], `Kettle ${i}`))];
    assert.equal((await importBytes(ben, JSON.stringify(bens))).status, 'done');
    await eventually(async () => (await ask(ben, 'kettle', { sort: 'time', limit: 200 })).items.length >= 62);
    assert.deepEqual(await all(), alone);

    const bread = (await ben.json('GET', '/api/v1/conversations?limit=200')).body.items.find((c) => c.title === 'Bread');
    const member = `/api/v1/conversations/${bread.id}/members/ann`;
    assert.equal((await ben.json('PUT', member, { role: 'reader' })).status, 200);
    const shared = await ask(ann, 'sourdough', { explain: true });
    assert.deepEqual([titles(shared), shared.items[0].shared_by], [['Bread'], 'ben']);
    assert.deepEqual(titles(await ask(ann, 'is:shared')), ['Bread']);
    assert.deepEqual(titles(await ask(ann, 'in:bread feed')), ['Bread']);
    assert.deepEqual(titles(await ask(ann, 'from:ben sourdough')), ['Bread']);
    assert.deepEqual((await ask(ann, 'sordough')).corrections, [{ from: 'sordough', to: 'sourdough' }]);
    assert.deepEqual((await ask(ann, 'kettle')).facets.find((f) => f.name === 'is').values.map((v) => `${v.value} ${v.count}`).sort(), ['mine 1', 'shared 1']);
    // Of what ben does not share nothing is known: no word, no correction to one, no part of a score.
    for (const q of ['quorvex', 'quorvx', 'quor*', 'zepelin', 'hangar']) {
        const answer = await ask(ann, q);
        assert.deepEqual([answer.items, answer.corrections], [[], []], q);
    }
    const parts = (q) => ask(ann, q, { explain: true }).then((a) => a.items.map((i) => [i.id, i.score, i.parts]));
    assert.deepEqual(await parts('kettle quorvex'), await parts('kettle qwertzuiop')); // a word of his and one of nobody's
    assert.equal((await ann.json('GET', `/api/v1/search?q=kettle&conversation=${(await ask(ben, 'hangar')).items[0].conversation_id}`)).status, 404);

    assert.equal((await ben.json('DELETE', member)).status, 204);
    assert.deepEqual(await all(), alone);
});

test('pages neither miss nor repeat what was there, while more is stored', async () => {
    for (const more of [{ limit: 7 }, { limit: 2, group: 'conversation' }, { limit: 7, sort: 'time' }]) {
        const whole = await ask(ann, 'assam water', { ...more, limit: 100 });
        const seen = [];
        for (let cursor; cursor !== null;) {
            const page = await ask(ann, 'assam water', { ...more, ...(cursor ? { cursor } : {}) });
            seen.push(...page.items.map((i) => i.id));
            if (cursor === undefined) { // what is better than all of them, and has other counts
                const id = 200 + Math.round(Math.random() * 1e6);
                await importBytes(ann, JSON.stringify([on(claude(id, [`assam water assam water z${id}`], 'New'), '2026-02-02')]));
                await eventually(async () => (await ask(ann, `z${id}`)).items.length);
            }
            cursor = page.next_cursor;
        }
        assert.equal(new Set(seen).size, seen.length, 'none twice');
        const missed = whole.items.map((i) => i.id).filter((id) => !seen.includes(id));
        assert.deepEqual(missed, [], JSON.stringify(more));
    }
});

test('the command prints the same groups, hints as sentences, and all of it as JSON', async () => {
    const run = (...argv) => server.vivim(['search', ...argv, '--user', 'ann'], { check: false });
    const answer = await ask(ann, 'red kettle', { group: 'conversation', limit: 20, explain: true });
    const { stdout } = await run('red', 'kettle');
    assert.deepEqual(stdout.split('\n').filter((l) => /^[0-9a-f-]{36}  /.test(l)), answer.groups.map((g) => `${g.conversation_id}  ${g.title}`));
    assert.match(stdout, /^ {2}user, 2026-01-02$\n^ {4}The red kettle boils over/m);
    assert.match((await run('limescale')).stdout, /^ {2}assistant, in tool, 2025-12-01$/m);
    const newest = (await run('kettle', '--newest')).stdout.split('\n').filter((l) => /^[0-9a-f-]{36}  /.test(l));
    assert.equal(newest.length, 1, 'once for places that follow one another');
    const json = JSON.parse((await run('red', 'kettle', '--json')).stdout);
    assert.deepEqual(said(json), said(answer));
    for (const [argv, says] of [
        [['ketle'], /showing results for "kettle" \(--exact searches for "ketle"\)/], [['role:', 'kettle'], /^role: wants its value right behind the colon$/m], [['title:stove'], /did you mean in:\?/],
        [['kettle', 'is:pinned'], /^is:pinned cannot be asked for yet/m], [['before:soonish'], /before:soonish is no date .* yesterday/], [['qqqq'], /^nothing found; .*begin\*/m], [['--newest', 'qqqq'], /--newest shows only what has all the words/], [['assam', '--limit', '2'], /there is more: --limit/],
    ]) assert.match((await run(...argv)).stderr, says, argv.join(' '));
    assert.match((await run('kettle', '-boils')).stderr, /nothing found/); // a word with a dash is no option
    const empty = await run('', ' ');
    assert.deepEqual([empty.code, /needs at least one word/.test(empty.stderr)], [2, true], empty.stderr);
});
