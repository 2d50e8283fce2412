// What may happen to the derived index: each changes it and says what the log must show of it (nothing: it is only new).
import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { command } from './server.mjs';

async function inIndex(data, sql) {
    const { DatabaseSync } = await import('node:sqlite'); // here alone: it warns that it is new
    const db = new DatabaseSync(join(data, 'index.db'));
    db.exec(sql);
    db.close();
}

// From a page on, so that the header still says that it is a database.
export function garbage(data, from) {
    const path = join(data, 'index.db');
    const file = openSync(path, 'r+');
    writeSync(file, randomBytes(Math.max(4096, statSync(path).size - from)), 0, undefined, from);
    closeSync(file);
}

export const SQLITE_DAMAGE = {
    'cut to nothing': (data) => truncateSync(join(data, 'index.db'), 0),
    'cut to an odd length': (data) => truncateSync(join(data, 'index.db'), 5001),
    'a header of garbage': (data) => garbage(data, 0),
    'another program\'s file': (data) => inIndex(data, 'PRAGMA application_id = 7'),
    'a newer schema': (data) => inIndex(data, "INSERT INTO schema_migration VALUES (9999, '9999_future', 'x', 0)"),
    'a folder in its place': (data) => { rmSync(join(data, 'index.db')); mkdirSync(join(data, 'index.db')); },
    'a folder where its log should be': (data) => mkdirSync(join(data, 'index.db-wal')),
    'text in its place, that nobody may read': (data) => { writeFileSync(join(data, 'index.db'), 'hello'); chmodSync(join(data, 'index.db'), 0); },
};

const psql = (url, sql) => command('psql', ['-q', '-d', url, '-c', sql], { env: process.env });
export const POSTGRES_DAMAGE = {
    'its schema is gone': (url) => psql(url, 'DROP SCHEMA vivim_index CASCADE'),
    'a newer schema': (url) => psql(url, "INSERT INTO vivim_index.schema_migration VALUES (9999, '9999_future', 'x', 0)"),
};
export const POSTGRES_DAMAGE_LATER = {
    'a table is gone': (url) => psql(url, 'DROP TABLE vivim_index.search_doc'),
    'its schema is gone': (url) => psql(url, 'DROP SCHEMA vivim_index CASCADE'),
};
export const SQLITE_DAMAGE_LATER = {
    'garbage in the middle': (data) => garbage(data, 4096),
    'a table is gone': (data) => inIndex(data, 'DROP TABLE search_doc'),
};

// Search until it finds: every answer on the way is a 503 that says when to come again (or, of an index that is whole and
// only behind what was just stored, nothing yet). Gives the codes of the 503s.
export async function searchUntilFound(ask, word, { behind = false, deadlineMs = 30_000 } = {}) {
    const codes = [];
    for (const until = Date.now() + deadlineMs; Date.now() < until;) {
        const answer = await ask(`/api/v1/search?q=${word}`);
        const body = await answer.json();
        if (answer.status === 200 && body.items.length) return codes;
        if (answer.status === 200 && !behind) throw new Error('an empty answer that does not say why');
        if (answer.status !== 200 && (answer.status !== 503 || !answer.headers.get('retry-after'))) throw new Error(`${answer.status} ${JSON.stringify(body)}`);
        if (answer.status === 503) codes.push(body.code);
        await new Promise((resolve) => setTimeout(resolve, 100)); // within the rate limit
    }
    throw new Error(`nothing found: ${codes.at(-1)}`);
}

export const setAside = (data) => readdirSync(data).filter((name) => name.includes('damaged'));
