// Reading rendered pages: `vivim extract` with a real Chromium on small pages of our own. Every visible word of a turn is in
// the normal form, in order, or a finding says what is missing.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { micromark } from 'micromark';
import { atMost, beside } from '../lib/beside.mjs';
import { chatgptDomPage } from '../lib/pages.mjs';
import { BINARY, command, tempFolder } from '../lib/server.mjs';

const data = tempFolder('vivim-rendered-');
after(() => rmSync(data, { recursive: true, force: true }));

const test = beside(64), inTurn = atMost(3); // each page is a browser of its own
let pages = 0;
async function extract(html, url = null) {
    const file = join(data, `${++pages}.html`);
    writeFileSync(file, html);
    const { code, stdout, stderr } = await inTurn(() => command(BINARY, ['extract', ...(url ? ['--url', url] : []), file], { check: false }));
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
}
const page = (body, title = 'T') => `<!DOCTYPE html><html><head><meta charset="utf-8"><title>${title}</title></head><body>${body}</body></html>`;
// One answer of ChatGPT's page; a question before it.
const pair = (c, user, { blocks }) => ({ c, user: user.blocks, blocks, markdown: blocks.map((b) => b.markdown ?? `<${b.type}>`).join('\n\n') });
async function answer(html, question = 'Q') {
    const c = await extract(chatgptDomPage('Case', [['user', question], ['assistant', html]]));
    return pair(c, ...c.messages);
}
// The same, on one page with all others that are asked for in this way at the same time: what is found in one is found in all.
let gathering = null;
function among(html, question = 'Q') {
    gathering ??= { turns: [], c: new Promise((resolve) => setImmediate(resolve)).then(() => {
        const { turns } = gathering;
        gathering = null;
        return extract(chatgptDomPage('Cases', turns));
    }) };
    const n = gathering.turns.push(['user', question], ['assistant', html]);
    return gathering.c.then((c) => pair(c, ...[n - 1, n].map((i) => c.messages.find((m) => m.id === `m-${i}`))));
}
const codes = (c) => c.findings.map((f) => f.code);

// --- running text and blocks -------------------------------------------------------------------------------------------------

const TEXT = [
    ['a list item before and behind code, and the item after it', '<p>Intro.</p><ol><li><p>First.</p></li><li><p>Second:</p><pre><code class="language-python">x = 1</code></pre><p>behind</p></li><li>Third.</li></ol><p>End.</p>',
        'Intro.\n\n1. First.\n2. Second:\n\n<code>\n\nbehind\n\n3. Third.\n\nEnd.'],
    ['an item before a table, a formula and a picture', '<ul><li>One<table><tr><th>A</th></tr><tr><td>1</td></tr></table></li><li>Two <span class="katex-display"><span class="katex"><math><semantics><mi>x</mi><annotation encoding="application/x-tex">x</annotation></semantics></math></span></span> three</li><li>Four <img src="https://example.org/a.png" width="200" height="100" alt=""> five</li></ul>',
        '- One\n\n<table>\n\n- Two\n\n<math>\n\nthree\n\n- Four\n\n<image>\n\nfive'],
    ['nested lists keep their nesting', '<ul><li>a<ol start="3"><li>b</li><li>c<ul><li>d</li></ul></li></ol></li><li>e</li></ul>', '- a\n\n  3. b\n  4. c\n\n     - d\n- e'],
    ['what is Markdown only by chance is escaped, and nothing else', '<p># not heading</p><p>- not list</p><p>1. not list</p><p>2 * 3, snake_case, a [1] and &lt;b&gt;, R&amp;D, $5 and $6</p><p>*no* _no_ `no` [no](no) $no$ &amp;amp;</p><p>+ no<br>&gt; no<br>===</p>',
        '\\# not heading\n\n\\- not list\n\n1\\. not list\n\n2 * 3, snake_case, a [1] and \\<b>, R&D, $5 and $6\n\n\\*no\\* \\_no\\_ \\`no\\` [no\\](no) \\$no\\$ \\&amp;\n\n\\+ no\n\\> no\n\\==='],
    ['marks of running text', '<p>H<sub>2</sub>O, x<sup>2</sup>, <kbd>Ctrl</kbd>+<kbd>C</kbd>, <mark>marked</mark>, <del>gone</del>, <q>said</q>, <code>a`b</code>, <a href="https://example.org/a_(1">l</a></p>',
        'H<sub>2</sub>O, x<sup>2</sup>, `Ctrl`+`C`, **marked**, ~~gone~~, “said”, ``a`b``, [l](https://example.org/a_%281)'],
    ['ruby', '<p><ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>字 <ruby>東<rt>tou</rt></ruby></p>', '漢(kan)字 東(tou)'],
    ['definitions, details and captions', '<dl><dt>Tide</dt><dd>Rise and fall.</dd></dl><details><summary>More</summary><p>Hidden words.</p></details><figure><img src="https://example.org/f.png" width="200" height="100" alt="f"><figcaption>A caption.</figcaption></figure>',
        '**Tide**\n\nRise and fall.\n\n**More**\n\nHidden words.\n\n<image>\n\nA caption.'],
    ['a quote with code in it', '<blockquote><p>quoted</p><pre><code>in quote</code></pre><p>more</p></blockquote>', '> quoted\n\n<code>\n\n> more'],
    ['words on both sides of a picture in a paragraph and in emphasis', '<p>left <strong>bold <img src="https://example.org/p.png" width="99" height="99" alt=""> still</strong> right</p>', 'left bold\n\n<image>\n\nstill right'],
    ['numbers of items, and underscores at the edge of words', '<ol start="0"><li>a</li><li value="7">b</li></ol><p>__init__ a__b</p>', '0. a\n7. b\n\n\\_\\_init\\_\\_ a\\_\\_b'],
    ['raised and lowered parts of code, and marks of notes', '<p><code>a<sup>2</sup> b<sub>i</sub></code> <code>x<sup></sup>y</code> See<sup><a href="#n1">1</a></sup></p><section><ol><li id="n1"><p>Note <a href="#r1">↩</a></p></li></ol></section>',
        '`a`<sup>`2`</sup>` b`<sub>`i`</sub> `xy` See<sup>1</sup>\n\n1. Note ↩'],
    ['a picture that leads elsewhere, one that can be pressed, one with a title alone', '<p><a href="https://example.org/l"><img src="https://example.org/i_(1).png" width="100" height="90" alt="a] b"></a> tail <a href="https://example.org/s.png"><img src="https://example.org/s.png" width="99" height="99"></a></p>'
        + '<button><img src="https://example.org/zoom.png" width="100" height="90" title="t"><img src="https://example.org/icon.png" width="20" height="20"></button>', '[a\\] b](https://example.org/l)\n\n<image>\n\ntail\n\n<image>\n\n<image>'],
    ['emphasis within the same is none', '<p><b>a<b>b</b></b> <i>a<i>b</i>c</i> <b>a<i>b<b>c</b></i></b></p>', '**ab** *abc* **a*bc***'],
    ['text right in a list', '<ul>loose<li>a</li><ul><li>b</li></ul><p>no item</p><li>c</li></ul>', 'loose\n\n- a\n  - b\n\nno item\n\n- c'],
    ['what the page does not show', '<p>a<span style="display:none">no</span>b<span style="visibility:hidden">no</span> <meter>no</meter><progress>no</progress></p><dialog>no</dialog><dialog open>yes</dialog><div style="display:none"><pre><code>kept</code></pre></div>', 'ab\n\nyes\n\n<code>'],
    ['a film and a recording', '<p>See <video src="https://example.org/v.mp4">no</video> and <audio title="Talk"><source src="https://example.org/a.mp3"></audio></p>', 'See [Video](https://example.org/v.mp4) and [Talk](https://example.org/a.mp3)'],
    ['right to left, soft hyphens and marks of direction', '<p dir="rtl">שלום <b>עולם</b> &rlm;(1)</p><p>em&shy;ail</p>', 'שלום **עולם** \u200f(1)\n\nem\u00adail'],
    ['tasks', '<ul><li><input type="checkbox" checked disabled>done</li><li><input type="checkbox" disabled>open</li></ul>', '- [x] done\n- [ ] open'],
];
for (const [name, html, markdown] of TEXT)
    test(name, async () => {
        const a = await among(html);
        assert.equal(a.markdown, markdown);
        assert.deepEqual(a.c.findings, []);
    });

test('cells of tables', async () => {
    const { blocks, c } = await among('<table><caption>Of what</caption><thead><tr><td>a | b</td><td><code>x||y</code></td></tr></thead><tbody><tr><td>1<br>2</td><td><ul><li>p</li><li>q</li></ul></td></tr>'
        + '<tr><td colspan="2">wide</td></tr><tr><td>3</td><td>4</td><td>too many</td></tr></tbody></table><table><tr><td>no</td><td>head</td></tr></table>');
    assert.equal(blocks[0].markdown, 'Of what');
    assert.deepEqual(blocks[1].header, ['a | b', '`x||y`', '']);
    assert.deepEqual(blocks[1].rows, [['1\n2', '- p\n- q', ''], ['wide', '', ''], ['3', '4', 'too many']]);
    assert.deepEqual([blocks[2].header, blocks[2].rows], [['', ''], [['no', 'head']]]);
    assert.deepEqual(c.findings, []);
});

test('cells over several rows and columns', async () => {
    const { blocks, c } = await answer('<table><thead><tr><th colspan="2">AB</th><th rowspan="2">C</th></tr></thead><tbody><tr><td rowspan="2">1</td><td>2</td><td>3</td></tr><tr><td>4</td><td rowspan="99999999999">5</td></tr><tr><td rowspan="-1">6</td><td colspan="x">7</td></tr></tbody></table>');
    assert.deepEqual([blocks[0].header, ...blocks[0].rows], [['AB', '', 'C'], ['1', '2', '3'], ['', '4', '5'], ['6', '7', '']]);
    assert.deepEqual(c.findings, []);
});

test('code of several shapes', async () => {
    const { blocks, c } = await among('<pre><div>python<button>Copy code</button></div><code>a\n\nb\n</code></pre><pre><code>one<br>two</code></pre><pre><code>p</code>\n<code>q</code></pre>'
        + '<pre><code><div>l1</div><div>l2</div></code></pre><pre><code>graph TD\nA--&gt;B</code></pre>');
    assert.deepEqual(blocks.map((b) => [b.type, b.language ?? null, b.code]), [['code', 'python', 'a\n\nb\n'], ['code', null, 'one\ntwo'], ['code', null, 'p\nq'],
        ['code', null, 'l1\nl2\n'], ['mermaid', null, 'graph TD\nA-->B']]);
    assert.deepEqual(c.findings, []);
});

test('a citation stands behind its text, with its place', async () => {
    const { blocks, c } = await among('<p>Tides <b>fall<sup><a href="https://example.org/t">1</a></sup></b> and rise.</p><ul><li>also 𝛑<a data-citation href="https://example.org/u">src</a></li></ul>');
    assert.deepEqual(blocks.map((b) => b.type), ['text', 'citation', 'citation']);
    assert.equal(blocks[0].markdown, 'Tides **fall** and rise.\n\n- also 𝛑');
    assert.deepEqual(blocks.slice(1).map((b) => [b.url, b.title, [...blocks[0].markdown].slice(0, b.start).join('')]),
        [['https://example.org/t', '1', 'Tides **fall**'], ['https://example.org/u', 'src', 'Tides **fall** and rise.\n\n- also 𝛑']]);
    assert.deepEqual(c.findings, []);
});

test('citations in items, quotes, cells and headings keep their places', async () => {
    const mark = (n) => `<a data-citation href="https://example.org/${n}">s${n}</a>`;
    const { blocks, c } = await among(`<h2>Head ${mark(1)}</h2><ul><li>one ${mark(2)}</li><li>two<ul><li>deep ${mark(3)}</li></ul></li></ul><blockquote><p>said${mark(4)}.</p></blockquote><table><tr><th>A ${mark(5)}</th></tr></table>`);
    const text = [...blocks[0].markdown];
    assert.equal(text.join(''), '## Head\n\n- one\n- two\n\n  - deep\n\n> said.');
    assert.deepEqual(blocks.filter((b) => b.type === 'citation').map((b) => [b.url.at(-1), b.start === null ? null : text.slice(0, b.start).join('').slice(-4)]), [['1', 'Head'], ['2', ' one'], ['3', 'deep'], ['4', 'said'], ['5', null]]);
    assert.deepEqual(blocks.find((b) => b.type === 'table').header, ['A']);
    assert.deepEqual(c.findings, []);
});

// Elements of every kind in one another, each word its own: none is lost, none is twice, all are in order, and Markdown
// reads what is Markdown only by chance as what stood in the page.
function anyAnswer(seed) {
    let state = seed, n = 0;
    const any = (limit) => { state = (state * 1103515245 + 12345) & 0x7fffffff; return (state >> 8) % limit; };
    const word = () => `w${n++}x`;
    const CHANCE = ['*', '_', '# ', '- ', '1. ', '&lt;b>', '|', '`', '[x](y)', '$a$', '~~', '&amp;lt;', ''];
    const some = (f, gap = '') => Array.from({ length: 1 + any(3) }, f).join(gap);
    const KINDS = {
        ul: (inner) => `<ul>${some(() => `<li>${inner()}</li>`)}</ul>`, ol: (inner) => `<ol>${some(() => `<li>${inner()}</li>`)}</ol>`,
        table: (inner) => `<table><caption>${word()}</caption>${some(() => `<tr>${some(() => `<td>${inner()}</td>`)}</tr>`)}</table>`,
        pre: () => `<pre><code>${word()}\n  ${word()}</code></pre>`, code: () => `<code>${word()}</code>`, br: () => '<br>', button: () => '<button>Copy</button>',
        dl: (inner) => `<dl><dt>${inner()}</dt><dd>${inner()}</dd></dl>`, details: (inner) => `<details open><summary>${inner()}</summary>${inner()}</details>`,
        a: (inner) => `<a href="https://example.org/${any(9)}">${inner()}</a>`, ruby: () => `<ruby>${word()}<rt>${word()}</rt></ruby>`,
        img: () => `<img src="https://example.org/${any(99)}.png" width="100" height="90" alt="">`,
        math: () => `<span class="katex"><math><semantics><mi>q</mi><annotation encoding="application/x-tex">${word()}</annotation></semantics></math><span class="katex-html">q</span></span>`,
    };
    for (const tag of ['p', 'div', 'span', 'blockquote', 'strong', 'em', 'h2', 'sup', 'mark', 'del', 'figure', 'section', 'label']) KINDS[tag] = (inner) => `<${tag}>${inner()}</${tag}>`;
    const names = Object.keys(KINDS);
    const element = (depth) => {
        if (depth === 0 || any(4) === 0) return ` ${word()} ${CHANCE[any(CHANCE.length)]}${word()} `;
        return KINDS[names[any(names.length)]](() => some(() => element(depth - 1), any(2) ? ' ' : ''));
    };
    return Array.from({ length: 12 }, () => element(6)).join('');
}

test('elements of every kind within one another', async () => {
    const answers = Array.from({ length: 30 }, (_, i) => anyAnswer(i + 1).replaceAll(/w(\d+)x/g, `w${i}n$1x`));
    const c = await extract(chatgptDomPage('Any', answers.map((html) => ['assistant', html])));
    assert.deepEqual(c.findings, []);
    const plain = (html) => html.replace(/<[^>]*>/g, '').replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&amp;/g, '&').replace(/\s+/g, ' ');
    const render = (text) => plain(micromark(text, { extensions: [gfm()], htmlExtensions: [gfmHtml()] }));
    const blocks = c.messages.flatMap((m) => m.blocks).filter((b) => b.type !== 'citation' && b.type !== 'image');
    const read = blocks.map((b) => b.markdown ?? b.code ?? b.tex ?? [b.header, ...b.rows].flat().join('\n\n')).join('\n\n');
    const cited = new Set(c.messages.flatMap((m) => m.blocks).filter((b) => b.type === 'citation').flatMap((b) => b.title.match(/w\d+n\d+x/g) ?? []));
    const wanted = answers.join('').match(/w\d+n\d+x/g).filter((w) => !cited.has(w));
    assert.ok(wanted.length > 3000, String(wanted.length));
    assert.deepEqual(read.match(/w\d+n\d+x/g).filter((w) => !cited.has(w)), wanted);
    const shown = blocks.map((b) => (b.markdown ? render(b.markdown) : b.rows ? render([b.header, ...b.rows].flat().join('\n\n')) : '')).join(' ');
    const chances = [...answers.join('').matchAll(/ (w\d+n\d+x) ([^w]*)(w\d+n\d+x) /g)].filter((m) => m[2] && !m[2].includes('/') && !cited.has(m[1]));
    assert.ok(chances.length > 300, String(chances.length));
    assert.deepEqual(chances.map((m) => plain(`${m[1]} ${m[2].replace('b>', 'b&gt;')}${m[3]}`)).filter((s) => !shown.includes(s)), []);
});

// --- what is typed -----------------------------------------------------------------------------------------------------------

test('what a person typed stays as typed', async () => {
    const { user, c } = await among('ok', 'line one\n  indented two\n\n&lt;b&gt;not bold&lt;/b&gt; *stars* _under_\n```\ncode\n```');
    assert.deepEqual(user.map((b) => b.markdown), ['line one\n  indented two\n\n<b>not bold</b> *stars* _under_\n```\ncode\n```']);
    assert.deepEqual(c.findings, []);
});

test('lines of what was typed are elements of their own, or rendered', async () => {
    const typed = ['<p>one</p><p>two<br>three</p>', '<div>one</div><div>two</div><div><br></div><div>four</div>', '<p>See <strong>this</strong></p><ul><li>a</li></ul>'];
    assert.deepEqual((await Promise.all(typed.map((html) => among('ok', html)))).map(({ user }) => user[0].markdown), ['one\n\ntwo\nthree', 'one\ntwo\n\nfour', 'See **this**\n\n- a']);
});

test('space that the page does not show is no indentation', async () => {
    const c = await extract(page('<h1 class="group/query whitespace-pre-line"><span>\n    What is\n      this?\n  </span></h1><div id="markdown-content-0"><div class="prose"><p>That.</p></div></div>'));
    assert.equal(c.messages[0].blocks[0].markdown, 'What is\nthis?');
    const styled = await extract(page('<style>.user-content { white-space: pre-wrap }</style><div class="segment-user"><div class="user-content">one\n  two</div></div><div class="segment-assistant"><div class="markdown-container">ok</div></div>'));
    assert.equal(styled.messages[0].blocks[0].markdown, 'one\n  two');
});

// --- words are counted -------------------------------------------------------------------------------------------------------

test('words of a turn outside of what is read are said to be missing', async () => {
    const turns = (...extras) => page(extras.map((extra) => `<div class="font-claude-response"><div class="standard-markdown"><p>Read words.</p></div>${extra}</div>`).join(''));
    const url = 'https://claude.ai/share/0a1b2c3d-0000-8000-8000-000000000001';
    const c = await extract(turns('<div>Five words that nobody read</div>'), url);
    assert.deepEqual(codes(c), ['text_lost']);
    assert.match(c.findings[0].detail, /^5 words in 1 turn\(s\) .*Five words that nobody read/);
    const furniture = ['<button>Copy</button>', '<span class="sr-only">Claude said</span>', '<div style="display:none">menu</div>', '<div style="opacity:0">10:30</div>', '<svg><title>icon</title></svg>'];
    assert.deepEqual((await extract(turns(...furniture), url)).findings, []);
});

test('labels beside the words are none of them', async () => {
    const turn = (extra, before = '') => `<div data-testid="user-message"><p>Q</p></div><div class="font-claude-response">${before}<div class="standard-markdown"><p>Read words.</p></div>${extra}</div>`;
    const url = 'https://claude.ai/share/0a1b2c3d-0000-8000-8000-000000000001';
    const beside = ['<div>Edited</div>', '<div>Copied!</div><div>Good response</div>', '<div>10:30 AM</div>', '<div>Yesterday at 10:30</div>', '<time>now</time>', '<div>2 / 3</div>', '<div>12 sources</div>', '<div>Thought for 7 seconds</div>', '<div>Jan 4, 2026</div>', '<div>2026年1月4日 上午10:30</div>',
        '<div role="toolbar">Anything at all may stand here</div>', '<div role="tooltip">Anything at all may stand here</div>', '<div style="user-select:none">Anything at all may stand here</div>',
        '<div style="position:absolute;clip:rect(0,0,0,0);overflow:hidden">Anything at all may stand here</div>', '<div style="width:1px;height:1px;overflow:hidden">Anything at all may stand here</div>', '<div style="clip-path:inset(50%)">Anything at all may stand here</div>'];
    const all = (f) => page(beside.map((b, i) => turn(f(b), `<span>model ${i % 2 ? 'A' : 'B'}</span>`)).join(''));
    assert.deepEqual((await extract(all((b) => b), url)).findings, []);
    const lost = await extract(all((b) => b.replace(/>([^<>]+)</, '>$1 and nobody read this<').replace(/<div [^>]*>/, '<div>').replaceAll('time>', 'div>')), url);
    assert.match(lost.findings[0].detail, new RegExp(`in ${beside.length} turn`));
    // What is read must not hide behind what it is called: within the words a label is a word.
    for (const word of ['<p>Copy</p>', '<p>10:30</p>', '<p style="user-select:none">No</p>', '<div role="button">Press</div>']) {
        const c = await extract(page(turn('').replace('<p>Read words.</p>', word)), url);
        assert.equal(c.messages[1].blocks[0].markdown, word.replace(/<[^>]*>/g, ''));
    }
});

test('a drawing with words is not kept, and said so', async () => {
    assert.deepEqual(codes((await answer('<p>See:</p><svg width="200" height="100"><text x="9" y="20">Moon</text></svg>')).c), ['element_skipped']);
});

// --- the providers' own shapes -----------------------------------------------------------------------------------------------

test('reasoning beside and around the answer is reasoning', async () => {
    const kimi = await extract(page('<div class="segment-user"><div class="user-content">Q</div></div><div class="segment-assistant"><div class="thinking-container"><div class="header">Thought it over</div>'
        + '<div class="markdown-container"><p>First thought</p><p>second</p></div></div><div class="markdown-container"><p>The answer.</p></div></div>'));
    assert.deepEqual(kimi.messages[1].blocks.map((b) => [b.type, b.text ?? b.markdown, b.summary ?? null]), [['thinking', 'First thought\n\nsecond', 'Thought it over'], ['text', 'The answer.', null]]);
    const deepseek = await extract(page('<div class="ds-message"><div>Who?\nMe</div></div><div class="ds-message"><div class="ds-think-content"><div class="ds-markdown"><p>Hm.</p></div></div><div class="ds-markdown"><p>You.</p></div></div>', 'Who - DeepSeek'));
    assert.equal(deepseek.title, 'Who');
    assert.deepEqual(deepseek.messages.map((m) => [m.role, ...m.blocks.map((b) => b.text ?? b.markdown)]), [['user', 'Who? Me'], ['assistant', 'Hm.', 'You.']]);
    assert.deepEqual([...kimi.findings, ...deepseek.findings], []);
});

test("Claude: the page's name is no part of the title, and a file stands in its own message", async () => {
    const turn = (file, text, said) => `<div data-test-render-count="2"><div class="group"><div class="flex"><div data-testid="file-thumbnail"><button><h3>${file}</h3><p>12 lines</p></button></div></div><div><div data-testid="user-message"><p>${text}</p></div></div></div></div>`
        + `<div data-test-render-count="2"><div class="font-claude-response"><div class="standard-markdown"><p>${said}</p></div></div></div>`;
    const c = await extract(page(turn('notes.md', 'see file', 'Read.') + turn('more.txt', 'and this', 'Too.'), 'Case | Claude'));
    assert.equal(c.title, 'Case');
    assert.deepEqual(c.messages.map((m) => m.blocks.map((b) => b.name ?? b.markdown)), [['notes.md', 'see file'], ['Read.'], ['more.txt', 'and this'], ['Too.']]);
});

test('a report in a panel of its own, with its sources', async () => {
    const gemini = await extract(page('<h2 class="title-text">On tides</h2><user-query><div class="query-text"><p class="query-text-line">one</p><p class="query-text-line">two</p></div></user-query><model-response><div class="markdown"><p>Done.</p></div></model-response>'
        + '<div id="extended-response-markdown-content"><h1>Tides</h1><p>They fall<source-footnote><sup data-turn-source-index="2"></sup></source-footnote>.</p><table><thead><tr><td>A</td></tr></thead><tbody><tr><td>1</td></tr></tbody></table></div>'
        + '<deep-research-source-lists><div class="used-sources"><a href="https://example.org/1">One</a><a href="https://example.org/2">Two</a></div></deep-research-source-lists>'));
    assert.equal(gemini.title, 'On tides');
    assert.deepEqual(gemini.messages.map((m) => m.blocks.map((b) => b.type)), [['text'], ['text', 'artifact', 'citation']]);
    assert.equal(gemini.messages[0].blocks[0].markdown, 'one\ntwo');
    assert.deepEqual(gemini.messages[1].blocks.slice(1).map((b) => [b.title, b.content ?? b.url]), [['Tides', '# Tides\n\nThey fall.\n\n| A |\n| --- |\n| 1 |'], ['Two', 'https://example.org/2']]);
    const perplexity = await extract(page('<h1 class="group/query">What?</h1><div class="prose"><div class="prose"><h1>Report</h1><p>Long<span class="citation" data-pplx-citation-url="https://example.org/s"><a href="#">s</a></span>.</p></div></div>'
        + '<div id="markdown-content-0"><div class="prose"><p>Short.</p></div></div>'));
    assert.deepEqual(perplexity.messages.map((m) => m.blocks.map((b) => b.content ?? b.url ?? b.markdown)), [['What?'], ['# Report\n\nLong.', 'https://example.org/s', 'Short.']]);
    assert.deepEqual([...gemini.findings, ...perplexity.findings], []);
});

test('reasoning that no selector names is neither answer nor lost, and an answer beside its label is no reasoning', async () => {
    const body = (html) => `<div class="markdown">${html}</div>`;
    const turns = [
        `<div><button>Thought for 7s</button><div>The first of all</div></div>${body('<p>One.</p><pre><code>a\r&#13;\nb&#13;c</code></pre>')}`,
        `<details open><summary>Reasoning</summary><ul><li>it was <code>x</code> then</li></ul></details>${body('<p>Two.</p>')}<div><button>Thinking</button><button>Copy</button></div>`,
        '<div><button>Show thinking</button><p>Nothing marks the answer.</p></div><p>Three is said.</p>',
        `<div><button>Thought for 3s</button>${body('<p>Four in the same box.</p>')}</div>`,
    ];
    const c = await extract(page(turns.map((t, i) => `<div data-message-author-role="user" data-message-id="q${i}"><div class="whitespace-pre-wrap">Q</div></div><div data-message-author-role="assistant" data-message-id="a${i}">${t}</div>`).join('')));
    assert.deepEqual(c.messages.filter((m) => m.role === 'assistant').map((m) => m.blocks.map((b) => [b.type, b.text ?? b.markdown ?? b.code, b.summary ?? null])), [
        [['thinking', 'The first of all', 'Thought for 7s'], ['text', 'One.', null], ['code', 'a\n\nb\nc', null]],
        [['thinking', '- it was `x` then', 'Reasoning'], ['text', 'Two.', null]],
        [['thinking', 'Nothing marks the answer.', 'Show thinking'], ['text', 'Three is said.', null]],
        [['text', 'Four in the same box.', null]],
    ]);
    assert.deepEqual(c.findings, []);
});

test('a mark whose source the page does not list is said, and its number is no word of the answer', async () => {
    const c = await extract(page('<user-query><div class="query-text">Q</div></user-query><model-response><div class="markdown"><p>Hi<source-footnote><sup data-turn-source-index="1">1</sup></source-footnote> there</p></div></model-response>'));
    assert.equal(c.messages[1].blocks[0].markdown, 'Hi there');
    assert.deepEqual(codes(c), ['citation_unresolved']);
});

test('LMArena lays its list out newest first', async () => {
    const c = await extract(page('<ol><li><div class="prose"><p>A2</p></div></li><li class="self-end"><div class="prose"><p>Q2</p></div></li><li><div class="prose"><p>A1</p></div></li><li class="self-end"><div class="prose"><p>Q1</p></div></li></ol>'));
    assert.deepEqual(c.messages.map((m) => [m.role, m.blocks[0].markdown]), [['user', 'Q1'], ['assistant', 'A1'], ['user', 'Q2'], ['assistant', 'A2']]);
});

test('the label of code beside it, and reasoning that is not shown', async () => {
    const deepseek = await extract(page('<div class="ds-message"><div class="ds-markdown"><div class="md-code-block"><div class="md-code-block-banner-wrap"><span>python</span><button>Copy</button></div><pre>a\nb</pre></div><pre>c</pre></div></div>'));
    assert.deepEqual(deepseek.messages[0].blocks.map((b) => [b.language, b.code]), [['python', 'a\nb'], [null, 'c']]);
    const zai = await extract(page('<div class="chat-assistant"><div class="thinking-chain-container"><button>Thought Process</button></div><div class="markdown-prose"><p>Text.</p><div class="language-css"><div class="cm-editor"><div class="cm-gutters">12</div><div class="cm-content"><div class="cm-line">a {</div><div class="cm-line"><br></div><div class="cm-line">}</div></div></div></div>'
        + '<div class="group/mermaid"><svg><text>A</text></svg><div style="display:none"><div class="cm-editor"><div class="cm-content">graph TD<br>A--&gt;B</div></div></div></div></div></div>'));
    assert.deepEqual(zai.messages[0].blocks.map((b) => [b.type, b.language ?? null, b.code ?? b.markdown]), [['text', null, 'Text.'], ['code', 'css', 'a {\n\n}'], ['mermaid', null, 'graph TD\nA-->B']]);
    assert.deepEqual([...deepseek.findings, ...zai.findings], []);
});

test('two answers under one mark are both kept', async () => {
    const c = await extract(page('<main><article data-turn-id="t"><div data-message-author-role="assistant"><div class="markdown"><p>one</p></div></div><div data-message-author-role="assistant"><div class="markdown"><p>two</p></div></div></article></main>'));
    assert.deepEqual(c.messages.map((m) => m.blocks[0].markdown), ['one', 'two']);
});

// --- pages that mean no good -------------------------------------------------------------------------------------------------

test('a page of two hundred levels and more keeps its words', async () => {
    const deep = (n, tag, inner) => `<${tag}>`.repeat(n) + inner + `</${tag}>`.repeat(n);
    const { c, markdown } = await answer(deep(230, 'div', 'deep words <b>here</b>') + deep(150, 'blockquote', 'quoted words') + '<p>behind</p>');
    assert.match(markdown, /deep words here[^]*quoted words[^]*behind/);
    assert.deepEqual(codes(c), ['element_skipped']);
});

test('a hundred thousand elements are read', async () => {
    const { c, blocks } = await answer(Array.from({ length: 20000 }, (_, i) => `<p>w${i} <b>x<i>y</i></b> <code>z</code></p>`).join(''));
    assert.equal(blocks[0].markdown.split('\n\n').length, 20000);
    assert.match(blocks[0].markdown, /w19999 \*\*x\*y\*\*\* `z`$/);
    assert.deepEqual(c.findings, []);
});

test('more blocks than a message may have: the rest is text', async () => {
    const { c, blocks } = await answer(Array.from({ length: 6000 }, (_, i) => `<pre><code>c${i}</code></pre>`).join(''));
    assert.ok(blocks.length <= 5000 && blocks.length > 4000, String(blocks.length));
    assert.match(blocks.at(-1).markdown, /c5999\n```$/);
    assert.deepEqual(c.findings, []);
});

test('fields of a form that are named like properties of elements', async () => {
    const { markdown } = await answer('<p>left</p><form><input name="childNodes"><input name="tagName"><input name="localName"><input name="nodeType"><input name="firstChild"><input name="getAttribute"><input name="querySelectorAll"><input name="matches"><p>in the form</p></form>'
        + '<img name="querySelectorAll" src="x:"><form name="querySelector"></form><p>right</p>');
    assert.equal(markdown, 'left\n\nin the form\n\nright');
});

test('text of several megabytes is whole, a table too wide is words', async () => {
    const { c, blocks } = await answer(`<p>${'word '.repeat(1_000_000)}</p><p>the end</p><table><tr>${'<td>c</td>'.repeat(300)}</tr></table>`);
    assert.equal(blocks.map((b) => b.markdown).join('').match(/word/g).length, 1_000_000);
    assert.match(blocks.at(-1).markdown, /the end\n\n(c ){299}c$/);
    assert.deepEqual(c.findings, []);
});
