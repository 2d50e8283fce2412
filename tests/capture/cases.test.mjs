// Small inputs that people complained about to the makers of other tools (../shared/cases/capture, where it is there), each with
// its right value. The kinds have tests of their own (tests/unit/archive, tests/capture); these are the words of the complaints.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BINARY, command, tempFolder } from '../lib/server.mjs';

const CASES = join(process.env.VIVIM_SHARED ?? '../shared', 'cases/capture');
const have = existsSync(CASES);

async function extract(file, ...more) {
    const { stdout, stderr } = await command(BINARY, ['extract', ...more, file], { check: false });
    return { lines: stdout.trim().split('\n').filter(Boolean).map((l) => JSON.parse(l)), stderr };
}
const fileOf = (start) => join(CASES, readdirSync(CASES).find((f) => f.startsWith(start)));
// A line for each message: who, whether it is off the path, and its blocks as [type, words].
const blockOf = (b) => ({
    text: [b.markdown], code: [b.language, b.code], table: [b.header, ...(b.rows ?? [])], math: [b.tex], image: [b.source_url, b.alt], file: [b.name],
    thinking: [b.text], citation: [b.url, b.title], artifact: [b.kind, b.title, b.content], tool_call: [b.name], tool_result: [b.content], unknown: [b.raw],
}[b.type]);
const told = (c) => c.messages.filter((m) => m.blocks.length).map((m) => [`${m.role}${m.on_path ? '' : ' off'}`, ...m.blocks.map((b) => [b.type, ...blockOf(b)])]);
const last = (c) => told(c).findLast(([who]) => who === 'assistant').slice(1);

const one = (name, start, check) => test(name, { skip: !have && 'no ../shared/cases' }, async () => check((await extract(fileOf(start))).lines[0]));

one('a research report', '01b', (c) => assert.deepEqual(last(c), [['artifact', 'report', 'Tidal power', '# Tidal power\n\nThe report body says **42 GW**.'], ['citation', 'https://example.org/tides', 'Tides']]));
one('older citations at their places', '02', (c) => {
    assert.deepEqual(last(c), [['text', 'Water boils at 100 °C, at sea level.'], ['citation', 'https://example.org/boil', 'Boiling'], ['citation', 'https://example.org/sea', 'Sea']]);
    assert.deepEqual(c.messages.at(-1).blocks.slice(1).map((b) => b.start), [21, 35]);
});
one('links and products', '04_', (c) => assert.deepEqual(last(c), [['text', 'See [the manual](https://example.org/manual) and buy Blue Kettle today.']]));
one('a strip of pictures', '04c', (c) => assert.deepEqual(last(c), [['image', 'https://example.org/b.jpg', 'Berlin'], ['text', 'Berlin is large.']]));
one('branches', '05', (c) => assert.deepEqual(told(c).map(([who, [, words]]) => [who, words]), [['user', 'Name a fruit'], ['assistant', 'Apple'], ['user', 'Another'], ['assistant', 'Pear'], ['assistant off', 'Banana'], ['assistant off', 'Cherry']]));
one('the leaf that is named', '07', (c) => assert.deepEqual(c.messages.map((m) => [m.id, m.on_path]), [['m1', true], ['m2', true], ['m3', true], ['m4', true], ['m5', false]]));
one('a file that is written and changed', '09b', (c) => {
    const artifacts = c.messages.at(-1).blocks.filter((b) => b.type === 'artifact');
    assert.deepEqual(artifacts.map((b) => [b.title, b.content]), [['notes.md', '# Notes\n\nalpha\n'], ['notes.md', '# Notes\n\nbeta\n']]);
    assert.ok(c.messages.at(-1).blocks.at(-1).markdown.includes(`computer://${artifacts[0].id}`), 'the link names it');
});
one('a placeholder in a fence', '09d', (c) => {
    assert.deepEqual(last(c), [['unknown', { type: 'strange', x: 1 }]]);
    assert.ok(c.findings.some((f) => f.code === 'unmodelled_block') && c.findings.some((f) => f.code === 'text_placeholder_ignored'));
});
one('a canvas', '10_', (c) => assert.deepEqual(told(c)[1].slice(1), [['artifact', 'document', 'Poem', '# Rain\n\nDrops "fall".\n']]));
one('a draft', '10b', (c) => assert.deepEqual(last(c), [['text', 'Here is a draft:'], ['artifact', 'email', 'Hello', 'Dear Sam,\n\nSee you at 5.'], ['text', 'Want changes?']]));
one('thoughts', '13', (c) => assert.equal(c.messages.flatMap((m) => m.blocks).filter((b) => b.type === 'thinking').length, 1));
one('characters of icon fonts', '17b', (c) => assert.deepEqual([...last(c)[0][1]].filter((ch) => ch > '\x7f'), ['\ue0b0', '\uf09b', '\ue2a0']));
one('a fence in a fence', '14', (c) => assert.deepEqual(last(c)[1], ['code', 'markdown', '# Title\n\n```bash\nmake\n```\n\nmore']));
one('HTML as it was typed', '30', (c) => assert.equal(last(c)[0][1], 'Use <b>bold</b> &amp; <script>alert(1)</script>\n\n<details><summary>x</summary>\n\nbody\n\n</details>'));
one('line ends of another system', '31', (c) => assert.deepEqual(last(c), [['text', 'Line'], ['code', 'c', 'int x;'], ['table', ['a', 'b'], ['1', '2']]]));
one('pictures', '32', (c) => {
    assert.deepEqual(last(c).filter(([type]) => type === 'image').map(([, url]) => url), ['https://example.org/a_(1).png', 'https://example.org/c.png']);
    assert.match(last(c).find(([type]) => type === 'text')[1], /\]\(https:\/\/example.org\)/, 'the link around the third stays');
    assert.ok(c.findings.some((f) => f.code === 'image_in_text'));
});
one('a fence in a quote', '34_', (c) => assert.deepEqual(last(c)[0], ['code', 'tex', '\\[x^2\\]\n$$y$$']));
one('brackets and money in prose', '34d', (c) => assert.deepEqual(last(c).map(([type]) => type), ['text']));
one('times as text and in milliseconds', '18', (c) => assert.deepEqual([c.created_at, c.updated_at, ...c.messages.map((m) => m.created_at)], ['2026-01-04T12:00:00Z', '2026-01-04T04:13:20Z', '2026-01-04T12:00:01.500Z', '2026-01-04T04:13:20.123Z']));
one('a plot', '23', (c) => {
    assert.deepEqual(c.messages.flatMap((m) => m.blocks).map((b) => b.type), ['text', 'tool_call', 'tool_result', 'image', 'text']);
    const plot = c.messages.flatMap((m) => m.blocks).find((b) => b.type === 'image');
    assert.deepEqual([plot.source_url, plot.width, plot.height], ['file-service://file-PLOT', 640, 480]);
});

one('nothing where something should be', '20', (c) => {
    assert.deepEqual(told(c).filter(([who]) => who === 'assistant').flatMap(([, ...blocks]) => blocks).filter(([type]) => type === 'text'), [['text', 'ok'], ['text', 'fin']]);
    assert.ok(c.messages.every((m) => m.on_path));
});
one('code in an item of a rendered list', '40_', (c) => assert.deepEqual(last(c), [['text', 'Intro sentence.\n\n1. First step.\n2. Second step:'], ['code', 'python', 'print("x")\n'], ['text', 'after code\n\n3. Third step.\n\nEnd.']]));
one('a table in an item of a rendered list', '40b', (c) => assert.deepEqual(last(c), [['text', 'Intro.\n\n- One\n- Two'], ['table', ['A'], ['1']], ['text', 'End.']]));
one('lines that a person typed', '41', (c) => assert.equal(told(c)[0][1][1], 'line one\n  indented two\n\n<b>not bold</b> *stars* _under_\n```\ncode\n```'));
one('cells, raised words and what is Markdown only by chance', '42', (c) => {
    assert.deepEqual(last(c), [['table', ['a | b', '`x||y`'], ['1\n2', '[l](https://example.org/)']], ['text', '> quoted'], ['code', null, 'in quote'],
        ['text', 'a<sup>2</sup> H<sub>2</sub>O \\<tag> \\`tick\\` 1. not list\n\n\\# not heading\n\n\\- not list']]);
});
one('files of a rendered share', '45', (c) => {
    assert.equal(c.title, 'Case');
    assert.deepEqual(told(c)[0], ['user', ['file', 'notes.md'], ['text', 'see file']]);
});

test('conversations by lines', { skip: !have && 'no ../shared/cases' }, async () => assert.equal((await extract(fileOf('24c'))).lines.length, 2));

test('what is passed over in a list is said, with its place', async () => {
    const file = join(tempFolder(), 'list.json');
    const good = { title: 't', create_time: 1, mapping: { q: { message: { author: { role: 'user' }, content: { content_type: 'text', parts: ['q'] } } } } };
    writeFileSync(file, JSON.stringify([null, { x: 1 }, { mapping: {}, create_time: 1 }, good]));
    const { lines, stderr } = await extract(file, '--json');
    assert.deepEqual(lines.map((l) => [l.format, l.place]), [['vivim.skipped/1', 1], ['vivim.skipped/1', 2], ['vivim.skipped/1', 3], ['vivim.conversation/1', undefined]]);
    assert.equal(stderr.trim().split('\n').length, 3);
    assert.ok(lines.slice(0, 3).every((l) => l.reason.length > 10));
});
