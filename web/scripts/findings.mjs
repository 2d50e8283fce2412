// What is said beside a conversation, in words, from the one table of its codes (src/archive/finding.h):
// web/src/gen/findings.ts. Made by each build; a row that is not understood fails it.
//
//   node web/scripts/findings.mjs
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const FROM = new URL('../../src/archive/finding.h', import.meta.url), TO = new URL('../src/gen/', import.meta.url);
const table = readFileSync(FROM, 'utf8').split('\n').filter((line) => /^\s*X\(/.test(line)).map((line) => {
    const row = /^\s*X\(\w+,\s*("\w+"),\s*(?:NOTE|WARNING),\s*("(?:[^"\\]|\\.)+")\)/.exec(line);
    if (!row) throw new Error(`src/archive/finding.h: not understood: ${line.trim()}`);
    return [JSON.parse(row[1]), JSON.parse(row[2])];
});
if (!table.length) throw new Error('src/archive/finding.h: no codes');

mkdirSync(TO, { recursive: true });
writeFileSync(new URL('findings.ts', TO), `// Made by web/scripts/findings.mjs.
export const FINDINGS: Record<string, string> = ${JSON.stringify(Object.fromEntries(table))};
`);
