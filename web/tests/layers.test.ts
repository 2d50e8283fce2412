// The layers of web/src (STYLE 7): who may import whom, no DOM in the model, no file too long, nothing that the page's
// content policy forbids.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SRC = fileURLToPath(new URL('../src', import.meta.url));
const MAY: Record<string, string[]> = {
    api: [], store: ['api'], sync: ['store', 'api'], model: ['sync', 'store', 'api', 'gen'], gen: [], ui: [], rooms: ['model', 'ui', 'api'], style: [], sw: [],
};
const LINES_MAX = 400;
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((f) => /\.tsx?$/.test(f));
const text = (file: string) => readFileSync(join(SRC, file), 'utf8');
const layer = (file: string) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : '');

test('a file imports its own layer and those below it', () => {
    assert.ok(files.length > 30);
    for (const file of files.filter(layer)) {
        const own = layer(file);
        assert.ok(MAY[own], `${own} is no layer`);
        for (const [, typeOnly, target = ''] of text(file).matchAll(/import (type )?[^'"]*?['"](\.[^'"?]+)[?\w&]*['"]/g)) {
            const to = layer(normalize(relative(SRC, join(SRC, dirname(file), target))));
            // Screens take the shapes of errors from api, never its functions.
            if (own === 'rooms' && to === 'api') assert.ok(typeOnly, `${file} calls ${target}`);
            assert.ok(to === own || MAY[own]?.includes(to), `${file} imports ${target}`);
        }
    }
});

test('the model knows no DOM', () => {
    for (const file of files.filter((f) => layer(f) === 'model'))
        assert.doesNotMatch(text(file).replace(/\/\/.*$/gm, ''), /\b(document|window|location|history|navigator|HTMLElement|localStorage|EventSource)\b[.(<]/, file);
});

test('no HTML from strings outside of the sanitiser, no inline style', () => {
    for (const file of files) {
        assert.doesNotMatch(text(file), /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|\beval\(|new Function/, file);
        assert.doesNotMatch(text(file), /\sstyle=|\.style\b(?!\/)|setAttribute\('style/, file);
    }
    assert.doesNotMatch(readFileSync(join(SRC, '../index.html'), 'utf8'), /<style|style=|<script(?![^>]*src=)/);
});

test('no file is too long', () => {
    for (const file of files.filter((f) => f !== 'api/types.ts')) assert.ok(text(file).split('\n').length <= LINES_MAX, file);
});
