// Coding agents' sessions: `vivim import --agents` and `vivim watch` on a made-up home, at this machine's server and by --server.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { BINARY, command, signIn, startServer, tempFolder } from '../lib/server.mjs';
import { conversations, itemsOf } from '../lib/imports.mjs';
import { PNG } from '../lib/pictures.mjs';

const SAMPLES = 'tests/unit/imports/samples', SESSION = '5e000000-0000-4000-8000-000000000001';
const home = tempFolder('vivim-home-'), elsewhere = tempFolder('vivim-elsewhere-');
const projects = join(home, '.claude/projects/-home-me-tides');
let server, owner, token;

before(async () => {
    cpSync(join(SAMPLES, 'claude_code'), join(home, '.claude'), { recursive: true });
    cpSync(join(SAMPLES, 'codex'), join(home, '.codex'), { recursive: true });
    cpSync(join(SAMPLES, 'gemini_cli'), join(home, '.gemini'), { recursive: true });
    cpSync(join(SAMPLES, 'cursor'), join(home, '.config/Cursor'), { recursive: true });
    server = await startServer();
    owner = await signIn(server);
    token = (await server.vivim(['token', 'owner', '--scopes', 'read,write'])).stdout.trim();
});
after(async () => {
    await server?.stop();
    for (const folder of [home, elsewhere]) rmSync(folder, { recursive: true, force: true });
});

const environment = (more = {}) => ({ ...server.environment, HOME: home, CLAUDE_CONFIG_DIR: '', CODEX_HOME: '', GEMINI_CLI_HOME: '', XDG_CONFIG_HOME: '', XDG_STATE_HOME: join(home, 'state'), ...more });
const vivim = (argv, more = {}) => command(BINARY, argv, { env: environment(), check: false, ...more });
const jsonLines = (text) => text.trim().split('\n').map((line) => JSON.parse(line));
const byTitle = async () => Object.fromEntries((await conversations(owner)).map((c) => [c.title ?? c.id, c]));
const messagesOf = async (id) => (await owner.json('GET', `/api/v1/conversations/${id}/messages?all=true`)).body.items;
async function until(what, ask) {
    for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((r) => setTimeout(r, 50))) {
        const answer = await ask();
        if (answer) return answer;
    }
    assert.fail(`not within a minute: ${what}`);
}
const record = (n, parent, words, more = {}) => JSON.stringify({ parentUuid: parent, isSidechain: false, cwd: '/home/me/tides', sessionId: SESSION, gitBranch: 'main', type: 'user', message: { role: 'user', content: words }, uuid: `a0000000-0000-4000-8000-${String(n).padStart(12, '0')}`, timestamp: `2026-05-01T11:00:${n}.000Z`, ...more });

test('what is found is shown, and taken only where somebody agrees', async () => {
    const shown = await vivim(['import', '--agents', '--dry-run']);
    assert.equal(shown.code, 0, shown.stderr);
    for (const line of [/^Claude Code +4 files .*\.claude\/projects$/m, /^Codex +1 file .*\.codex$/m, /^Gemini CLI +2 files .*\.gemini\/tmp$/m, /^Cursor +1 file .*state\.vscdb$/m]) assert.match(shown.stdout, line);
    const [{ found }] = jsonLines((await vivim(['import', '--agents', '--dry-run', '--json'])).stdout);
    assert.deepEqual(found.map((f) => [f.tool, f.files]), [['Claude Code', 4], ['Codex', 1], ['Gemini CLI', 2], ['Cursor', 1]]);
    const unasked = await vivim(['import', '--agents']);
    assert.equal(unasked.code, 2);
    assert.match(unasked.stderr, /add --yes/);
    assert.equal((await conversations(owner)).length, 0);
    assert.equal((await vivim(['import', '--agents', 'x'])).code, 2);
    assert.equal((await vivim(['import'])).code, 2);
    const moved = await vivim(['import', '--agents', '--dry-run', '--json'], { env: environment({ CLAUDE_CONFIG_DIR: '/nowhere', CODEX_HOME: join(home, '.codex') }) });
    assert.deepEqual(jsonLines(moved.stdout)[0].found.map((f) => f.tool), ['Codex', 'Gemini CLI', 'Cursor']);
});

test('sessions come in once, those that go on with another are one conversation, and what grew keeps its messages', async () => {
    const first = await vivim(['import', '--agents', '--yes', '--json']);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /skipped state\.vscdb, 6: .*inside a string/, 'a broken value costs itself');
    const imports = jsonLines(first.stdout).slice(1);
    assert.deepEqual(imports.map((i) => [i.label, i.status, i.counts.failed]), ['Claude Code', 'Codex', 'Gemini CLI', 'Cursor'].map((t) => [`${t}.zip`, 'done', 0]));
    const all = await byTitle();
    assert.deepEqual(Object.keys(all).sort(), ['A curve', 'An old chat', 'Bread for eight', 'Find the hours', 'Harbours by height', 'Refactor the table', 'Tides and moon', 'inside']);
    const { body: tides } = await owner.json('GET', `/api/v1/conversations/${all['Tides and moon'].id}`);
    assert.deepEqual([tides.provider, tides.source.kind], ['claude_code', 'session']);
    assert.deepEqual(tides.context, { cwd: '/home/me/tides', branch: 'minutes', tool: 'claude-code' });
    const before = await messagesOf(tides.id), path = before.filter((m) => m.on_path && !m.hidden);
    assert.deepEqual(path.filter((m) => m.role === 'user').map((m) => m.blocks[0].markdown), ['Why do the tests of the tide table fail?', 'Then use minutes, please.', 'And the moon?', 'Go on with the moon.']);
    assert.ok(before.some((m) => !m.on_path && m.blocks[0]?.markdown === 'Done wrongly.'), 'the other branch');

    // A picture that stood in the session itself is kept like any other.
    const picture = before.flatMap((m) => m.blocks).find((b) => b.type === 'image');
    const served = await owner.fetch(`/api/v1/conversations/${tides.id}/media/${picture.sha256}`);
    assert.deepEqual([served.status, served.headers.get('content-type')], [200, 'image/png']);
    assert.ok(PNG.equals(Buffer.from(await served.arrayBuffer())));

    const again = jsonLines((await vivim(['import', '--agents', '--yes', '--json'])).stdout).slice(1);
    for (const { label, counts } of again) assert.deepEqual([label, counts.new, counts.changed], [label, 0, 0]);

    const two = join(projects, '5e000000-0000-4000-8000-000000000002.jsonl');
    appendFileSync(two, record(36, 'a0000000-0000-4000-8000-000000000035', 'And the sun?', { sessionId: '5e000000-0000-4000-8000-000000000002' }) + '\n');
    const grown = jsonLines((await vivim(['import', '--agents', '--yes', '--json'])).stdout).slice(1);
    assert.deepEqual(grown.map((i) => [i.counts.new, i.counts.changed]), [[0, 1], [0, 0], [0, 0], [0, 0]]);
    const now = await messagesOf(tides.id);
    assert.ok((await byTitle())['Tides and moon'].version > tides.version);
    assert.deepEqual(now.slice(0, path.length).map((m) => m.id), before.slice(0, path.length).map((m) => m.id));
    assert.ok(now.some((m) => m.on_path && m.blocks[0]?.markdown === 'And the sun?'));
    appendFileSync(two, JSON.stringify({ type: 'custom-title', customTitle: 'Tides, moon and sun', sessionId: '5e000000-0000-4000-8000-000000000002' }) + '\n');
    const named = jsonLines((await vivim(['import', '--agents', '--yes', '--json'])).stdout).slice(1);
    assert.deepEqual(named.map((i) => i.counts.changed), [1, 0, 0, 0]);
    assert.equal((await byTitle())['Tides, moon and sun']?.id, tides.id, 'a name alone is a change too');
    const { body } = await owner.json('GET', '/api/v1/search?q=secret');
    assert.equal(body.items.length, 0, 'nothing but conversations comes out of Cursor\'s file');
});

test('Cursor: what stands in the log beside its file is read; a file that is damaged says so', async () => {
    const { DatabaseSync } = await import('node:sqlite');
    const file = join(home, '.config/Cursor/User/globalStorage/state.vscdb'), db = new DatabaseSync(file);
    db.exec('PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0');
    const put = db.prepare('INSERT INTO cursorDiskKV (key, value) VALUES (?, ?)');
    put.run('composerData:live', JSON.stringify({ name: 'In the log', conversation: [{ bubbleId: 'w1', type: 1, text: 'Written a moment ago?' }, { bubbleId: 'w2', type: 2, text: 'Yes.' }] }));
    db.exec('BEGIN IMMEDIATE'); // and it is being written to
    const taken = await vivim(['import', '--agents', '--yes', '--json'], { env: environment({ CLAUDE_CONFIG_DIR: '/nowhere', CODEX_HOME: '/nowhere', GEMINI_CLI_HOME: '/nowhere' }) });
    assert.equal(taken.code, 0, taken.stderr);
    assert.equal(jsonLines(taken.stdout)[1].counts.new, 1);
    assert.ok((await byTitle())['In the log']);
    db.exec('COMMIT');
    db.close();
    const broken = join(elsewhere, 'state.vscdb');
    writeFileSync(broken, readFileSync(join(SAMPLES, 'cursor/User/globalStorage/state.vscdb')).subarray(0, 3000));
    const said = await vivim(['extract', broken]);
    assert.equal(said.code, 1);
    assert.match(said.stderr, /damaged/);
});

function watch(argv, more = {}) {
    const child = spawn(BINARY, ['watch', ...argv], { env: environment(more), stdio: ['ignore', 'pipe', 'pipe'] });
    const w = { stdout: '', stderr: '', child };
    child.stdout.on('data', (d) => (w.stdout += d));
    child.stderr.on('data', (d) => (w.stderr += d));
    const closed = new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)));
    w.stop = async (signal = 'SIGTERM') => { child.kill(signal); return closed; };
    return w;
}
const saysWatched = async (words) => (await owner.json('GET', `/api/v1/search?q=${encodeURIComponent(words)}`)).body.items.length > 0;

test('watch: what grows is taken, half a line waits, a server that is away is waited for, the end is clean', async () => {
    const file = join(projects, `${SESSION}.jsonl`), whole = readFileSync(file, 'utf8');
    writeFileSync(file, whole.slice(0, whole.lastIndexOf('\n') + 1)); // its half line comes again below
    const w = watch(['--agents']);
    try {
        const rec = record(40, 'a0000000-0000-4000-8000-000000000018', 'Does the quincunx rise?');
        await until('it has looked', () => existsSync(join(home, 'state/vivim')) && readdirSync(join(home, 'state/vivim')).length);
        appendFileSync(file, rec.slice(0, 200));
        // A folder that is new, with a session in it, is seen too; by then the half line was looked at.
        mkdirSync(join(home, '.claude/projects/-home-me-new'));
        writeFileSync(join(home, '.claude/projects/-home-me-new/n.jsonl'), record(41, null, 'A zeugma of tides?', { sessionId: 'new-1' }) + '\n');
        await until('the new folder', () => saysWatched('zeugma'));
        assert.equal(await saysWatched('quincunx'), false);
        appendFileSync(file, rec.slice(200) + '\n');
        await until('the rest of the line', () => saysWatched('quincunx'));

        const { data } = server, listen = `127.0.0.1:${new URL(server.url).port}`; // where its clients look for it
        server.child.kill('SIGTERM');
        await server.exited;
        appendFileSync(file, record(42, 'a0000000-0000-4000-8000-000000000040', 'Is the syzygy near?') + '\n');
        await until('it says that nobody answers', () => /trying again/.test(w.stderr));
        server = await startServer({ data, env: { VIVIM_LISTEN: listen } });
        await until('it goes on', () => saysWatched('syzygy'));
        assert.equal(w.stderr.match(/trying again/g).length, 1, w.stderr);
        assert.equal(await w.stop(), 0, w.stderr);
    } finally {
        w.child.kill('SIGKILL');
    }
    const quiet = await vivim(['watch', '--agents', '--once', '--json']);
    assert.deepEqual([quiet.code, quiet.stdout], [0, ''], quiet.stderr);
});

test('a server elsewhere: by a token, which is never on the command line, and nothing of this machine\'s data is used', async () => {
    const env = environment({ VIVIM_DATA: join(elsewhere, 'none'), VIVIM_DATABASE_URL: 'sqlite:', VIVIM_TOKEN: token });
    const at = (argv, more = {}) => vivim(argv, { env: { ...env, ...more } });
    const one = join(elsewhere, 'one.json');
    writeFileSync(one, JSON.stringify([{ uuid: 'far-1', name: 'From afar', chat_messages: [{ uuid: 'f1', sender: 'human', text: 'Far?' }, { uuid: 'f2', sender: 'assistant', text: 'Near.' }] }]));
    const sent = await at(['import', one, '--server', server.url, '--json']);
    assert.equal(sent.code, 0, sent.stderr);
    assert.equal(JSON.parse(sent.stdout).counts.new, 1);
    assert.match((await at(['import', elsewhere, '--server', server.url])).stderr, /send it as a zip/);
    const file = join(elsewhere, 'token');
    writeFileSync(file, token + '\n');
    const found = await at(['search', 'near', '--server', server.url, '--token-file', file, '--json'], { VIVIM_TOKEN: '' });
    assert.equal(found.code, 0, found.stderr);
    assert.match(found.stdout, /From afar/);
    const again = await at(['import', '--agents', '--yes', '--json', '--server', server.url + '/']);
    assert.equal(again.code, 0, again.stderr);
    for (const { id, counts } of jsonLines(again.stdout).slice(1)) assert.deepEqual([counts.new, counts.changed, counts.failed], [0, 0, 0], JSON.stringify(await itemsOf(owner, id, 'changed')));
    const seen = await at(['watch', one, '--once', '--json', '--server', server.url]);
    assert.equal(seen.code, 0, seen.stderr);

    const wrong = await at(['search', 'near', '--server', server.url], { VIVIM_TOKEN: 'vivim_not_a_token' });
    assert.deepEqual([wrong.code, wrong.stdout], [1, ''], wrong.stderr);
    for (const [argv, says] of [[['search', 'x', '--server', 'http://vivim.example'], /https/], [['search', 'x', '--server', 'https://vivim.example/?a'], /https/], [['doctor', '--server', server.url], /this machine/], [['search', 'x', '--server', server.url, '--user', 'owner'], /--user/], [['search', 'x', '--token-file', file], /--server/]]) {
        const refused = await at(argv);
        assert.equal(refused.code, 2, argv.join(' '));
        assert.match(refused.stderr, says, argv.join(' '));
    }
    assert.match((await at(['search', 'x', '--server', server.url], { VIVIM_TOKEN: '' })).stderr, /wants a token/);
    const nobody = await at(['search', 'x', '--server', 'http://127.0.0.1:9']);
    assert.equal(nobody.code, 1);
    assert.match(nobody.stderr, /no server answers at http:\/\/127\.0\.0\.1:9/);
});
