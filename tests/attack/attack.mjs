// What a stranger, a browser, a provider's page or a broken machine can do to a running server, done to the release build
// from outside, and at the end what held. `./test` runs the same suites.
//
//   node tests/attack/attack.mjs [PATTERN]
import { globSync } from 'node:fs';
import { run } from 'node:test';

const files = globSync('tests/attack/*.test.mjs').filter((f) => f.includes(process.argv[2] ?? '')).sort();
const held = [], broken = [];
for await (const { type, data } of run({ files, concurrency: 1 })) {
    if ((type !== 'test:pass' && type !== 'test:fail') || data.details.type === 'suite') continue;
    if (type === 'test:pass') held.push(data.name);
    else broken.push(`${data.name}\n    ${String(data.details.error?.cause?.message ?? data.details.error).replace(/\n/g, '\n    ')}`);
}
for (const name of held) console.log(`held      ${name}`);
for (const name of broken) console.log(`NOT HELD  ${name}`);
console.log(`${held.length} held, ${broken.length} not held`);
process.exit(broken.length ? 1 : 0);
