// Runs every suite and counts: unit tests (cmocka, TAP), fuzz corpora, node:test suites, and the store and API
// tests on a real PostgreSQL as well. The last line is `N passed, N failed`; exit status 1 when anything failed.
// Three suites more at a time than there are cores (they wait as much as they work), at most six; those in a browser take
// turns. Their folders lie in memory where there is room: what a lost machine leaves is tested elsewhere.
//
//   node tests/run.mjs [--no-pg | --pg-only] [PATTERN]
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

const args = process.argv.slice(2);
const withPostgres = !args.includes('--no-pg');
const onlyPostgres = args.includes('--pg-only');
const pattern = args.find((a) => !a.startsWith('--')) ?? '';
const BUILD = process.env.VIVIM_BUILD ?? 'build/debug';
const WIDTH = Math.min(6, availableParallelism() + 3);
const MEMORY = '/dev/shm', MEMORY_BYTES_MIN = 4 * 2 ** 30;
const UNIT_TIMEOUT_MS = 300_000;
const SUITE_TIMEOUT_MS = 400_000;
const GRACE_MS = 10_000;

const sanitizers = {
    ASAN_OPTIONS: 'abort_on_error=0:detect_leaks=1:strict_string_checks=1',
    UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
};
let passed = 0;
let failed = 0;

function hasRoom(folder) {
    try {
        const { bavail, bsize } = statfsSync(folder);
        return bavail * bsize >= MEMORY_BYTES_MIN;
    } catch {
        return false;
    }
}
// Of all suites. On the way out it goes, with what suites that were ended have left in it.
const folder = mkdtempSync(join(hasRoom(MEMORY) && !process.env.TMPDIR ? MEMORY : tmpdir(), 'vivim-tests-'));
chmodSync(folder, 0o711); // a PostgreSQL under root is the user `postgres`
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

// --- processes: each leads a group, so that all that a suite has started ends with it --------------------------------

const running = new Set();

function endGroup(child, signal) {
    try {
        process.kill(-child.pid, signal);
    } catch { /* it has ended */ }
}

function start(command, argv, env = {}) {
    const child = spawn(command, argv, { env: { ...process.env, ...sanitizers, TMPDIR: folder, TEST_PG_CLUSTER: CLUSTER, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    running.add(child);
    child.on('close', () => running.delete(child));
    return child;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
        for (const child of running) endGroup(child, 'SIGTERM');
        process.exit(1);
    });

function run(command, argv, { timeout, env }) {
    const began = performance.now();
    return new Promise((resolve) => {
        const child = start(command, argv, env);
        let output = '';
        child.stdout.on('data', (d) => (output += d));
        child.stderr.on('data', (d) => (output += d));
        let grace;
        const timer = setTimeout(() => {
            output += `\nno end after ${timeout} ms\n`;
            endGroup(child, 'SIGTERM');
            grace = setTimeout(() => endGroup(child, 'SIGKILL'), GRACE_MS);
        }, timeout);
        const end = (code, more = '') => {
            clearTimeout(timer);
            clearTimeout(grace);
            resolve({ code, output: output + more, seconds: (performance.now() - began) / 1000 });
        };
        child.on('error', (e) => end(127, String(e)));
        child.on('close', (code, signal) => end(code ?? signal));
    });
}

// --- counting ------------------------------------------------------------------------------------------------------

// TAP of cmocka and of node:test. A program that ends badly counts as one failure more (a crash, a leak).
function count(name, { code, output, seconds }) {
    const lines = output.split('\n');
    const nodeTotals = /^# pass (\d+)$/m.exec(output);
    const ok = nodeTotals ? Number(nodeTotals[1]) : lines.filter((l) => /^ok \d+/.test(l)).length;
    let bad = nodeTotals ? Number(/^# fail (\d+)$/m.exec(output)[1]) + Number(/^# cancelled (\d+)$/m.exec(output)?.[1] ?? 0)
                         : lines.filter((l) => /^not ok \d+/.test(l)).length;
    if (code !== 0 && bad === 0) bad = 1;
    if (code === 0 && ok + bad === 0) bad = 1; // a suite that ran nothing is a defect
    passed += ok;
    failed += bad;
    const skipped = lines.filter((l) => /^\s*ok .*# SKIP/.test(l)).map((l) => l.replace(/^.*# SKIP ?/, ''));
    console.log(`${bad ? 'FAIL' : 'ok  '} ${name}: ${ok} passed${bad ? `, ${bad} failed` : ''}`
        + `${skipped.length ? `, ${skipped.length} skipped (${[...new Set(skipped)].join('; ')})` : ''} (${seconds.toFixed(1)} s)`);
    if (bad) console.log(output.replace(/^/gm, '     '));
}

// --- suites: { name, heavy, run } ----------------------------------------------------------------------------------

const nameOf = (f) => f.replace(`${BUILD}/tests/`, 'unit/').replace(`${BUILD}/`, '');
const wanted = (f) => f.includes(pattern) || nameOf(f).includes(pattern);
const programs = (glob) => globSync(glob).filter((f) => !f.endsWith('.d') && wanted(f)).sort();
const sourceOf = (f) => f.replace(`${BUILD}/tests/`, 'tests/unit/') + '.c';
const units = programs(`${BUILD}/tests/*/test_*`).filter((f) => existsSync(sourceOf(f)));
const api = programs('tests/api/*.test.mjs');
// Its own source says whether a unit suite looks for a PostgreSQL: then it runs on SQLite and on that.
const stores = units.filter((f) => /RUN_ON_BOTH|VIVIM_TEST_PG_URL/.test(readFileSync(sourceOf(f), 'utf8')));

// Each on a PostgreSQL of its own: an open transaction of another suite would hold back the log of this one.
const PG = 'tests/lib/pg.sh', CLUSTER = join(folder, 'cluster');
const unit = (f, postgres = false) => ({
    name: `${nameOf(f)}${postgres ? ' (SQLite and PostgreSQL)' : ''}`,
    run: () => run(postgres ? PG : f, postgres ? [f] : [], { timeout: UNIT_TIMEOUT_MS, env: { CMOCKA_MESSAGE_OUTPUT: 'TAP' } }),
});
const corpus = (f) => ({
    name: nameOf(f),
    async run() {
        const { code, output, seconds } = await run(f, [`fuzz/corpus/${f.split('/').pop()}`], { timeout: UNIT_TIMEOUT_MS });
        return { code, seconds, output: `${code === 0 ? 'ok' : 'not ok'} 1 - corpus\n${code === 0 ? '' : output}` };
    },
});
// On PostgreSQL the release build runs: what differs there has sanitized unit tests, and the rest has just run with them on SQLite.
const RELEASE = { VIVIM_BINARY: 'build/release/vivim' };
const suite = (f, postgres = false) => ({
    name: `${postgres ? 'postgresql: ' : ''}${f}`,
    heavy: /^tests\/(capture|browser)/.test(f),
    run: () => run(postgres ? PG : process.execPath, [...(postgres ? [process.execPath] : []), '--test-reporter=tap', f],
        { timeout: SUITE_TIMEOUT_MS, env: postgres && !process.env.VIVIM_BUILD ? RELEASE : {} }),
});

const onPostgres = [...stores.map((f) => unit(f, true)), ...api.map((f) => suite(f, true))];
const onSqlite = [
    ...units.filter((f) => !withPostgres || !stores.includes(f)).map((f) => unit(f)),
    ...programs(`${BUILD}/fuzz/*`).map(corpus),
    ...programs('{tests/{api,archive,protocol,build,capture,browser,kill,attack},web/tests}/*.test.{mjs,ts}').map((f) => suite(f)),
];

if (withPostgres && onPostgres.length) {
    const made = await run(PG, ['--make', CLUSTER], { timeout: UNIT_TIMEOUT_MS });
    if (made.code) count('a PostgreSQL', made);
}

// The heavy ones first, one at a time, the others beside them: a browser's suite waits more than it works. The longest that waits
// for itself alone is not left for the end.
async function runAll(all) {
    const heavy = all.filter((s) => s.heavy), light = all.filter((s) => !s.heavy).sort((a, b) => Number(/\/kill\./.test(b.name)) - Number(/\/kill\./.test(a.name)));
    const lane = async (...queues) => {
        for (const queue of queues)
            for (let s = queue.shift(); s; s = queue.shift()) count(s.name, await s.run());
    };
    await Promise.all([lane(heavy, light), ...Array.from({ length: WIDTH - 1 }, () => lane(light))]);
}

await runAll([...(withPostgres ? onPostgres : []), ...(onlyPostgres ? [] : onSqlite)]);
if (passed + failed === 0) count('no suite', { code: 1, output: `no suite's path holds "${pattern}"`, seconds: 0 });
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
