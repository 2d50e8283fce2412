// Runs every suite and counts: unit tests (cmocka, TAP), fuzz corpora, node:test suites, and the store and API
// tests once more on a real PostgreSQL. The last line is `N passed, N failed`; exit status 1 when anything failed.
//
//   node tests/run.mjs [--no-pg | --pg-only] [PATTERN]
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const args = process.argv.slice(2);
const withPostgres = !args.includes('--no-pg');
const onlyPostgres = args.includes('--pg-only');
const pattern = args.find((a) => !a.startsWith('--')) ?? '';
const BUILD = process.env.VIVIM_BUILD ?? 'build/debug';
const UNIT_TIMEOUT_MS = 300_000;
const SUITE_TIMEOUT_MS = 900_000;

const sanitizers = {
    ASAN_OPTIONS: 'abort_on_error=0:detect_leaks=1:strict_string_checks=1',
    UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
};
let passed = 0;
let failed = 0;

function run(command, argv, { timeout, env = {} }) {
    const began = performance.now();
    return new Promise((resolve) => {
        const child = spawn(command, argv, { env: { ...process.env, ...sanitizers, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
        let output = '';
        child.stdout.on('data', (d) => (output += d));
        child.stderr.on('data', (d) => (output += d));
        const timer = setTimeout(() => {
            output += `\nno end after ${timeout} ms\n`;
            child.kill('SIGKILL');
        }, timeout);
        child.on('error', (e) => resolve({ code: 127, output: String(e), seconds: 0 }));
        child.on('close', (code, signal) => {
            clearTimeout(timer);
            resolve({ code: code ?? signal, output, seconds: (performance.now() - began) / 1000 });
        });
    });
}

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
    console.log(`${bad ? 'FAIL' : 'ok  '} ${name}: ${ok} passed${bad ? `, ${bad} failed` : ''}${skipped.length ? `, ${skipped.length} skipped (${[...new Set(skipped)].join('; ')})` : ''} (${seconds.toFixed(1)} s)`);
    if (bad) console.log(output.replace(/^/gm, '     '));
}

async function each(jobs, width) {
    const queue = [...jobs];
    await Promise.all(Array.from({ length: width }, async () => {
        for (let job = queue.shift(); job; job = queue.shift()) await job();
    }));
}

const wanted = (name) => name.includes(pattern);
const width = Math.max(1, Math.min(4, availableParallelism()));

const programs = (glob) => globSync(glob).filter((f) => !f.endsWith('.d') && wanted(f)).sort();
const tap = { CMOCKA_MESSAGE_OUTPUT: 'TAP' };
const nodeSuite = (file) => [process.execPath, ['--test', '--test-reporter=tap', file]];
const nameOf = (f) => f.replace(`${BUILD}/tests/`, 'unit/').replace(`${BUILD}/`, '');

async function onSqlite() {
    await each(programs(`${BUILD}/tests/*/test_*`).map((f) => async () =>
        count(nameOf(f), await run(f, [], { timeout: UNIT_TIMEOUT_MS, env: tap }))), width);
    await each(programs(`${BUILD}/fuzz/*`).map((f) => async () => {
        const { code, output, seconds } = await run(f, [`fuzz/corpus/${f.split('/').pop()}`], { timeout: UNIT_TIMEOUT_MS });
        count(nameOf(f), { code, seconds, output: `${code === 0 ? 'ok' : 'not ok'} 1 - corpus\n${code === 0 ? '' : output}` });
    }), width);
    // Suites with a browser or many processes take turns; the others run side by side.
    const suites = programs('{tests/{api,protocol,capture,browser,kill},web/tests}/*.test.{mjs,ts}');
    const heavy = (f) => /^tests\/(capture|browser|kill)\//.test(f);
    const one = async (f) => count(f, await run(...nodeSuite(f), { timeout: SUITE_TIMEOUT_MS }));
    await each(suites.filter((f) => !heavy(f)).map((f) => () => one(f)), width);
    for (const f of suites.filter(heavy)) await one(f);
}

async function onPostgres() {
    const tests = [...programs(`${BUILD}/tests/{db,ops,identity,archive,search,http}/test_*`),
        ...programs(`${BUILD}/tests/{sharing,capture,realtime}/test_fault`), ...programs('tests/api/*.test.mjs')];
    for (const f of tests) {
        const argv = f.endsWith('.mjs') ? nodeSuite(f).flat() : [f];
        count(`postgresql: ${nameOf(f)}`, await run('tests/lib/pg.sh', argv, { timeout: SUITE_TIMEOUT_MS, env: tap }));
    }
}

if (!onlyPostgres) await onSqlite();
if (withPostgres) await onPostgres();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
