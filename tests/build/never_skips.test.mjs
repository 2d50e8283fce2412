// The real Makefile over a tree of a few small files: whatever happens to a source, the next build says what the sources say.
import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { command } from '../lib/server.mjs';

const folder = mkdtempSync(join(tmpdir(), 'vivim-build-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const at = (path) => join(folder, path);
function write(path, text) {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
}
const LONG_AGO = new Date('2001-01-01');
function writeOld(path, text) { // as mv, git stash or cp -p may leave it
    write(path, text);
    utimesSync(at(path), LONG_AGO, LONG_AGO);
}

const env = Object.fromEntries(Object.entries(process.env).filter(([k]) => !/^(MAKE|MFLAGS|MODE|BUILD|CC|CXX|C.*FLAGS|LD.*)/.test(k)));
const make = (targets = [], more = [], check = true) =>
    command('make', ['-s', '-C', folder, ...targets, 'LDLIBS=-lcmocka', 'SANITIZE_debug=', ...more], { env, check });
async function says(...more) {
    await make([], more);
    return (await command(at('build/debug/vivim'), [])).stdout.trim();
}

const answer = (name, text) => `const char *${name}(void);\nconst char *${name}(void) { return ${text}; }\n`;

before(() => {
    for (const path of ['Makefile', 'tools/rooms.mk', 'tools/targets.mk', 'tools/embed.c', 'tools/sqlembed.c', 'tools/forget.sh']) {
        mkdirSync(dirname(at(path)), { recursive: true });
        copyFileSync(path, at(path));
    }
    write('layers.txt', '0 archive\n');
    write('src/base/embedded.h', 'struct embedded_file { const char *name; const unsigned char *bytes; unsigned long n; const char *tag; };\n');
    write('src/archive/word.h', '#define WORD "one"\n');
    write('src/archive/word.c', `#include "archive/word.h"\n${answer('word', 'WORD')}`);
    write('src/archive/shelf.c', answer('shelf', '"shelf"'));
    write('src/archive/sample/a.json', '[1]');
    write('src/archive/sample/b.json', '[2]');
    write('src/app.c', 'int app(void);\nint app(void) { return 0; }\n');
    write('src/main.c', `#include <stdio.h>
#include "base/embedded.h"
#ifndef MARK
#define MARK ""
#endif
extern const struct embedded_file SAMPLE_FILES[];
const char *word(void);
const char *shelf(void);
int main(void)
{
    int files = 0;
    while (SAMPLE_FILES[files].name)
        files++;
    printf("%s %s %d%s\\n", word(), shelf(), files, MARK);
    return 0;
}
`);
    write('tests/unit/fault/none.c', 'extern int none;\nint none;\n');
});

test('a tree, and nothing to do the second time', async () => {
    assert.equal(await says(), 'one shelf 2');
    const { stdout } = await make([], ['--debug=b']);
    assert.doesNotMatch(stdout, /Must remake target 'build/);
});

test('a header and a source of long ago in the place of newer ones', async () => {
    writeOld('src/archive/word.h', '#define WORD "three"\n');
    writeOld('src/archive/shelf.c', answer('shelf', '"old"'));
    assert.equal(await says(), 'three old 2');
    writeOld('src/archive/shelf.c', answer('shelf', '"shelf"'));
});

test('a renamed source that is older than its archive, and whose object is still there from another time', async () => {
    writeOld('src/archive/other.c', answer('shelf', '"other"'));
    renameSync(at('src/archive/shelf.c'), at('src/archive/kept'));
    assert.equal(await says(), 'three other 2');
    utimesSync(at('src/archive/kept'), LONG_AGO, LONG_AGO);
    renameSync(at('src/archive/kept'), at('src/archive/shelf.c'));
    rmSync(at('src/archive/other.c'));
    assert.equal(await says(), 'three shelf 2');
});

test('a deleted source is linked no more', async () => {
    writeOld('src/archive/gone.c', answer('gone', '"gone"'));
    appendFileSync(at('src/archive/shelf.c'), 'const char *gone(void);\nconst char *lost(void);\nconst char *lost(void) { return gone(); }\n');
    await says();
    rmSync(at('src/archive/gone.c'));
    const { code, stderr } = await make([], [], false);
    assert.notEqual(code, 0);
    assert.match(stderr, /undefined reference to .gone/);
    write('src/archive/shelf.c', answer('shelf', '"shelf"'));
    assert.equal(await says(), 'three shelf 2');
});

test('a source beside a folder of its name', async () => {
    writeOld('src/archive/shelf/inner.c', answer('inner', '"inner"'));
    await says();
    writeOld('src/archive/shelf.c', answer('shelf', '"beside"'));
    assert.equal(await says(), 'three beside 2');
    writeOld('src/archive/shelf.c', answer('shelf', '"shelf"'));
    rmSync(at('src/archive/shelf'), { recursive: true });
    assert.equal(await says(), 'three shelf 2');
});

test('a deleted header that is still included is an error, one that no longer is, is none', async () => {
    write('src/archive/word.c', `#include "archive/word.h"\n${answer('word', 'WORD')}`);
    await says();
    rmSync(at('src/archive/word.h'));
    assert.notEqual((await make([], [], false)).code, 0);
    writeOld('src/archive/word.c', answer('word', '"four"'));
    assert.equal(await says(), 'four shelf 2');
});

test('generated C: an embedded file that is gone, and one of long ago', async () => {
    rmSync(at('src/archive/sample/b.json'));
    assert.equal(await says(), 'four shelf 1');
    writeOld('src/archive/sample/c.json', '[3]');
    assert.equal(await says(), 'four shelf 2');
});

test('other flags', async () => {
    assert.equal(await says('OPT_debug=-O1 -DMARK=\\"!\\"'), 'four shelf 2!');
    assert.equal(await says(), 'four shelf 2');
});

test('a test whose source is gone, or of long ago', async () => {
    const source = (status) => `#include <stdio.h>\nint main(void) { puts("${status}"); return 0; }\n`, program = 'build/debug/tests/archive/test_x';
    write('tests/unit/archive/test_x.c', source('new'));
    await make(['unit']);
    assert.equal((await command(at(program), [])).stdout, 'new\n');
    writeOld('tests/unit/archive/test_x.c', source('old'));
    await make(['unit']);
    assert.equal((await command(at(program), [])).stdout, 'old\n');
    rmSync(at('tests/unit/archive/test_x.c'));
    await make(['unit']);
    assert.ok(!existsSync(at(program)));
});

test('a source that was saved while the compiler read it is compiled again', async () => {
    const object = at('build/debug/src/archive/word.o');
    write('src/archive/word.c', answer('word', '"five"'));
    await says();
    writeFileSync(at('src/archive/word.c'), answer('word', '"six"'));
    const later = new Date(Date.now() + 60_000);
    utimesSync(object, later, later); // the object came after it
    utimesSync(at('build/debug/libarchive.a'), later, later);
    assert.equal(await says(), 'six shelf 2');
    assert.ok(readFileSync(object).length > 0);
});

test('a build that noted nothing of its sources is not trusted', async () => {
    rmSync(at('build/debug/sources'));
    writeOld('src/archive/word.c', answer('word', '"seven"'));
    assert.equal(await says(), 'seven shelf 2');
});
