// The data folder as a whole: what is damaged, lost, open to others, of another kind, or not there at all.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { POSTGRES_DAMAGE, POSTGRES_DAMAGE_LATER, SQLITE_DAMAGE, SQLITE_DAMAGE_LATER, searchUntilFound, setAside } from '../lib/damage.mjs';
import { BINARY, cleanEnvironment, command, databaseUrl, startServer, tempFolder } from '../lib/server.mjs';

const POSTGRES = Boolean(process.env.VIVIM_TEST_PG_URL);
const WORD = 'sourdough'; // of the sample archive
const root = tempFolder();
after(() => rmSync(root, { recursive: true, force: true }));

let made = 0;
// A folder with an account and the sample archive, and how to run commands on it.
async function madeFolder() {
    const data = join(root, `folder${made++}`);
    const env = cleanEnvironment({ VIVIM_DATA: data, VIVIM_TEST: '1', ...(await databaseUrl(data)) });
    const vivim = (argv, options = {}) => command(BINARY, argv, { env: { ...env, ...options.env }, input: options.input, check: false });
    const added = await vivim(['user', 'add', 'ada', '--admin', '--password-file', '-'], { input: 'correct horse battery\n' });
    assert.equal(added.code, 0, added.stderr);
    return { data, env, vivim };
}

const findings = async (f) => JSON.parse((await f.vivim(['doctor', '--json'])).stdout);
const finding = async (f, check) => (await findings(f)).find((x) => x.check === check);

// --- 4: the index, which is derived -----------------------------------------------------------------------------

let folder, headers;
before(async () => {
    folder = await madeFolder();
    const { stdout } = await folder.vivim(['token', 'ada']);
    headers = { authorization: `Bearer ${stdout.trim()}` };
    const sample = await folder.vivim(['sample', 'add']);
    assert.equal(sample.code, 0, sample.stderr);
    const server = await serve(folder);
    await searchUntilFound(asker(server), WORD, { behind: true });
    await server.stop(); // each test below finds the index whole, and leaves it so
});

const serve = (f) => startServer({ data: f.data, keep: true });
const asker = (server) => (path) => fetch(server.url + path, { headers });

const SOME = ['cut to nothing', 'a newer schema', 'a folder in its place']; // tests/attack/04 does all of them
for (const [name, damage] of Object.entries(POSTGRES ? POSTGRES_DAMAGE : SQLITE_DAMAGE).filter(([n]) => POSTGRES || SOME.includes(n)))
    test(`an index damaged before the start is set aside and made again: ${name}`, async (t) => {
        await damage(POSTGRES ? folder.env.VIVIM_DATABASE_URL : folder.data);
        const server = await serve(folder);
        t.after(() => server.stop());
        await searchUntilFound(asker(server), WORD);
        if (name !== 'its schema is gone') { // then it is only new
            assert.match(server.log(), /derived\.damaged.*index/);
            assert.match(server.log(), /derived\.set_aside.*index/);
        }
        assert.deepEqual(setAside(folder.data), [], 'nothing that an erasure would have to reach');
    });

for (const [name, damage] of Object.entries(POSTGRES ? POSTGRES_DAMAGE_LATER : SQLITE_DAMAGE_LATER))
    test(`an index damaged while the server runs answers 503 and is made again: ${name}`, async (t) => {
        const server = await serve(folder);
        t.after(() => server.stop());
        await damage(POSTGRES ? folder.env.VIVIM_DATABASE_URL : folder.data);
        const codes = await searchUntilFound(asker(server), WORD);
        assert.ok(codes.length > 0 && codes.every((c) => c === 'rebuilding'), codes.join());
        assert.match(server.log(), /derived\.rebuilt/);
        assert.deepEqual(setAside(folder.data), []);
    });

test('doctor says what is damaged, and later that it was', async () => {
    const [[, damage]] = Object.entries(POSTGRES ? POSTGRES_DAMAGE : SQLITE_DAMAGE);
    await damage(POSTGRES ? folder.env.VIVIM_DATABASE_URL : folder.data);
    if (!POSTGRES) assert.match((await finding(folder, 'index')).detail, /^damaged .*makes it again/);
    assert.match((await folder.vivim(['search', WORD])).stdout, new RegExp(WORD, 'i')); // the command waits for it
    assert.match((await finding(folder, 'index')).detail, /was damaged and rebuilt/);
});

test('an index that is gone is filled again, and until then nothing is said to be missing', { skip: POSTGRES }, async (t) => {
    for (const name of readdirSync(folder.data).filter((n) => n.startsWith('index.'))) rmSync(join(folder.data, name), { recursive: true });
    const server = await serve(folder);
    t.after(() => server.stop());
    await searchUntilFound(asker(server), WORD);
});

test('an index of another life of the store is made again', { skip: POSTGRES }, async () => {
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(join(folder.data, 'index.db'));
    db.exec('UPDATE op_cursor SET seq = seq + 100000; DELETE FROM search_doc');
    db.close();
    const { stdout } = await folder.vivim(['search', WORD]);
    assert.match(stdout, new RegExp(WORD, 'i'));
});

// --- 4: the master key and the rows --------------------------------------------------------------------------------

test('a master key that is missing, wrong or damaged is refused, said by doctor, and never made anew', async () => {
    const f = await madeFolder();
    const path = join(f.data, 'master.key'), right = readFileSync(path, 'utf8');
    for (const [content, say] of [
        [null, /master\.key is missing/],
        ['', /not 64 hexadecimal digits/],
        ['no key\n', /not 64 hexadecimal digits/],
        [`${'ab'.repeat(32)}\n`, /another key/],
    ]) {
        if (content === null) rmSync(path);
        else writeFileSync(path, content, { mode: 0o600 });
        const { code, stderr } = await f.vivim(['serve', '--listen', '127.0.0.1:0']);
        assert.equal(code, 1);
        assert.match(stderr, say);
        assert.equal(JSON.parse((await f.vivim(['user', 'list', '--json'])).stderr.trim().split('\n').at(-1)).code, 'wrong_master_key');
        const said = await finding(f, 'master key');
        assert.equal(said.level, 'error');
        assert.match(said.detail, say);
        assert.equal(existsSync(path) ? readFileSync(path, 'utf8') : null, content, 'it is left as it was');
        rmSync(path, { force: true });
    }
    const wrong = await f.vivim(['user', 'list'], { env: { VIVIM_MASTER_KEY: 'cd'.repeat(32) } });
    assert.match(wrong.stderr, /VIVIM_MASTER_KEY holds another key/);
    const set = await f.vivim(['user', 'list'], { env: { VIVIM_MASTER_KEY: right.trim() } });
    assert.equal(set.code, 0, set.stderr);
    const forgot = await f.vivim(['migrate', '--forget-master-key']);
    assert.equal(forgot.code, 0, forgot.stderr);
    const anew = await f.vivim(['user', 'list']);
    assert.equal(anew.code, 0, anew.stderr);
    assert.match(anew.stderr, /master_key\.made/);
});

test('rows that are gone or empty beside a key and blobs are noticed and never made anew', { skip: POSTGRES }, async () => {
    const f = await madeFolder();
    const db = join(f.data, 'vivim.db'), kept = join(f.data, '..', 'kept.db');
    const refused = async (say, ...commands) => {
        for (const argv of [['serve', '--listen', '127.0.0.1:0'], ...commands]) {
            const { code, stderr } = await f.vivim(argv, { input: 'correct horse battery\n' });
            assert.equal(code, 1, argv.join(' '));
            assert.match(stderr, say);
        }
        assert.match((await finding(f, 'store')).detail, say);
    };
    renameSync(db, kept);
    await refused(/there is no vivim\.db/, ['migrate'], ['user', 'add', 'eve', '--password-file', '-']);
    assert.ok(!existsSync(db));
    rmSync(join(f.data, 'store')); // an older folder: its key alone says so
    await refused(/though master\.key says/);
    writeFileSync(db, '');
    await refused(/vivim\.db is empty/);
    assert.equal(statSync(db).size, 0);
    const { DatabaseSync } = await import('node:sqlite');
    rmSync(db);
    const nothing = new DatabaseSync(db);
    nothing.exec('CREATE TABLE x (y); DROP TABLE x');
    nothing.close();
    await refused(/holds nothing/);
    renameSync(kept, db);
    assert.equal((await f.vivim(['user', 'list'])).code, 0);
});

test('a database without a row beside a key is another database', { skip: !POSTGRES }, async () => {
    const f = await madeFolder();
    const { VIVIM_DATABASE_URL } = await databaseUrl(join(root, 'other_database'));
    const { code, stderr } = await f.vivim(['user', 'list'], { env: { VIVIM_DATABASE_URL } });
    assert.equal(code, 1);
    assert.match(stderr, /has a store; put it back from a backup/);
});

// --- 6: ours alone -----------------------------------------------------------------------------------------------

const modes = (path) => [[path, statSync(path).mode & 0o777], ...(statSync(path).isDirectory() ? readdirSync(path).flatMap((n) => modes(join(path, n))) : [])];
const wide = (path) => modes(path).filter(([, mode]) => mode & 0o077).map(([name, mode]) => `${mode.toString(8)} ${name}`);

test('whatever the umask, all that is made is ours alone', async () => {
    const data = join(root, 'umask');
    const env = cleanEnvironment({ VIVIM_DATA: data, VIVIM_TEST: '1', ...(await databaseUrl(data)) });
    const run = (script, input) => command('sh', ['-c', `umask 0; ${script}`, BINARY], { env, input });
    await run('"$0" user add ada --admin --password-file -', 'correct horse battery\n');
    await run('"$0" sample add');
    const server = await startServer({ data, keep: true });
    assert.deepEqual(wide(data), []);
    await server.stop();
    assert.deepEqual(wide(data), []);
});

test('what was open to others is closed, with a word, through a link too', async () => {
    const f = await madeFolder();
    await f.vivim(['sample', 'add']);
    await command('chmod', ['-R', 'a+rwX', f.data]);
    const { code, stderr } = await f.vivim(['user', 'list']);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /data\.closed_to_others/);
    assert.deepEqual(wide(f.data), []);
    chmodSync(join(f.data, 'store'), 0o644);
    const link = join(root, 'link');
    symlinkSync(f.data, link);
    const through = await f.vivim(['user', 'list', '--data', link]);
    assert.equal(through.code, 0, through.stderr);
    assert.match(through.stderr, /data\.closed_to_others/);
    assert.deepEqual(wide(f.data), []);
    assert.doesNotMatch((await f.vivim(['user', 'list'])).stderr, /closed_to_others/);
});

test('a folder of somebody else\'s things is not closed: it is refused', async () => {
    const data = join(root, 'home');
    mkdirSync(data);
    writeFileSync(join(data, 'letter.txt'), 'mine');
    chmodSync(join(data, 'letter.txt'), 0o644);
    chmodSync(data, 0o755);
    const { code, stderr } = await command(BINARY, ['serve', '--data', data, '--listen', '127.0.0.1:0'], { check: false });
    assert.equal(code, 1);
    assert.match(stderr, /a folder of its own/);
    assert.equal(statSync(data).mode & 0o777, 0o755);
    assert.deepEqual(readdirSync(data), ['letter.txt']);
});

// In a mount namespace of its own, where the machine allows one.
const inMounts = (script, env) => command('unshare', ['-rm', 'sh', '-c', script, BINARY, root], { env, check: false });
const MOUNTS = (await inMounts('mount -t tmpfs none "$1"').catch(() => ({ code: 1 }))).code === 0;

test('a folder that is mounted read-only says so', { skip: !MOUNTS && 'no mounts here' }, async () => {
    const f = await madeFolder();
    const { stdout } = await inMounts(`mount --bind ${f.data} ${f.data} && mount -o remount,ro,bind ${f.data} && "$0" serve --listen 127.0.0.1:0 2>&1`, f.env);
    assert.match(stdout, /is mounted read-only/);
});

test('a full disk says so at the start', { skip: !MOUNTS && 'no mounts here' }, async () => {
    const data = join(root, 'full');
    mkdirSync(data);
    const env = cleanEnvironment({ VIVIM_DATA: data, VIVIM_TEST: '1', ...(await databaseUrl(data)) });
    const { stdout } = await inMounts(`mount -t tmpfs -o size=64k none ${data} && (head -c 65536 /dev/zero > ${data}/.fill; "$0" serve --listen 127.0.0.1:0 2>&1)`, env);
    assert.match(stdout, /(disk is full|No space left on device)/);
});

// --- 15: which folder, and which kind of store -----------------------------------------------------------------------

test('a command where there is no store says where it looked, and makes nothing', async () => {
    const where = join(root, 'nothing');
    mkdirSync(where);
    const env = cleanEnvironment({ VIVIM_TEST: '1', ...(await databaseUrl(where)) });
    for (const argv of [['user', 'list'], ['user', 'passwd', 'ada', '--password-file', '-'], ['user', 'disable', 'ada'], ['user', 'delete', 'ada'],
        ['token', 'ada'], ['search', 'x'], ['capture', 'https://chatgpt.com/share/00000000-0000-4000-8000-000000000000'], ['sample', 'add'], ['tail'],
         ['doctor'], ['healthcheck'], ['migrate', 'status']]) {
        const { code, stdout, stderr } = await new Promise((resolve) => {
            resolve(command('sh', ['-c', `cd "$1" && shift && exec "$@"`, 'sh', where, join(process.cwd(), BINARY), ...argv, '--data', 'data'], { env, check: false, input: 'correct horse battery\n' }));
        });
        assert.equal(code, 1, argv.join(' '));
        assert.match(stdout + stderr, new RegExp(`no store in ${where}/data; pass --data .*VIVIM_DATA`), argv.join(' '));
        assert.deepEqual(readdirSync(where), [], argv.join(' '));
    }
});

test('what the rules refuse makes no store', async () => {
    const data = join(root, 'refused');
    for (const [argv, input, say] of [
        [['Bad!'], '', /^vivim: a handle begins with a letter/], [['ada-'.repeat(10)], '', /^vivim: a handle has/], [['api'], '', /^vivim: "api" is reserved/],
        [['ada'], 'short\n', /^vivim: the password is too short/], [['ada'], '\n', /^vivim: the password is too short/], [['ada'], '', /^vivim: no password was given/],
        [['adalovelace'], 'adalovelace\n', /^vivim: the password is the handle/],
        ...(POSTGRES ? [] : [[['ada', '--user', 'bob'], 'correct horse battery\n', /^vivim: there is no store in .*, and so no account "bob"/]]),
    ]) {
        const env = cleanEnvironment({ VIVIM_TEST: '1', ...(await databaseUrl(data)) });
        const { code, stderr } = await command(BINARY, ['user', 'add', ...argv, '--password-file', '-', '--data', data], { env, check: false, input });
        assert.equal(code, 1, argv.join(' '));
        assert.match(stderr, say);
        assert.ok(!existsSync(data), argv.join(' '));
    }
});

test('settings are judged before anything is made', async () => {
    const data = join(root, 'not_made');
    for (const argv of [['--listen', 'nonsense'], ['--listen', 'example.com:80'], ['--base-url', 'ftp://x'], ['--master-key', 'x'], ['--database-url', 'mysql://x']]) {
        const { code } = await command(BINARY, ['serve', '--data', data, ...argv], { check: false });
        assert.ok(code === 1 || code === 2, argv.join(' '));
        assert.ok(!existsSync(data), argv.join(' '));
    }
    const long = join(root, 'x'.repeat(120));
    const { code, stderr } = await command(BINARY, ['serve', '--data', long], { check: false });
    assert.equal(code, 1);
    assert.match(stderr, /too long for a Unix socket/);
    assert.ok(!existsSync(long));
});

test('the folder remembers its kind of store, and says what to set', async () => {
    const f = await madeFolder();
    const before = readdirSync(f.data).sort();
    assert.equal(readFileSync(join(f.data, 'store'), 'utf8'), POSTGRES ? 'postgresql\n' : 'sqlite\n');
    const other = POSTGRES ? 'sqlite:' : 'postgresql://nobody:secret@127.0.0.1:1/none';
    for (const argv of [['user', 'list'], ['user', 'add', 'eve', '--password-file', '-'], ['serve', '--listen', '127.0.0.1:0'], ['migrate'], ['migrate', 'status']]) {
        const { code, stderr } = await f.vivim(argv, { env: { VIVIM_DATABASE_URL: other }, input: 'correct horse battery\n' });
        assert.equal(code, 1, argv.join(' '));
        assert.match(stderr, /set VIVIM_DATABASE_URL/);
        assert.doesNotMatch(stderr, /secret/);
    }
    assert.deepEqual(readdirSync(f.data).filter((n) => n !== 'tmp').sort(), before.filter((n) => n !== 'tmp'), 'nothing new beside it');
    assert.equal((await f.vivim(['user', 'list'])).code, 0);
});

test('with PostgreSQL stopped no command opens another store', { skip: !POSTGRES }, async () => {
    const f = await madeFolder();
    for (const argv of [['user', 'list'], ['migrate'], ['serve', '--listen', '127.0.0.1:0']]) {
        const { code } = await f.vivim(argv, { env: { VIVIM_DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' } });
        assert.equal(code, 1, argv.join(' '));
    }
    assert.ok(!readdirSync(f.data).some((n) => n.endsWith('.db')));
});

test('an SQLite file elsewhere is remembered too', { skip: POSTGRES }, async () => {
    const f = await madeFolder();
    const data = join(root, 'elsewhere'), env = { VIVIM_DATA: data, VIVIM_DATABASE_URL: `sqlite:${join(root, 'rows.db')}` };
    const added = await f.vivim(['user', 'add', 'ada', '--password-file', '-'], { env, input: 'correct horse battery\n' });
    assert.equal(added.code, 0, added.stderr);
    assert.equal(statSync(join(root, 'rows.db')).mode & 0o777, 0o600);
    const { code, stderr } = await f.vivim(['user', 'list'], { env: { VIVIM_DATA: data } });
    assert.equal(code, 1);
    assert.match(stderr, /of the kind sqlite file, not sqlite/);
    assert.ok(!existsSync(join(data, 'vivim.db')));
});
