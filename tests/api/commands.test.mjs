// The command line: both ways (with a running server and without) give the same; wrong use says what to do.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { BINARY, cleanEnvironment, command, databaseUrl, startServer, tempFolder } from '../lib/server.mjs';

const data = tempFolder();
const env = cleanEnvironment({ VIVIM_DATA: data, VIVIM_TEST: '1', ...(await databaseUrl(data)) });
const vivim = (argv, options = {}) => command(BINARY, argv, { env, check: false, ...options });
after(() => rmSync(data, { recursive: true, force: true }));

test('every command has --help', async () => {
    for (const argv of [['help'], ['-h'], ['help', '--help']]) assert.match((await vivim(argv)).stdout, /^usage: vivim COMMAND/, argv.join(' '));
    for (const [group, ...names] of [['user', 'add', 'delete', 'restore', 'enable', 'login-link'], ['config', 'dump']])
        for (const argv of [[group, '--help'], [group, '-h'], ['help', group], [group, 'help']]) {
            const { code, stdout, stderr } = await vivim(argv);
            assert.deepEqual([code, stderr], [0, ''], argv.join(' '));
            for (const name of names) assert.match(stdout, new RegExp(`^  ${group} ${name} `, 'm'));
        }
    for (const argv of [['help', 'user', 'add'], ['user', 'help', 'add'], ['user', 'add', '--help'], ['user', 'add', '-h'], ['user', 'add', 'x', '--help']]) {
        const { code, stdout } = await vivim(argv);
        assert.equal(code, 0, argv.join(' '));
        assert.match(stdout, /^usage: vivim user add HANDLE/);
    }
    assert.equal((await vivim(['help', 'nothing'])).code, 2);
    const { stdout } = await vivim(['--help']);
    const names = [...stdout.matchAll(/^ {2}([a-z]+(?: [a-z-]+)?) ?(?:[A-Z[]|  )/gm)].map((m) => m[1].trim());
    assert.ok(names.includes('capture') && names.includes('user add') && names.length >= 14, names.join());
    for (const name of names) {
        const { code, stdout: help } = await vivim([...name.split(' '), '--help']);
        assert.equal(code, 0, name);
        assert.match(help, new RegExp(`^usage: vivim ${name}`));
    }
});

test('an address that is taken is named, with what to do', async () => {
    const other = createServer(), folder = tempFolder();
    await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${other.address().port}`;
    const own = { ...env, ...(await databaseUrl(folder)) }; // a database belongs to one key, and so to one folder's
    const { code, stderr } = await vivim(['serve', '--data', folder, '--listen', address], { env: own });
    other.close();
    rmSync(folder, { recursive: true });
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`another program listens on ${address}; .*--listen`));
});

// What it says when it is ready, what it logs, and its port; then it is ended.
async function served(listen, more = {}) {
    const folder = tempFolder(), child = spawn(BINARY, ['serve'], {
        env: cleanEnvironment({ VIVIM_DATA: folder, VIVIM_LISTEN: listen, VIVIM_LOG_FORMAT: 'json', ...(await databaseUrl(folder)), ...more }), stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '', log = '';
    child.stderr.on('data', (d) => (log += d));
    await new Promise((resolve, reject) => {
        child.stdout.on('data', (d) => { if (/is ready.*\n\n(.*\n\n)?$/s.test(said += d)) resolve(); });
        child.on('close', () => reject(new Error(log)));
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    const port = Number(/https?:\/\/[^\s/]*:(\d+)/.exec(said.slice(said.indexOf('is ready')))[1]);
    return { said, port, log: () => log, async stop() { child.kill(); await ended; rmSync(folder, { recursive: true, force: true }); } };
}

const hasIpv6 = Object.values(networkInterfaces()).flat().some((i) => i.address === '::1');
for (const [listen, own] of [['0.0.0.0:0', '127.0.0.1'], ...(hasIpv6 ? [['[::]:0', '[::1]']] : [])])
    test(`${listen} prints an address that can be used here, and what to set for other machines`, async () => {
        const server = await served(listen);
        try {
            assert.doesNotMatch(server.said, /\/\/(0\.0\.0\.0|\[::\])/);
            assert.match(server.said, new RegExp(`http://localhost:${server.port}/setup#`));
            const [, example] = /VIVIM_BASE_URL=(http:\/\/\S+)/.exec(server.said);
            assert.equal(Number(new URL(example).port), server.port, 'the example is of this port');
            assert.match(server.log(), /"listen\.everywhere".*VIVIM_BASE_URL/);
            const ask = (host) => command('curl', ['-s', '-H', `Host: ${host}`, '-w', '%{http_code}', `http://${own}:${server.port}/livez`]);
            assert.match((await ask(`localhost:${server.port}`)).stdout, /200$/);
            const refused = (await ask(`192.168.7.7:${server.port}`)).stdout;
            assert.match(refused, /421$/);
            assert.match(refused, new RegExp(`VIVIM_BASE_URL=http://192.168.7.7:${server.port}`));
            assert.doesNotMatch((await ask('<script>')).stdout, /<script>/);
        } finally {
            await server.stop();
        }
    });

test('with VIVIM_BASE_URL nothing is missing, and nothing is said', async () => {
    const server = await served('0.0.0.0:0', { VIVIM_BASE_URL: 'http://192.168.7.7:80' });
    await server.stop();
    assert.match(server.said, /http:\/\/192\.168\.7\.7:80\/setup#/);
    assert.doesNotMatch(server.said + server.log(), /other machines/);
});

test('a missing browser is said at the start, in the log and by doctor', async () => {
    for (const browser of ['/no/such/browser', '/tmp', 'vivim-no-such-browser']) {
        const server = await served('127.0.0.1:0', { VIVIM_BROWSER: browser });
        await server.stop();
        assert.match(server.said, new RegExp(`Captures will fail: .*${browser}`));
        assert.match(server.log(), /"browser\.missing"/);
        const { stdout } = await vivim(['doctor'], { env: { ...env, VIVIM_BROWSER: browser } });
        assert.match(stdout, new RegExp(`warning +browser +captures will fail: .*${browser}`));
    }
    const server = await served('127.0.0.1:0', { PATH: data });
    await server.stop();
    assert.match(server.said, /Captures will fail: .*apt-get install chromium-headless-shell/);
});

test('wrong use ends with 2 and says what is right', async () => {
    for (const [argv, say] of [
        [[], /usage: vivim COMMAND/],
        [['captur', 'x'], /no command "captur"/],
        [['user'], /user needs one of: add, list, passwd/],
        [['config', 'dum'], /config needs one of: dump/],
        [['capture'], /needs URL/],
        [['extract', 'a', 'b'], /no further argument/],
        [['search', 'x', '--limit', '0'], /1 to 200/],
        [['serve', '--lisen', 'x'], /did you mean --listen/],
        [['serve', '--listen'], /needs a value/],
        [['version', '--json=1'], /takes no value/],
        [['--data', 'x', 'user', 'list'], /options come after the command/],
        [['-v'], /options come after the command/],
    ]) {
        const { code, stderr } = await vivim(argv);
        assert.equal(code, 2, argv.join(' '));
        assert.match(stderr, say);
        if (argv.length === 0 || argv.includes('--json=1')) continue;
        const json = await vivim(argv.at(-1) === '--listen' ? [argv[0], '--json', argv[1]] : [...argv, '--json']);
        assert.equal(json.code, 2, argv.join(' '));
        const problem = JSON.parse(json.stderr);
        assert.equal(problem.code, 'usage');
        assert.match(problem.detail, say);
    }
});

test('what is near is suggested, and nothing that is not', async () => {
    for (const [argv, say] of [
        [['captur', 'x'], 'vivim capture'], [['usr', 'list'], 'vivim user'], [['user', 'lst'], 'vivim user list'], [['user', 'loginlink', 'a'], 'vivim user login-link'],
        [['user', 'remove', 'a'], null], [['config', 'dum'], 'vivim config dump'], [['config', 'show'], null], [['help', 'serach'], 'vivim search'],
        [['search', 'x', '--limt', '3'], '--limit'], [['search', 'x', '--jsn'], '--json'], [['user', 'add', 'x', '--password', 'y'], '--password-file'],
        [['serve', '--lisen', 'x'], '--listen'], [['serve', '--base-ulr', 'x'], '--base-url'], [['serve', '--foo'], null], [['serve', '--verbose'], null],
        [['serve', '--capture-resolv', 'x'], null], [['frobnicate'], null], [['x'], null], [['--jsno'], null],
    ]) {
        const { code, stderr } = await vivim(argv);
        assert.equal(code, 2, argv.join(' '));
        assert.equal(/did you mean "?([^"?]+)"?\?/.exec(stderr)?.[1] ?? null, say, argv.join(' '));
    }
    for (const [key, say] of [['VIVIM_LISTN', /VIVIM_LISTEN/], ['VIVIM_XYZZY', /no setting "XYZZY"$/m]])
        assert.match((await vivim(['config', 'dump'], { env: { ...env, [key]: '1' } })).stderr, say);
});

test('people get a sentence, programs the code', async (t) => {
    const own = tempFolder();
    t.after(() => rmSync(own, { recursive: true, force: true }));
    const there = { env: { ...env, VIVIM_DATA: own, ...(await databaseUrl(own)) } };
    await vivim(['user', 'add', 'somebody', '--password-file', '-'], { ...there, input: 'a long enough password\n' });
    for (const [argv, code] of [[['user', 'disable', 'nobody'], 'not_found'], [['user', 'restore', 'nobody'], 'not_found'],
        [['token', 'nobody'], 'not_found'], [['search', 'x', '--user', 'nobody'], 'not_found'], [['user', 'delete', 'nobody', '--yes'], 'not_found']]) {
        const { code: status, stderr } = await vivim([...argv, '--log-level', 'error'], there);
        assert.equal(status, 1, argv.join(' '));
        const words = stderr.split('\n').filter((line) => line.startsWith('vivim: '));
        assert.equal(words.length, 1, stderr);
        assert.doesNotMatch(words[0], /[a-z]_[a-z]|[{}]|\[[a-z]|\bE_[A-Z]|\([a-z_]+\)$|: [a-z]+$/, argv.join(' '));
        const { stderr: json } = await vivim([...argv, '--json'], there);
        const problem = JSON.parse(json.trim().split('\n').at(-1));
        assert.equal(problem.code, code, json);
        assert.ok(words[0].includes(problem.detail));
    }
});

test('an unknown or wrong setting stops the start and names the nearest', async () => {
    const { code, stderr } = await vivim(['config', 'dump'], { env: { ...env, VIVIM_LISTN: '127.0.0.1:1' } });
    assert.equal(code, 2);
    assert.match(stderr, /VIVIM_LISTEN/);
    const worse = await vivim(['config', 'dump'], { env: { ...env, VIVIM_WORKERS: 'many' } });
    assert.equal(worse.code, 2);
    assert.match(worse.stderr, /VIVIM_WORKERS/);
});

test('config dump shows origins and hides secrets', async () => {
    const { stdout } = await vivim(['config', 'dump', '--json'], { env: { ...env, VIVIM_MASTER_KEY: 'ab'.repeat(32) } });
    const rows = JSON.parse(stdout);
    assert.equal(rows.find((r) => /DATA$/.test(r.key)).origin, 'environment');
    assert.ok(!stdout.includes('abab'));
});

test('accounts and tokens without a server, then with one, are the same', async () => {
    const added = await vivim(['user', 'add', 'ada', '--admin', '--password-file', '-'], { input: 'correct horse battery\n' });
    assert.equal(added.code, 0, added.stderr);
    const listed = await vivim(['user', 'list', '--json']);
    const { stdout: token } = await vivim(['token', 'ada']);
    assert.match(token, /^vvm_[A-Za-z0-9_-]{43}\n$/);

    const server = await startServer({ data, keep: true });
    try {
        assert.equal(server.setupToken, null, 'no setup link once an account exists');
        const again = await server.vivim(['user', 'list', '--json']);
        assert.deepEqual(JSON.parse(again.stdout), JSON.parse(listed.stdout));
        const me = await fetch(server.url + '/api/v1/me', { headers: { authorization: `Bearer ${token.trim()}` } });
        assert.equal(me.status, 200);
        assert.equal((await me.json()).user.handle, 'ada');
        const health = await server.vivim(['healthcheck']);
        assert.equal(health.stdout, 'ready\n');
        const second = await command(BINARY, ['serve'], { env: { ...server.environment, VIVIM_LISTEN: '127.0.0.1:0' }, check: false });
        assert.equal(second.code, 1);
        assert.match(second.stderr, /another vivim process/);
    } finally {
        assert.equal(await server.stop(), 0);
    }
    const down = await vivim(['healthcheck']);
    assert.equal(down.code, 1);
});

test('user add says what is wrong', async () => {
    for (const [handle, input, say] of [
        ['A', 'correct horse battery\n', /handle/],
        ['api', 'correct horse battery\n', /handle/],
        ['ada', 'correct horse battery\n', /"ada" is taken/],
        ['bob', 'short\n', /password/],
        ['bob', '', /password/],
    ]) {
        const { code, stderr } = await vivim(['user', 'add', handle, '--password-file', '-'], { input });
        assert.equal(code, 1, handle);
        assert.match(stderr, say);
    }
});

test('a token with scopes may do only that', async () => {
    const { stdout: token } = await vivim(['token', 'ada', '--scopes', 'read', '--expires', '1']);
    const server = await startServer({ data, keep: true });
    try {
        const headers = { authorization: `Bearer ${token.trim()}`, 'content-type': 'application/json' };
        assert.equal((await fetch(server.url + '/api/v1/conversations', { headers })).status, 200);
        const refused = await fetch(server.url + '/api/v1/captures', { method: 'POST', headers, body: '{"url":"x"}' });
        assert.equal(refused.status, 403);
    } finally {
        await server.stop();
    }
    const wrong = await vivim(['token', 'ada', '--scopes', 'fly']);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /scopes/);
});

test('the soft limit of open files is raised to the hard one, and doctor says when that is too low', async () => {
    const { stdout } = await command('sh', ['-c', 'ulimit -Sn 100 && ulimit -Hn 1000 && exec "$0" doctor --json', BINARY], { env });
    const finding = JSON.parse(stdout).find((f) => f.check === 'open files');
    assert.equal(finding.level, 'warning');
    assert.match(finding.detail, /^at most 1000 here, but 20000 connections may come/);
});

test('doctor, migrate status and version', async () => {
    const doctor = await vivim(['doctor', '--json']);
    assert.equal(doctor.code, 0, doctor.stdout);
    assert.ok(JSON.parse(doctor.stdout).every((f) => f.level !== 'error'));
    const migrate = await vivim(['migrate', 'status', '--json']);
    assert.ok(JSON.parse(migrate.stdout).every((m) => m.applied));
    assert.match((await vivim(['version'])).stdout, /^vivim \d+\.\d+\.\d+\n$/);
});

test('extract of something that is no conversation', async () => {
    const file = join(data, 'x.json');
    for (const [content, say] of [['', /./], ['{"a":1}', /./], ['{"a":', /./], ['[]', /./]]) {
        writeFileSync(file, content);
        const { code, stderr, stdout } = await vivim(['extract', file]);
        assert.equal(code, 1, JSON.stringify(content));
        assert.match(stderr, say);
        assert.equal(stdout, '');
    }
    const missing = await vivim(['extract', join(data, 'nothing.json')]);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /nothing\.json/);
});

// `vivim tail` with what it has printed so far; lines(enough) waits until that says so of the whole lines.
function tail(t, server, ...options) {
    const child = spawn(BINARY, ['tail', ...options], { env: server.environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '', stderr = '', look = () => {};
    child.stdout.on('data', (d) => {
        stdout += d;
        look();
    });
    child.stderr.on('data', (d) => (stderr += d));
    const exited = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code: code ?? signal, stdout, stderr })));
    const lines = (enough) => new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`not enough: ${stdout}${stderr}`)), 30_000);
        look = () => {
            const whole = stdout.split('\n').slice(0, -1);
            if (!enough(whole)) return;
            clearTimeout(timer);
            resolve(whole);
        };
        look();
    });
    const end = (signal = 'SIGINT') => (child.kill(signal), exited);
    t.after(() => end('SIGKILL'));
    return { lines, exited, end };
}

test('tail prints what changes, goes on from a cursor, ends cleanly', async (t) => {
    const server = await startServer({ data, keep: true });
    t.after(() => server.stop());
    const { stdout: token } = await server.vivim(['token', 'ada']);
    const present = await fetch(`${server.url}/api/v1/changes`, { headers: { authorization: `Bearer ${token.trim()}` } });
    const { cursor } = await present.json();
    const made = (line) => JSON.parse(line).entity === 'conversation' && JSON.parse(line).kind === 'created';

    const live = tail(t, server, '--json', '--after', cursor);
    await server.vivim(['sample', 'add']);
    await live.lines((all) => all.filter(made).length === 3);
    const ended = await live.end();
    assert.equal(ended.code, 0);
    const items = ended.stdout.split('\n').slice(0, -1).map((line) => JSON.parse(line));
    assert.ok(items.every((i) => i.id && i.at && Array.isArray(i.fields)));
    assert.ok(items.at(-1).cursor);

    const again = tail(t, server, '--after', cursor);
    for (const line of await again.lines((all) => all.length >= 3))
        assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z {2}[a-z]+ +[0-9a-f-]{36} {2}(created|updated|deleted)/);
    assert.equal((await again.end('SIGTERM')).code, 0);

    const behind = tail(t, server, '--json', '--after', items.at(-1).cursor);
    await server.vivim(['sample', 'remove']);
    const [first] = await behind.lines((all) => all.length >= 1);
    assert.equal(JSON.parse(first).kind, 'deleted', 'nothing of what was before the cursor');

    await server.stop();
    const left = await behind.exited;
    assert.equal(left.code, 1);
    assert.match(left.stderr, /gone away/);
});

test('tail without a server, and with a wrong cursor', async (t) => {
    const none = await vivim(['tail']);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /no server runs .*nothing to follow/);
    const wrong = await vivim(['tail', '--after', 'x'.repeat(100)]);
    assert.equal(wrong.code, 2);
    const server = await startServer({ data, keep: true });
    t.after(() => server.stop());
    const answer = await command(BINARY, ['tail', '--after', 'no cursor'], { env: server.environment, check: false });
    assert.equal(answer.code, 1);
    assert.match(answer.stderr, /cursor/);
});
