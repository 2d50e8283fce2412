// What ./run and ./test install with, while another process holds apt's lock: a real apt-get on folders of its own, without sources.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

const folder = mkdtempSync(join(tmpdir(), 'vivim-apt-'));
const lists = join(folder, 'state/lists'), config = join(folder, 'apt.conf');
before(() => {
    for (const path of ['state/lists/partial', 'cache/archives/partial', 'etc/apt.conf.d', 'etc/sources.list.d']) mkdirSync(join(folder, path), { recursive: true });
    writeFileSync(join(folder, 'etc/sources.list'), '');
    writeFileSync(config, `Dir::State "${folder}/state"; Dir::Cache "${folder}/cache"; Dir::Etc "${folder}/etc"; APT::Sandbox::User "root";\n`);
});
after(() => rmSync(folder, { recursive: true, force: true }));

// apt's locks are fcntl's, which no shell command takes.
async function holdLock() {
    const child = spawn('perl', ['-e', `use Fcntl; my $l = pack('s s x4 q q l x4', F_WRLCK, 0, 0, 0, 0); open(F, '>>', '${lists}/lock') or die; fcntl(F, F_SETLK, $l) or die; $| = 1; print 'held'; sleep 600`],
        { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve, reject) => { child.stdout.once('data', resolve); child.once('close', reject); });
    return child;
}

function update(seconds, heard = () => {}) {
    const child = spawn('sh', ['-c', '. tools/setup.sh; as_root() { "$@"; }; apt update && echo updated'],
        { env: { ...process.env, APT_CONFIG: config, APT_WAIT_S: String(seconds) }, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (d) => heard((text += d)));
    return new Promise((resolve) => child.on('close', (code) => resolve({ code, text })));
}

test('it is waited for, and said so once', { timeout: 60_000 }, async () => {
    const holder = await holdLock();
    const { code, text } = await update(50, (said) => { if (/waiting/.test(said)) holder.kill(); });
    holder.kill();
    assert.equal(code, 0, text);
    assert.match(text, /Could not get lock .*lists\/lock.* held by process \d+.*: waiting for its end, at most 50 s\n/);
    assert.equal(text.match(/waiting/g).length, 1);
    assert.match(text, /updated\n$/);
});

test('not for ever, and then with what to do', { timeout: 60_000 }, async () => {
    const holder = await holdLock();
    const { code, text } = await update(1);
    holder.kill();
    assert.equal(code, 1, text);
    assert.match(text, /held by process \d+.* still does after 1 s\. Let it end, then start this again\.\n$/);
    assert.doesNotMatch(text, /updated/);
});

test('nobody holds it: nothing is said', { timeout: 60_000 }, async () => {
    const { code, text } = await update(1);
    assert.equal(code, 0, text);
    assert.equal(text, 'updated\n');
});
