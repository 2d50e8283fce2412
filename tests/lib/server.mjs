// A real server for a test: its own data folder, a free port, ended with the test.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';

export const BINARY = process.env.VIVIM_BINARY ?? 'build/debug/vivim';
const START_TIMEOUT_MS = 30_000;
const LAST_WORDS = 20_000; // a report of a sanitizer fits

// Servers that run. They do not keep the test's process alive, and what a failed test has left ends with it.
const running = new Set();
process.on('exit', () => { for (const child of running) child.kill('SIGKILL'); });
const keepsAlive = (child, yes) => { for (const handle of [child, child.stdout, child.stderr]) handle[yes ? 'ref' : 'unref'](); };

export function tempFolder(name = 'vivim-test-') {
    return mkdtempSync(join(tmpdir(), name));
}

// The test's own variables only: nothing of the developer's VIVIM_* leaks in. No server makes tables of similar words unless its test asks
// for them: a minute of a core each. Passwords cost the least that is allowed.
export function cleanEnvironment(extra = {}) {
    const env = Object.fromEntries(Object.entries(process.env).filter(([k]) => !k.startsWith('VIVIM_')));
    return { ASAN_OPTIONS: 'detect_leaks=1', VIVIM_SIMILAR_WORDS: 'off', ...(extra.VIVIM_TEST === '1' ? { VIVIM_PASSWORD_MIB: '19' } : {}), ...env, ...extra };
}

// On PostgreSQL when VIVIM_TEST_PG_URL is set: a database of its own for each data folder.
export async function databaseUrl(data) {
    const base = process.env.VIVIM_TEST_PG_URL;
    if (!base) return {};
    const name = 'vivim_' + data.replace(/[^a-zA-Z0-9]/g, '_').slice(-40).toLowerCase();
    await command('psql', ['-q', '-d', base, '-c', `CREATE DATABASE ${name}`], { env: process.env }).catch((e) => {
        if (!/already exists/.test(e.message)) throw e;
    });
    const url = new URL(base);
    url.pathname = '/' + name;
    return { VIVIM_DATABASE_URL: url.href };
}

// Change rows behind the server's back: what only the passing of time would change otherwise.
export async function changeRows(server, sql) {
    const url = server.environment.VIVIM_DATABASE_URL;
    if (url) return void await command('psql', ['-q', '-d', url, '-c', sql], { env: process.env });
    const { DatabaseSync } = await import('node:sqlite'); // here alone: it warns that it is new
    const db = new DatabaseSync(join(server.data, 'vivim.db'));
    try {
        db.exec(`PRAGMA busy_timeout = 10000; ${sql}`);
    } finally {
        db.close();
    }
}

// Run a program to its end: { code, stdout, stderr }. Rejects on a non-zero status unless `check` is false.
export function command(file, argv, { env = cleanEnvironment(), input = '', check = true, timeout = 120_000 } = {}) {
    return new Promise((resolve, reject) => {
        const child = spawn(file, argv, { env, stdio: ['pipe', 'pipe', 'pipe'] });
        let stdout = '', stderr = '';
        const timer = setTimeout(() => child.kill('SIGKILL'), timeout);
        child.stdout.on('data', (d) => (stdout += d));
        child.stderr.on('data', (d) => (stderr += d));
        child.stdin.on('error', () => {});
        child.stdin.end(input);
        child.on('error', reject);
        child.on('close', (code, signal) => {
            clearTimeout(timer);
            if (check && code !== 0) reject(new Error(`${file} ${argv.join(' ')}: ${code ?? signal}\n${stderr}`));
            else resolve({ code: code ?? signal, stdout, stderr });
        });
    });
}

// So many conversations of a person at once, without messages, behind the server's back; their ids.
export async function addConversations(server, person, count) {
    const owner = (await person.json('GET', '/api/v1/me')).body.user.id;
    const literal = (id) => (server.environment.VIVIM_DATABASE_URL ? `'${id}'` : `X'${id.replaceAll('-', '')}'`);
    const ids = Array.from({ length: count }, () => `01890000-${randomBytes(2).toString('hex')}-7000-8000-${randomBytes(6).toString('hex')}`);
    const rows = ids.map((id) => `(${literal(owner)}, ${literal(id)}, 'claude', FALSE, 'file', 'sha256:0', '[]', 1, 0, 0, 0)`);
    await changeRows(server, `INSERT INTO conversation (owner_id, id, provider, title_own, source_kind, hash, findings, version, message_count, captured_ms, stored_ms) VALUES ${rows.join(', ')}`);
    return ids;
}

export async function startServer({ env = {}, args = [], data = tempFolder(), binary = BINARY, keep = false } = {}) {
    const environment = cleanEnvironment({ VIVIM_DATA: data, VIVIM_LISTEN: '127.0.0.1:0', VIVIM_TEST: '1', ...(await databaseUrl(data)), ...env });
    const child = spawn(binary, ['serve', ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    let stdout = '', stderr = '';
    child.stderr.on('data', (d) => (stderr += d));
    const exited = new Promise((resolve) => child.on('close', (code, signal) => {
        running.delete(child);
        resolve(code ?? signal);
    }));
    const greeting = await new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no greeting within ${START_TIMEOUT_MS} ms\n${stdout}${stderr}`)), START_TIMEOUT_MS);
        exited.then((code) => reject(new Error(`the server ended with ${code}\n${stdout}${stderr}`)));
        child.stdout.on('data', (d) => {
            stdout += d;
            const m = /(https?:\/\/[^\s#]+?)(?:\/setup#(\S+))?\s*\n\s*\n$/.exec(stdout);
            if (m) {
                clearTimeout(timer);
                resolve(m);
            }
        });
    });
    keepsAlive(child, false);
    const server = {
        url: greeting[1], setupToken: greeting[2] ?? null, data, child, environment,
        get exited() {
            keepsAlive(child, true);
            return exited;
        },
        log: () => stderr,
        // Ends the server: SIGTERM and its exit status, which a leak or a failed stop makes non-zero: then its last words are shown.
        async stop(signal = 'SIGTERM') {
            child.kill(signal);
            const code = await server.exited;
            if (code !== 0 && code !== signal) process.stderr.write(stderr.slice(-LAST_WORDS));
            if (!keep) rmSync(data, { recursive: true, force: true });
            return code;
        },
        vivim: (argv, options = {}) => command(binary, argv, { env: environment, ...options }),
    };
    return server;
}

// An account and a client that is signed in: fetch(path, init) with its cookie and our own origin.
export async function signIn(server, handle = 'owner', password = randomBytes(12).toString('base64url')) {
    const first = server.setupToken !== null;
    const path = first ? '/api/v1/auth/setup' : '/api/v1/auth/login';
    if (!first) await server.vivim(['user', 'add', handle, '--password-file', '-'], { input: password + '\n' });
    const answer = await fetch(server.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: server.url },
        body: JSON.stringify({ handle, password, ...(first ? { token: server.setupToken } : {}) }),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    if (first) server.setupToken = null;
    const cookie = answer.headers.get('set-cookie').split(';')[0];
    return client(server, { cookie, origin: server.url }, { handle, password, cookie });
}

export function client(server, headers, extra = {}) {
    return {
        ...extra,
        fetch: (path, init = {}) => fetch(server.url + path, { redirect: 'manual', ...init, headers: { ...headers, ...init.headers } }),
        async json(method, path, body, moreHeaders = {}) {
            const answer = await fetch(server.url + path, {
                method, redirect: 'manual',
                headers: { ...headers, ...moreHeaders, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
                body: body === undefined ? undefined : JSON.stringify(body),
            });
            const text = await answer.text();
            return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : null };
        },
    };
}
