// What the page knows of providers, from the one place where it is written down (src/archive/providers/*.json):
// web/src/gen/providers.ts (names, hosts, what their links look like) and providers.css (their colours). Made by each build.
//
//   node web/scripts/providers.mjs
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const FROM = new URL('../../src/archive/providers/', import.meta.url), TO = new URL('../src/gen/', import.meta.url);
const TYPES = { uuid: '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}', hex: '[0-9a-f]+', id: '[\\w.-]+', lang: '[a-z]{2}' };

// "/share/{id:t_}" as a regular expression of the whole path, without case: the server looks more closely.
const expression = (path) => `^${path.replace(/[.*+?^$|()[\]\\]/g, '\\$&').replace(/\{(\w+)(?::(\w+))?\}/g, (_, type, prefix = '') => prefix + TYPES[type])}/?$`;

const providers = readdirSync(FROM).filter((f) => f.endsWith('.json')).sort().map((f) => JSON.parse(readFileSync(new URL(f, FROM), 'utf8')));
const table = providers.map((p) => ({
    name: p.name, label: p.label, unshare: p.unshare ?? null, hosts: [...new Set([...p.hosts, ...p.links.map((l) => l.host)])],
    links: p.links.map((l) => ({ host: l.host, path: expression(l.path), begins: l.path.split('{')[0], why: l.why ?? null })),
}));

mkdirSync(TO, { recursive: true });
writeFileSync(new URL('providers.ts', TO), `// Made by web/scripts/providers.mjs.
export interface ProviderFacts {
    name: string;
    label: string;
    unshare: string | null; // where a public link is ended
    hosts: string[];
    links: { host: string; path: string; begins: string; why: string | null }[]; // begins: the path before its id; why: such a link cannot be captured
}
export const PROVIDERS: ProviderFacts[] = ${JSON.stringify(table)};
`);
writeFileSync(new URL('providers.css', TO), `/* Made by web/scripts/providers.mjs. */
${providers.map((p) => `.provider-${p.name} { --provider: light-dark(${p.color[0]}, ${p.color[1]}); }`).join('\n')}
`);
