// The splitter of Markdown against micromark, the reference implementation of CommonMark and GFM that the client renders with: the same
// code, tables and pictures, in the same order, and as many list items left in the text. Over the examples of the specifications and over
// random documents. Formulas are no part of either specification: tests/unit/archive/test_markdown.c.
//
//   MARKDOWN_SEED=7 MARKDOWN_DOCUMENTS=20000 node --test tests/archive/markdown.test.mjs     other documents, or more
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { parse, postprocess, preprocess } from 'micromark';
import { gfm } from 'micromark-extension-gfm';

const VIVIM = join(process.env.VIVIM_BUILD ?? 'build/debug', 'vivim');
const SEED = Number(process.env.MARKDOWN_SEED ?? 1);
const DOCUMENTS = Number(process.env.MARKDOWN_DOCUMENTS ?? 4000);
const spec = createRequire(import.meta.url)('commonmark-spec').tests.map((t) => t.markdown.replaceAll('→', '\t'));

// --- what micromark says ---------------------------------------------------------------------------------------------

const unescape = (s) => s.replace(/\\([!-/:-@[-`{-~])|&(amp|lt|gt|quot|#39);/g, (_, c, name) =>
    c ?? { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }[name]);
const cell = (s) => s.replace(/\\([\\|])/g, (all, c) => (c === '|' ? c : all));

function reference(text) {
    const events = postprocess(parse({ extensions: [gfm()] }).document().write(preprocess()(text, undefined, true)));
    const out = { code: [], closed: [], tables: [], images: [], items: 0 };
    let fence, table, ruler = false, depth = 0, image;
    for (const [way, token, context] of events) {
        const slice = () => context.sliceSerialize(token);
        const enter = way === 'enter';
        if (token.type === 'codeFenced') {
            if (enter) fence = { language: '', code: '', marks: 0 };
            else {
                out.code.push([fence.language, fence.code.replace(/^\n|\n$/g, '')]);
                out.closed.push(fence.marks === 2);
                fence = undefined;
            }
        } else if (fence && !enter) {
            if (token.type === 'codeFencedFence') fence.marks++;
            if (token.type === 'codeFencedFenceInfo') fence.language = unescape(slice());
            if (token.type === 'codeFlowValue') fence.code += slice();
            if (token.type === 'lineEnding') fence.code += '\n';
        } else if (token.type === 'table') {
            if (enter) table = [];
            else {
                const [header, ...rows] = table;
                out.tables.push([header, ...rows.map((r) => header.map((_, i) => r[i] ?? ''))]);
                table = undefined;
            }
        } else if (table) {
            if (token.type === 'tableDelimiterRow') ruler = enter;
            if (enter && token.type === 'tableRow') table.push([]);
            if (enter && (token.type === 'tableHeader' || token.type === 'tableData')) table.at(-1).push('');
            if (enter && token.type === 'tableContent' && !ruler) table.at(-1)[table.at(-1).length - 1] = cell(slice());
        } else if (token.type === 'image') {
            depth += enter ? 1 : -1;
            if (enter && depth === 1) image = {};
            if (!enter && depth === 0 && image.url) out.images.push([unescape((image.alt || image.title || '').replace(/\n[ \t]+/g, '\n')), unescape(image.url)]);
        } else if (depth === 1 && enter) {
            if (token.type === 'resource') image.url = undefined;
            if (token.type === 'labelText') image.alt ??= slice();
            if (token.type === 'resourceDestinationString') image.url = slice();
            if (token.type === 'resourceTitleString') image.title = slice(); // the words where it has no others
        } else if (token.type === 'listItemPrefix' && enter) {
            out.items++;
        }
    }
    return out;
}

// --- what vivim says -------------------------------------------------------------------------------------------------

const CONVERSATION = 10_000; // documents

function split(documents) {
    if (documents.length > CONVERSATION) return [...split(documents.slice(0, CONVERSATION)), ...split(documents.slice(CONVERSATION))];
    const folder = mkdtempSync(join(tmpdir(), 'vivim-markdown-'));
    try {
        const file = join(folder, 'c.json');
        const chat_messages = documents.map((text, i) => ({ uuid: `m${i}`, sender: 'human', content: [{ type: 'text', text }] }));
        writeFileSync(file, JSON.stringify({ uuid: 'c', name: 'Markdown', chat_messages }));
        const { messages } = JSON.parse(execFileSync(VIVIM, ['extract', file], { encoding: 'utf8', maxBuffer: 2 ** 28 }));
        assert.equal(messages.length, documents.length);
        return messages.map((m) => m.blocks);
    } finally {
        rmSync(folder, { recursive: true });
    }
}

function said(blocks) {
    const of = (...types) => blocks.filter((b) => types.includes(b.type));
    return {
        code: of('code', 'mermaid').map((b) => [b.type === 'mermaid' ? 'mermaid' : b.language ?? '', b.code]),
        tables: of('table').map((b) => [b.header, ...b.rows]),
        images: of('image').map((b) => [b.alt ?? '', b.source_url]),
        items: of('text').reduce((n, b) => n + reference(b.markdown).items, 0),
    };
}

function compare(documents) {
    const wrong = [];
    let compared = 0;
    split(documents).forEach((blocks, i) => {
        const { closed, ...want } = reference(documents[i]), got = said(blocks);
        // The rest of a picture's line may look like a list; an item that no list can begin with may stand first behind a block.
        if (want.images.length || /(?!1[.)])\b\d+[.)]/.test(documents[i])) want.items = got.items;
        if (differs(documents[i])) return;
        compared++;
        for (const { code } of [want, got])
            code.forEach((c, k) => closed[k] || (c[1] = c[1]?.replace(/\n+$/, ''))); // where code ends that nothing closes is nobody's rule
        try {
            assert.deepEqual(got, want);
        } catch {
            wrong.push({ markdown: documents[i], want, got, blocks });
        }
    });
    assert.ok(compared > documents.length * 0.8, `${documents.length - compared} of ${documents.length} are left out`);
    wrong.sort((a, b) => a.markdown.length - b.markdown.length);
    assert.equal(wrong.length, 0, `${wrong.length} of ${documents.length} differ; the shortest:\n`
        + wrong.slice(0, Number(process.env.MARKDOWN_SHOW ?? 3)).map((w) => JSON.stringify(w, null, 1)).join('\n'));
}

// --- reasoned differences ------------------------------------------------------------------------------------------------

// What the specification says of lists that interrupt a paragraph micromark also has below indented code, and within a quote or an
// item that has just interrupted one; and it takes no table right below an item without words, or
// below one in a quote that has ended. cmark-gfm has it as we do.
const NUMBER = String.raw`(?!1[.)])\d+[.)]`, EMPTY = String.raw`(?:[-+*]|\d+[.)])[ \t]*$`;
const DIFFERENCES = [
    new RegExp(String.raw`^[ >]*(?: {4}|\t).*\n(?:[ \t>]*\n)?.*(?:[-+*]|\d+[.)])`, 'm'),
    new RegExp(String.raw`.\n[ \t]*(?:[>*+-][ \t]*|\d+[.)][ \t]+)+(?:${NUMBER}|${EMPTY})`, 'm'),
    /^ *>.*\|.*\n[^>\n]*\|/m,
    /\\\[[^]*\\\]/, // may be a formula
    new RegExp(String.raw`(?:^|[ >\t])${EMPTY}\n.*\|`, 'm'),
];
const differs = (text) => DIFFERENCES.some((d) => d.test(text));

// --- random documents ------------------------------------------------------------------------------------------------------

// xorshift32: the same documents everywhere.
function random(seed) {
    let x = seed | 0 || 1;
    return (n) => {
        x ^= x << 13;
        x ^= x >>> 17;
        x ^= x << 5;
        return (x >>> 0) % n;
    };
}

const PREFIXES = ['', '', '', '', '> ', '>', '- ', '1. ', '2) ', '* ', '  ', '   ', '    ', '\t', '10. ', '- [ ] ', '>\t', ' '];
const LINES = ['', '', '', 'words', 'more words', '```', '```', '```js', '````', '~~~', '~~~ c x=1', '| a | b |', '|---|---|', '| 1 | 2 |',
    'a | b', ':-- | --:', '| `x|y` | \\| |', '| a |', '|-|', '# head', '---', '***', '===', '<div>', '</div>', '<!-- c', '-->', '<b>x</b>',
    '![x](u.png)', 'a ![x](u.png "t") b', '[![x](u.png)](v)', '`![x](u)`', '`', '``', '[l](', 'u)', '![a', 'b](u)', '\\![x](u)', '-', '+ x', '1.',
    '<https://x.y/![x](u)>', '<a href="', '">', '\\', '\\```', 'a\\', '[r]: /u', '2. x'];
const PIECES = ['![', '![', '[', ']', '](', '](', ')', '(', 'u', 'a b', '`', '``', '\\', '\\[', '<', '>', '"t"', ' "', "'", '\n', ' ', 'x', '<b a="',
    '<!--', '-->', '<http:', '](<', '&amp;', '](u)', '](u "t")', '](u_(1).png)', '!', '*', '> '];

function* documents(seed) {
    const pick = random(seed), of = (list) => list[pick(list.length)];
    for (let i = 0; i < DOCUMENTS; i++) {
        const lines = Array.from({ length: 1 + pick(8) }, () => Array.from({ length: pick(3) }, () => of(PREFIXES)).join('') + of(LINES));
        yield lines.join('\n');
        yield 'w ' + Array.from({ length: 2 + pick(14) }, () => of(PIECES)).join('').replace(/\n+/g, '\nw ');
    }
}

// GFM 0.29, section 4.10.
const TABLES = ['| foo | bar |\n| --- | --- |\n| baz | bim |', '| abc | defghi |\n:-: | -----------:\nbar | baz',
    '| f\\|oo  |\n| ------ |\n| b `\\|` az |\n| b **\\|** im |', '| abc | def |\n| --- | --- |\n| bar | baz |\n> bar',
    '| abc | def |\n| --- | --- |\n| bar | baz |\nbar\n\nbar', '| abc | def |\n| --- |\n| bar |',
    '| abc | def |\n| --- | --- |\n| bar |\n| bar | baz | boo |', '| abc | def |\n| --- | --- |'];

test('the examples of CommonMark', () => {
    assert.ok(spec.length > 600);
    compare(spec);
});
test('the examples of GFM', () => compare(TABLES));
test('the examples of both in quotes and lists', () => {
    const all = [...spec, ...TABLES];
    compare(all.map((t) => t.replace(/^/gm, '> ')));
    compare(all.map((t) => `- ${t.replaceAll('\n', '\n  ')}`));
    compare(all.map((t) => `> 1. ${t.replaceAll('\n', '\n>    ')}`));
});
test('random documents', () => compare([...documents(SEED)]));
