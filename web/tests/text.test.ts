// Pure text: addresses, links, blocks, citations, highlights.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { firstLine, pretty, readBlock, safeUrl } from '../src/model/blocks.ts';
import { MARK_CLOSE, MARK_OPEN, noteCitations } from '../src/model/citations.ts';
import { segments } from '../src/model/highlights.ts';
import { FINDINGS } from '../src/gen/findings.ts';
import { PROVIDERS } from '../src/gen/providers.ts';
import type { Schemas } from '../src/api/types.ts';
import { findingWords, placeOf, saidOf } from '../src/model/findings.ts';
import { linksIn } from '../src/model/links.ts';
import { judgeLink, publicNote } from '../src/model/provider.ts';
import { hrefOf, isPublic, localPath, parseRoute } from '../src/model/route.ts';
import { period } from '../src/model/time.ts';

const UUID = '69807432-1111-4222-8333-444455556666';

test('every address comes back as it was', () => {
    for (const [path, search, hash] of [
        ['/', '', ''], ['/setup', '', '#T0k_en'], ['/login', '?next=%2Fc%2F1%23m-2', ''], ['/login', '', '#T0k_en'], [`/c/${UUID}`, '', `#m-${UUID}`], [`/c/${UUID}`, '', ''],
        ['/search', '?q=a%20b%26c', ''], ['/search', '?q=a&provider=claude&when=week&sort=time&exact=true', ''], [`/c/${UUID}`, '?q=a%20b', `#m-${UUID}`], ['/captures', '', ''], [`/captures/${UUID}`, '', ''], ['/settings', '', ''], ['/nothing/here/x', '', ''],
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
});

test('links are found in any text: without scheme, glued together, in brackets, at the end of a sentence, each once', () => {
    const urls = (text: string) => linksIn(text).links.map((l) => l.url);
    assert.deepEqual(urls(' claude.ai/share/x '), ['https://claude.ai/share/x']);
    assert.deepEqual(urls('http://claude.ai/x'), ['http://claude.ai/x']);
    assert.deepEqual(urls('Look: [this](https://chatgpt.com/share/a), <https://claude.ai/share/b>; "https://poe.com/s/c". And chat.z.ai/s/d!'),
        ['https://chatgpt.com/share/a', 'https://claude.ai/share/b', 'https://poe.com/s/c', 'https://chat.z.ai/s/d']);
    assert.deepEqual(urls('https://chatgpt.com/share/ahttps://claude.ai/share/b'), ['https://chatgpt.com/share/a', 'https://claude.ai/share/b']);
    assert.deepEqual(urls('https://example.org/a_(b) (https://example.org/c)'), ['https://example.org/a_(b)', 'https://example.org/c']);
    assert.deepEqual(urls('**https://grok.com/share/a**\n> https://grok.com/share/b…'), ['https://grok.com/share/a', 'https://grok.com/share/b']);
    assert.deepEqual(urls('mail me@claude.ai/x or notclaude.ai/share/x, or a word'), []);
    assert.deepEqual(urls('example.org/talk'), ['https://example.org/talk'], 'one word by itself is meant as a link');
    assert.deepEqual(urls(''), []);
    const twice = linksIn('https://claude.ai/share/x https://claude.ai/share/x/?a=b#c https://claude.ai/share/y');
    assert.deepEqual([twice.links.map((l) => l.url), twice.twice], [['https://claude.ai/share/x', 'https://claude.ai/share/y'], 1]);
    const begun = performance.now();
    linksIn('https://'.repeat(50_000) + 'chatgpt.com/'.repeat(50_000));
    assert.ok(performance.now() - begun < 2_000, 'long text is no trap');
});

test('after a capture it is said that the link is still public, and where that is ended', () => {
    for (const { name } of PROVIDERS) assert.match(publicNote(name), /still public: whoever has /, name);
    assert.match(publicNote('chatgpt'), /at ChatGPT\. To end that there: Settings, Data controls, Shared links\.$/);
    assert.match(publicNote('kimi'), /at Kimi\. To end that there: Look in the Share menu of the chat\.$/);
});

test('each code of a finding is said in a sentence, once, with the places it is about', () => {
    const codes = [...readFileSync('src/archive/finding.h', 'utf8').matchAll(/X\(\w+,\s*"(\w+)"/g)].map((m) => m[1] ?? '');
    assert.ok(codes.length >= 28);
    for (const code of codes) assert.match(findingWords(code), /^[A-Z][^_]+\.$/, code);
    assert.deepEqual(Object.keys(FINDINGS), codes);
    const finding = (code: string, level: 'note' | 'warning', detail: string) => ({ code, level, detail });
    const said = saidOf([finding('image_expired', 'note', 'a.png'), finding('text_lost', 'warning', '5 words'), finding('image_expired', 'note', 'b.png'), finding('image_expired', 'note', 'a.png')]);
    assert.deepEqual(said.map((s) => [s.code, s.warning, s.places]), [['text_lost', true, ['5 words']], ['image_expired', false, ['a.png', 'b.png']]]);
    const message = (id: string, ...blocks: Schemas['Block'][]) => ({ id, blocks } as unknown as Schemas['Message']);
    const messages = [message('1', { type: 'image', source_url: 'https://x.example/b.png?key=1' }), message('2', { type: 'unknown', raw: { content_type: 'hologram' } }), message('3', { type: 'file', name: 'a.pdf' })];
    const about = (code: string, place: string) => placeOf({ code, warning: false, words: '', places: [] }, place, messages)?.id ?? null;
    assert.deepEqual([about('image_expired', 'https://x.example/b.png'), about('unmodelled_content_type', 'hologram'), about('media_not_public', 'a.pdf'), about('text_lost', '5 words'), about('image_expired', 'https://x.example/c.png')],
        ['1', '2', '3', null, null]);
    assert.equal(findingWords('of_a_newer_server'), 'of a newer server.');
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
