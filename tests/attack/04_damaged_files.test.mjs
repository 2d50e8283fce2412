// Files of the data folder that a broken disk or a wrong hand has changed.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SQLITE_DAMAGE, SQLITE_DAMAGE_LATER, searchUntilFound, setAside } from '../lib/damage.mjs';
import { cleanEnvironment, command, tempFolder } from '../lib/server.mjs';
import { RELEASE, startRelease } from './release.mjs';

const data = tempFolder(), WORD = 'sourdough';
const env = cleanEnvironment({ VIVIM_DATA: data, VIVIM_TEST: '1', VIVIM_LISTEN: '127.0.0.1:0' });
const vivim = (argv, input) => command(RELEASE, argv, { env, input, check: false });
let headers;

before(async () => {
    await vivim(['user', 'add', 'ada', '--admin', '--password-file', '-'], 'correct horse battery\n');
    await vivim(['sample', 'add']);
    headers = { authorization: `Bearer ${(await vivim(['token', 'ada'])).stdout.trim()}` };
    await searchOn(await startRelease({ data, keep: true }), { behind: true });
});
after(() => rmSync(data, { recursive: true, force: true }));

async function searchOn(server, options) {
    try {
        return await searchUntilFound((path) => fetch(server.url + path, { headers }), WORD, options);
    } finally {
        assert.equal(await server.stop(), 0);
    }
}

for (const [name, damage] of Object.entries(SQLITE_DAMAGE))
    test(`4a the index is made again, and nothing answers 500: ${name}`, async () => {
        await damage(data);
        const server = await startRelease({ data, keep: true });
        await searchOn(server);
        assert.match(server.log(), /derived\.set_aside/);
        assert.deepEqual(setAside(data), []);
    });

for (const [name, damage] of Object.entries(SQLITE_DAMAGE_LATER))
    test(`4b damage that shows while it runs is a 503, and the index is made again: ${name}`, async () => {
        const server = await startRelease({ data, keep: true });
        await damage(data);
        assert.ok((await searchOn(server)).length > 0);
        assert.match((await vivim(['doctor'])).stdout, /damaged and rebuilt/);
    });

for (const [file, says] of [['master.key', 'wrong_master_key'], ['vivim.db', 'store_lost']])
    for (const [name, change] of [['missing', rmSync], ['empty', (path) => writeFileSync(path, '')]])
        test(`4c ${file} that is ${name} is noticed and not made anew`, async () => {
            const path = join(data, file), right = readFileSync(path);
            change(path);
            const { code, stderr } = await vivim(['serve', '--json']);
            assert.equal(code, 1);
            assert.match(stderr, new RegExp(`"code":"${says}"`));
            const doctor = await vivim(['doctor', '--json']);
            assert.equal(doctor.code, 1);
            assert.match(doctor.stdout, new RegExp(`"${says}"`));
            writeFileSync(path, right, { mode: 0o600 });
            assert.equal((await vivim(['user', 'list'])).code, 0);
        });
