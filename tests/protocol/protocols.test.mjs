// docs/protocols.md names a test for each behaviour: each of them is there.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const page = readFileSync('docs/protocols.md', 'utf8');
const suites = Object.fromEntries([...page.matchAll(/^\| ([A-Z]+) \| `(tests\/[^`]+)`/gm)].map(([, name, file]) => [name, file]));
const named = [...page.matchAll(/\b([A-Z]+) "([^"]+)"/g)].map(([, suite, name]) => ({ suite, name }));

test('every suite that the page names is there', () => {
    assert.ok(Object.keys(suites).length > 2);
    for (const file of Object.values(suites)) assert.ok(existsSync(file), file);
});
for (const suite of new Set(named.map((n) => n.suite)))
    test(`every test of suite ${suite} that the page names is there`, () => {
        const text = readFileSync(suites[suite], 'utf8');
        for (const { name } of named.filter((n) => n.suite === suite)) assert.ok(text.includes(name), name);
    });
