// What becomes of Markdown, TeX and code before the sanitiser: hostile text is inert already here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { highlight } from '../src/ui/render/highlight.ts';
import { markdownToHtml } from '../src/ui/render/markdown.ts';
import { renderMath } from '../src/ui/render/math.ts';
import { TRICKS } from '../../tests/lib/tricks.ts';

const found = (text: string): string[] => {
    const formulas: string[] = [];
    markdownToHtml(text, (tex, display) => {
        formulas.push(`${display ? 'D' : 'I'} ${tex}`);
        return '';
    });
    return formulas;
};
const html = (text: string) => markdownToHtml(text, renderMath);

test('inline TeX in its four spellings', () => {
    assert.deepEqual(found('a \\(x+1\\) b $y$ c $$z^2$$ d \\[w\\]'), ['I x+1', 'I y', 'D z^2', 'D w']);
    assert.deepEqual(found('\\(\\frac{a}{b} \\\\ c\\)'), ['I \\frac{a}{b} \\\\ c']);
    assert.deepEqual(found('over\n\\[\na\n=b\n\\]\nlines'), ['D a\n=b']);
    assert.deepEqual(found('> quoted \\(a\n> = b\\)'), ['I a\n= b']);
    assert.deepEqual(found('| h |\n|---|\n| $x_1$ |'), ['I x_1']);
});

test('money is not mathematics', () => {
    for (const text of ['$5 and $10', 'from $5 to $6.', 'a $ b $ c', '\\$5 and \\$6', 'US$5 or $7', '$', '$$', '\\(', '\\( never closed', '\\(\\)', '`$x$`', '```\n$x$\n```'])
        assert.deepEqual(found(text), [], text);
    assert.match(html('$5 and $10'), /\$5 and \$10/);
    assert.match(html('\\( open'), /\( open/);
});

test('hostile Markdown has no live element, handler or script address', () => {
    const out = html([
        '<script>alert(1)</script> <img src=x onerror=alert(1)> <svg/onload=alert(1)>',
        '[a](javascript:alert(1)) [b](data:text/html,x) [c](vbscript:x) <javascript:alert(1)> ![d](javascript:alert(1))',
        '[e]: javascript:alert(1)\n\n[e]',
        '![x](https://a.example/"onerror="alert\\(1\\))',
        '```"><script>\nx\n```',
        '$\\href{javascript:alert(1)}{x}$ $\\unicode{<script>}$ \\(</code><script>alert(1)</script>\\)',
        '<div style="position:fixed">x</div>',
    ].join('\n\n'));
    const tags = [...out.matchAll(/<\/?([a-z0-9]+)((?:[^>"]|"[^"]*")*)>/g)];
    assert.ok(tags.length > 5);
    for (const [tag, name, attributes = ''] of tags) {
        assert.doesNotMatch(name ?? '', /^(script|svg|iframe|style|div|object)$/, tag);
        assert.doesNotMatch(attributes.replace(/"[^"]*"/g, '""'), /\son\w+=/i, tag);
        assert.doesNotMatch(attributes, /(href|src)="\s*(javascript|data|vbscript):/i, tag);
    }
});

// The tricks of the OWASP list, in the text and within each of the elements that are let through.
test('no trick of HTML leaves an element, a handler or a script address', () => {
    for (const trick of TRICKS) for (const text of [trick, `<sup>${trick}</sup>`, `<details><summary>${trick}</summary>\n\n${trick}\n\n</details>`, `| ${trick} |\n|---|`]) {
        const out = html(text);
        assert.ok(!out.includes('\0'), text);
        for (const [tag, name = '', attributes = ''] of out.matchAll(/<\/?([a-z0-9]+)((?:[^>"]|"[^"]*")*)>/gi)) {
            assert.doesNotMatch(name, /^(script|svg|iframe|frame|style|div|object|embed|form|meta|base|link|body)$/i, `${text} gives ${tag}`);
            assert.doesNotMatch(attributes.replace(/"[^"]*"/g, '""'), /\s(on\w+|style)=/i, `${text} gives ${tag}`);
            assert.doesNotMatch(attributes, /(href|src)="\s*(javascript|data|vbscript):/i, `${text} gives ${tag}`);
        }
    }
});

test('raised and lowered text, keys, breaks and folds are elements, in pairs', () => {
    assert.equal(html('x<sup>2</sup> H<SUB>2</SUB>O <kbd>Ctrl</kbd> a<br>b<br/>c<br />d'), '<p>x<sup>2</sup> H<sub>2</sub>O <kbd>Ctrl</kbd> a<br>b<br>c<br>d</p>');
    assert.equal(html('**x<sup>*2*</sup>**'), '<p><strong>x<sup><em>2</em></sup></strong></p>');
    assert.equal(html('<details><summary>More <sup>1</sup></summary>\n\n- *in*\n\n</details>\n\nout').replaceAll('\n', ''),
        '<details><summary>More <sup>1</sup></summary><ul><li><em>in</em></li></ul></details><p>out</p>');
    assert.equal(html('| a<br>b |\n|---|\n| <sup>1</sup> |').replaceAll('\n', '').replace(/<\/?t(able|head|body|r)>/g, ''), '<th>a<br>b</th><td><sup>1</sup></td>');
});

test('what has no other half, attributes or another name stays text', () => {
    const same = ['a <sup>b', 'a</sup>b', '<sup>a *b</sup> c*', '<sup onclick="x">a</sup>', '<b>a</b>', '`<sup>a</sup>`', '<sup>a</sub>', '![<sup>a</sup>](https://a.example/x)', '<details>\n\nopen', '<br class="x">'];
    for (const text of same) assert.doesNotMatch(html(text), /<\/?(su[bp]|details|b|br)\b|\0/, text);
    assert.equal(html('<sup><kbd>a</sup>'), '<p><sup>&lt;kbd&gt;a</sup></p>');
    assert.equal(html('*<sup>a* b</sup>'), '<p><em>&lt;sup&gt;a</em> b&lt;/sup&gt;</p>');
    for (const text of ['<sup>'.repeat(10_000), '<sup>'.repeat(10_000) + '</kbd>'.repeat(10_000), '<sup>'.repeat(10_000) + '</sup>'.repeat(10_000)]) {
        const before = performance.now();
        const out = html(text);
        assert.ok(performance.now() - before < 4_000 && (out.match(/<sup>/g) ?? []).length < 100);
    }
});

test('formulas are MathML without style, source text or relative widths', () => {
    const out = renderMath('\\color{red}{\\frac{a}{b}} \\xrightarrow[n \\to \\infty]{x} \\boxed{c}', true);
    assert.match(out, /<math[^>]*display="block"/);
    assert.doesNotMatch(out, /annotation|semantics|width="\+/);
    assert.equal(renderMath('\\notacommand{<b>', false), '<code class="tex">\\notacommand{&lt;b&gt;</code>');
});

test('code is escaped, and highlighted only in a language that is known', () => {
    assert.equal(highlight('x', 'no-such-language"><script>'), null);
    assert.match(highlight('return 1;', 'C') ?? '', /hljs-keyword/);
    assert.doesNotMatch(highlight('<script>alert(1)</script>', 'html') ?? '', /<script/);
});

test('text made to be slow ends in reasonable time', { timeout: 20_000 }, () => {
    for (const text of ['$'.repeat(20_000), '\\('.repeat(20_000), '$a '.repeat(10_000), '$$ '.repeat(10_000), 'a$$'.repeat(10_000)]) {
        const before = performance.now();
        found(text);
        assert.ok(performance.now() - before < 4_000, `${text.slice(0, 6)} took ${performance.now() - before} ms`);
    }
});
