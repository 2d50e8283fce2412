// What the first visit loads: the JavaScript that index.html names and everything that imports statically from there,
// gzipped; the CSS beside it; and each part that is loaded later. Fails above the bars of the project.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const DIST = new URL('../dist/', import.meta.url);
const JS_MAX = 90_000;  // bytes, gzip -9
const CSS_MAX = 15_000;

const read = (name) => readFileSync(new URL(name, DIST));
const zipped = (name) => gzipSync(read(name), { level: 9 }).length;

const html = read('index.html').toString();
const named = (pattern) => [...html.matchAll(pattern)].map((m) => m[1]);
const first = new Set(named(/(?:src|href)="\/(assets\/[^"]+\.js)"/g));
for (const file of first) // a Set grows while it is walked
    for (const [, name] of read(file).toString().matchAll(/(?:^|[;}\s])(?:import|export)[^;()"']*?["']\.\/([\w.-]+\.js)["']/g)) first.add(`assets/${name}`);
const css = named(/href="\/(assets\/[^"]+\.css)"/g);
const later = readdirSync(new URL('assets/', DIST)).map((f) => `assets/${f}`).filter((f) => f.endsWith('.js') && !first.has(f));

const total = (files) => files.reduce((sum, f) => sum + zipped(f), 0);
const kb = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
const js = total([...first]);
const style = total(css);
console.log(`first load: ${kb(js)} of JavaScript (at most ${kb(JS_MAX)}), ${kb(style)} of CSS (at most ${kb(CSS_MAX)}), gzipped`);
for (const f of [...first, ...css]) console.log(`  ${kb(zipped(f)).padStart(9)}  ${f}`);
console.log(`later: ${kb(total(later))}`);
for (const f of later) console.log(`  ${kb(zipped(f)).padStart(9)}  ${f}`);
if (js > JS_MAX || style > CSS_MAX) {
    console.error('too much');
    process.exit(1);
}
