// Small wrong changes, one at a time: does a test notice? What no test notices is listed. A tool for people, not a gate.
//
//   make mutate                                     lines changed since HEAD~1
//   make mutate BASE=main                           lines changed since there
//   make mutate FILES="src/search/search.c src/archive/archive.sql"    these files, whole
//   make mutate FILES=… ONLY=owner                  only changes whose name holds this
//   make mutate N=20 SEED=1                         how many, and which of those that there are
//   make mutate TESTS="tests/api/access.test.mjs"   node:test suites besides the room's unit tests
//   tests/lib/pg.sh make mutate                     the unit tests on PostgreSQL too
//
// Everything happens in a copy of the tree in a temporary folder; the work tree is only read. For each change the room's
// unit tests are built and run there (the fault tests last, for they take longest), then TESTS; the first that fails
// ends it. A survivor is a line without a test, a line that is not needed, or a change that means the same: look at it.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { random } from '../tests/lib/mutate.mjs';

const { BASE = 'HEAD~1', FILES = '', ONLY = '', N = '20', SEED = '1', TESTS = '' } = process.env;
const BUILD_TIMEOUT_MS = 600_000, TEST_TIMEOUT_MS = 120_000; // a change may loop for ever: that is noticed too
const words = (text) => text.split(/\s+/).filter(Boolean);
const stop = (message) => { console.error(`make mutate: ${message}`); process.exit(2); };

// --- what can be changed --------------------------------------------------------------------------------------------

// Each: name, pattern in a line of code, what stands there instead.
const IN_C = [
    ['comparison', / (<|>|<=|>=|==|!=) /g, { '<': '<=', '>': '>=', '<=': '<', '>=': '>', '==': '!=', '!=': '==' }],
    ['and, or', / (&&|\|\|) /g, { '&&': '||', '||': '&&' }],
    ['plus, minus', / (\+|-) /g, { '+': '-', '-': '+' }],
    ['off by one', /( [+-] 1)\b/g, { ' + 1': '', ' - 1': '' }],
    ['step', /(\+\+|--)/g, { '++': '--', '--': '++' }],
    ['constant', /\b(true|false)\b/g, { true: 'false', false: 'true' }],
    ['condition', /\bif \((.+)\)( \{)?$/g, (c) => `!(${c})`],
    ['condition', /\breturn (.+ (?:[<>=!]=|&&|\|\||<|>) .+);$/g, (c) => `!(${c})`],
    ['statement', /^ +((?:\w[\w>.-]*(?:\[[^\]]*\])?(?:\+\+|--| [-+|&]?= .+)|TRY\(.+\)|\w+\(.*\));)$/g, () => ';'],
];
const IN_SQL = [
    ['comparison', / (<|>|<=|>=|=|<>) /g, { '<': '<=', '>': '>=', '<=': '<', '>=': '>', '=': '<>', '<>': '=' }],
    ['owner', /\b((?:\w\.)?(?:owner|grantee)_id = :\w+ AND )/g, () => ''],
    ['owner', /(WHERE (?:\w\.)?(?:owner|grantee)_id = :\w+)(?=;|$| ORDER| LIMIT)/g, (text) => `${text.replace(/= .*/, 'IS NOT NULL')} AND ${text.split('= ')[1]} IS NOT NULL`],
    ['condition', /( AND (?:NOT )?[\w.]+(?: [<>=]+ :?\w+| IS (?:NOT )?NULL)?)(?=;|$| AND| ORDER| LIMIT|\))/g, () => ''],
    ['condition', /( AND \([\w., ]+\) [<>] \([\w:, ]+\))/g, () => ''],
    ['and, or', / (AND|OR) /g, { AND: 'OR', OR: 'AND' }],
    ['order', / (DESC)\b/g, { DESC: 'ASC' }],
    ['step', /(\+|-) 1\b/g, { '+': '-', '-': '+' }],
];

// The lines of a file without comments (blanked, so that columns stay).
function codeLines(text, sql) {
    const blank = (s) => s.replace(/[^\n]/g, ' ');
    const bare = sql ? text.replace(/--.*$/gm, blank) : text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, blank);
    return bare.split('\n');
}

function changesOf(file, lines) {
    const text = readFileSync(file, 'utf8'), sql = file.endsWith('.sql');
    const source = text.split('\n'), found = [];
    codeLines(text, sql).forEach((code, i) => {
        if (lines && !lines.has(i + 1)) return;
        if (/^\s*(#|_?[sS]tatic_assert|assert\()/.test(code)) return; // what only we read, and what only fails
        for (const [name, pattern, instead] of sql ? IN_SQL : IN_C)
            for (const m of code.trimEnd().matchAll(pattern)) {
                const at = m.index + m[0].indexOf(m[1]), end = at + m[1].length;
                const put = typeof instead === 'function' ? instead(m[1]) : instead[m[1]];
                const inText = !sql && (code.slice(0, at).match(/(?<!\\)"/g) ?? []).length % 2 === 1;
                const line = source[i].slice(0, at) + put + source[i].slice(end);
                if (!inText && line !== source[i]) found.push({ file, name, number: i + 1, from: source[i], to: line });
            }
    });
    return found.filter((c) => c.name.includes(ONLY));
}

// --- which files ------------------------------------------------------------------------------------------------------

const git = (...args) => {
    const { status, stdout, stderr } = spawnSync('git', args, { encoding: 'utf8', maxBuffer: 1 << 28 });
    if (status !== 0) stop(`git ${args.join(' ')}: ${stderr.trim()}`);
    return stdout;
};
const roomOf = (file) => /^src\/(\w+)\/.*\.(?:c|h|sql)$/.exec(file)?.[1];

// Map: file -> the numbers of the lines that are new, or null for all.
function wantedFiles() {
    if (FILES) return new Map(words(FILES).map((f) => [existsSync(f) ? f : stop(`there is no ${f}`), null]));
    const files = new Map();
    let lines;
    for (const line of git('diff', '--unified=0', '--no-color', '--no-ext-diff', BASE, '--', 'src').split('\n')) {
        const file = /^\+\+\+ b\/(.*)$/.exec(line), hunk = /^@@ .* \+(\d+)(?:,(\d+))? @@/.exec(line);
        if (file) files.set(file[1], (lines = new Set()));
        for (let i = 0; hunk && i < Number(hunk[2] ?? 1); i++) lines.add(Number(hunk[1]) + i);
    }
    return files;
}

// --- the copy, and what runs in it --------------------------------------------------------------------------------------

function copyTree() {
    const to = mkdtempSync(join(tmpdir(), 'vivim-mutate-'));
    process.on('exit', () => rmSync(to, { recursive: true, force: true }));
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => { endGroup(); process.exit(1); });
    // Times are kept, so that what is built stays built.
    const keep = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };
    const files = git('ls-files', '-z', '--cached', '--others', '--exclude-standard').split('\0').filter((f) => f && existsSync(f));
    for (const f of files) cpSync(f, join(to, f), keep);
    for (const f of ['build/debug', 'web/dist']) if (existsSync(f)) cpSync(f, join(to, f), keep);
    if (existsSync('node_modules')) symlinkSync(join(process.cwd(), 'node_modules'), join(to, 'node_modules'));
    return to;
}

let group = null; // the process that runs, with all that it started
const endGroup = () => { try { if (group) process.kill(-group.pid, 'SIGKILL'); } catch { /* it has ended */ } };

// Its exit status, null after the timeout, and the end of what it said.
function run(cwd, command, argv, timeout) {
    return new Promise((resolve) => {
        let output = '', late = false;
        const child = group = spawn(command, argv, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...ENVIRONMENT } });
        for (const stream of [child.stdout, child.stderr]) stream.on('data', (d) => (output = (output + d).slice(-10_000)));
        const timer = setTimeout(() => { late = true; endGroup(); }, timeout);
        child.on('error', (e) => { output += e; });
        child.on('close', (code) => { clearTimeout(timer); group = null; resolve({ code: late ? null : code ?? 1, output }); });
    });
}
const ENVIRONMENT = { ASAN_OPTIONS: 'abort_on_error=0:detect_leaks=1', UBSAN_OPTIONS: 'halt_on_error=1', MAKEFLAGS: '', MAKELEVEL: '' };

const plain = (f) => f.replace(/^.*\//, '').replace(/^test_|_\w+$|\.\w+$/g, '');
// The one that bears the file's name first, the fault tests last: they take longest.
function testsOf(room, file = '') {
    const rank = (t) => (t.includes('test_fault') ? 2 : plain(t) === plain(file) ? 0 : 1);
    return globSync(`tests/unit/${room}/test_*.c`).map((f) => f.replace(/^tests\/unit\/(.*)\.c$/, 'build/debug/tests/$1'))
        .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

const make = (tree, target) => run(tree, 'make', ['-s', `-j${availableParallelism()}`, target], BUILD_TIMEOUT_MS);

// What notices: the name of the test that fails, 'build' where it does not compile, or null: nothing does.
async function judge(tree, room, file) {
    const programs = testsOf(room, file).map((t) => [t, t.replace('build/debug/tests/', 'unit/'), t, []]);
    const suites = words(TESTS).map((t) => ['build/debug/vivim', t, process.execPath, ['--test', t]]);
    for (const [target, name, command, argv] of [...programs, ...suites]) {
        const made = await make(tree, target);
        if (made.code !== 0) return { by: 'build', output: made.output };
        const { code, output } = await run(tree, command, argv, TEST_TIMEOUT_MS);
        if (code !== 0) return { by: name + (code === null ? ' (did not end)' : ''), output };
    }
    return null;
}

function shuffle(list, r) {
    for (let i = list.length - 1; i > 0; i--) {
        const k = r.below(i + 1);
        [list[i], list[k]] = [list[k], list[i]];
    }
    return list;
}

// --- all of it ----------------------------------------------------------------------------------------------------------

const files = [...wantedFiles()].filter(([f]) => roomOf(f) && testsOf(roomOf(f)).length);
const all = files.flatMap(([f, lines]) => changesOf(f, lines));
if (!all.length) stop(FILES ? 'nothing there that it knows how to change (a room\'s .c, .h and .sql with unit tests)' : `nothing of a room changed since ${BASE}: set BASE or FILES`);
const most = Number(N);
if (!(most >= 1)) stop('N is how many changes to try, 1 or more');
console.log(`${all.length} changes are possible in ${files.length} file${files.length > 1 ? 's' : ''}; trying ${Math.min(most, all.length)}, seed ${SEED}`);

const tree = copyTree();
for (const room of new Set(files.map(([f]) => roomOf(f)))) {
    const bad = await judge(tree, room);
    if (bad) stop(`${room}: ${bad.by} fails without any change:\n${bad.output}`);
}

const survivors = [];
let tried = 0, unbuilt = 0;
for (const change of shuffle(all, random(Number(SEED)))) {
    if (tried === most) break;
    const path = join(tree, change.file), text = readFileSync(path, 'utf8'), lines = text.split('\n');
    lines[change.number - 1] = change.to;
    writeFileSync(path, lines.join('\n'));
    const noticed = await judge(tree, roomOf(change.file), change.file);
    writeFileSync(path, text);
    const where = `${change.file}:${change.number}`;
    if (noticed?.by === 'build') { unbuilt++; continue; }
    tried++;
    if (!noticed) survivors.push(change);
    console.log(`${String(tried).padStart(3)} ${noticed ? 'noticed ' : 'SURVIVED'} ${where} ${change.name}${noticed ? ` (${noticed.by})` : ''}`);
}

for (const s of survivors) console.log(`\n${s.file}:${s.number}\n  - ${s.from.trim()}\n  + ${s.to.trim()}`);
console.log(`\n${tried} tried, ${tried - survivors.length} noticed, ${survivors.length} survived`
    + `${unbuilt ? ` (${unbuilt} more did not compile)` : ''}`);
