// Pure text: addresses, links, blocks, citations, highlights.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstLine, pretty, readBlock, safeUrl } from '../src/model/blocks.ts';
import { MARK_CLOSE, MARK_OPEN, noteCitations } from '../src/model/citations.ts';
import { segments } from '../src/model/highlights.ts';
import { judgeLink, linkToSend } from '../src/model/provider.ts';
import { hrefOf, isPublic, localPath, parseRoute } from '../src/model/route.ts';
import { period } from '../src/model/time.ts';

const UUID = '69807432-1111-4222-8333-444455556666';

test('every address comes back as it was', () => {
    for (const [path, search, hash] of [
        ['/', '', ''], ['/setup', '', '#T0k_en'], ['/login', '?next=%2Fc%2F1%23m-2', ''], ['/login', '', '#T0k_en'], [`/c/${UUID}`, '', `#m-${UUID}`], [`/c/${UUID}`, '', ''],
        ['/search', '?q=a%20b%26c', ''], ['/captures', '', ''], [`/captures/${UUID}`, '', ''], ['/settings', '', ''], ['/nothing/here/x', '', ''],
    ] as const) {
        assert.equal(hrefOf(parseRoute(path, search, hash)), path + search + hash);
    }
});

test('unknown addresses are unknown, and only set-up and login are public', () => {
    for (const path of ['/x', '/c', '/c/a/b', '/c/../x', '/captures/%00', '/settings/x']) assert.equal(parseRoute(path).name, 'unknown', path);
    assert.equal(isPublic(parseRoute('/setup')), true);
    assert.equal(isPublic(parseRoute('/settings')), false);
});

test('after signing in nobody is sent to another site', () => {
    assert.equal(localPath('/c/1#m-2'), '/c/1#m-2');
    for (const path of ['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', '/login', '/setup#x', '/a b', '']) assert.equal(localPath(path), '', path);
});

test('pasted links are judged', () => {
    const kind = (link: string) => judgeLink(link).kind;
    assert.equal(kind(''), 'empty');
    assert.equal(kind('chatg'), 'typing');
    assert.equal(kind('https://chatgpt.com/share/6980'), 'typing');
    assert.deepEqual(judgeLink(` https://chatgpt.com/share/${UUID} `), { kind: 'good', provider: 'chatgpt' });
    assert.deepEqual(judgeLink(`claude.ai/share/${UUID}`), { kind: 'good', provider: 'claude' });
    assert.equal(kind(`https://chatgpt.com/c/${UUID}`), 'private');
    assert.equal(kind(`https://claude.ai/chat/${UUID}`), 'private');
    assert.equal(kind('https://chatgpt.com/gpts'), 'other');
    assert.equal(kind('https://gemini.google.com/share/0123456789ab'), 'good');
    assert.equal(kind('https://gemini.google.com/share/zzzzzzzzzzzz'), 'other');
    assert.equal(kind('https://poe.com/s/AbC'), 'good');
    assert.equal(kind('https://chatgpt.com.evil.example/share/x'), 'unknown');
    assert.equal(kind('javascript:alert(1)'), 'typing');
    assert.equal(linkToSend(' claude.ai/share/x '), 'https://claude.ai/share/x');
    assert.equal(linkToSend('http://claude.ai/x'), 'http://claude.ai/x');
});

test('a block without its fields is read, not trusted', () => {
    assert.deepEqual(readBlock({ type: 'text' }), { type: 'text', markdown: '' });
    assert.deepEqual(readBlock({ type: 'table', header: 'x', rows: [[1, 'b'], null] }), { type: 'table', header: [], rows: [['', 'b'], []] });
    assert.deepEqual(readBlock({ type: 'image', sha256: 'sha256:ab', width: 'wide' }), { type: 'image', sha256: 'ab', sourceUrl: '', alt: '', width: 0, height: 0 });
    assert.equal(readBlock({ type: 'brand_new' as 'unknown', x: 1 }).type, 'unknown');
    assert.match((readBlock({ type: 'brand_new' as 'unknown', x: 1 }) as { raw: string }).raw, /brand_new/);
});

test('JSON inside of text is indented, other text stays', () => {
    assert.equal(pretty('{"a":[1]}'), '{\n  "a": [\n    1\n  ]\n}');
    assert.equal(pretty('{not json'), '{not json');
    assert.equal(pretty(null), '');
});

test('one line stands for a message', () => {
    const text = (markdown: string) => [{ type: 'text' as const, markdown }];
    assert.equal(firstLine(text('## Why **two** `tides`\n\na day?')), 'Why two tides a day?');
    assert.equal(firstLine(text('see [this](https://x.example)')), 'see this');
    assert.equal(firstLine(text('snake_case stays')), 'snake_case stays');
    assert.equal(firstLine(text('🌊'.repeat(10)), 5), '🌊🌊🌊🌊…');
    assert.equal(firstLine([]), '');
});

test('only http and https become links', () => {
    assert.equal(safeUrl('https://a.example/x'), 'https://a.example/x');
    for (const url of ['javascript:alert(1)', 'data:text/html,x', ' https://a', 'https://a b', '//a']) assert.equal(safeUrl(url), '', url);
});

test('citations become numbered notes at their place in code points', () => {
    const { blocks, notes } = noteCitations([
        { type: 'text', markdown: '🌊 tides. More.' },
        { type: 'citation', url: 'https://a.example', title: '', end: 8 },
        { type: 'citation', url: 'https://b.example', title: 'B', end: 99 },
        { type: 'citation', url: 'https://a.example', title: 'A', end: null },
    ]);
    assert.deepEqual(notes.map((n) => [n.number, n.url, n.title]), [[1, 'https://a.example', 'A'], [2, 'https://b.example', 'B']]);
    assert.deepEqual(blocks, [{ type: 'text', markdown: `🌊 tides.${MARK_OPEN}1${MARK_CLOSE} More.${MARK_OPEN}2${MARK_CLOSE}` }]);
});

test('a mark is never set into code, a link or a formula, and a source cannot fake one', () => {
    const marked = (markdown: string, end: number) =>
        (noteCitations([{ type: 'text', markdown }, { type: 'citation', url: 'https://a.example', title: '', end }]).blocks[0] as { markdown: string }).markdown
            .replace(MARK_OPEN, '<').replace(MARK_CLOSE, '>');
    assert.equal(marked('a `code` b', 5), 'a `code`<1> b');
    assert.equal(marked('[x](https://e.example/y) b', 10), '[x](https://e.example/y)<1> b');
    assert.equal(marked('\\(a+b\\) c', 3), '\\(a+b\\)<1> c');
    assert.equal(marked('word  next', 6), 'word<1>  next');
    const { blocks } = noteCitations([{ type: 'text', markdown: `x${MARK_OPEN}7${MARK_CLOSE}` }]);
    assert.deepEqual(blocks, [{ type: 'text', markdown: 'x7' }]);
});

test('highlights count code points, whatever they claim', () => {
    const marked = (snippet: string, ...pairs: [number, number][]) => segments(snippet, pairs).map((s) => (s.marked ? `[${s.text}]` : s.text)).join('');
    assert.equal(marked('🌊🌊 tide and tide', [3, 4], [12, 4]), '🌊🌊 [tide] and [tide]');
    assert.equal(marked('abc'), 'abc');
    assert.equal(marked('', [0, 3]), '');
    assert.equal(marked('abcdef', [4, 99], [1, 2], [2, 2]), 'a[bc][d][ef]');
    assert.equal(marked('abc', [-5, 2], [7, 1]), 'abc');
});

test('rows stand under their day', () => {
    const now = new Date(2026, 10, 24, 12);
    const at = (days: number) => period(new Date(2026, 10, 24 - days, 9).toISOString(), now);
    assert.deepEqual([at(0), at(1), at(3)], ['today', 'yesterday', 'this week']);
    assert.match(at(40), /^in \S+ 2026$/);
    assert.equal(period(null, now), 'at an unknown time');
});
