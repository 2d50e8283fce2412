// What other users of the machine may read.
import assert from 'node:assert/strict';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cleanEnvironment, command, tempFolder } from '../lib/server.mjs';
import { RELEASE, startRelease } from './release.mjs';

const data = join(tempFolder(), 'data');
const env = cleanEnvironment({ VIVIM_DATA: data, VIVIM_TEST: '1' });
after(() => rmSync(join(data, '..'), { recursive: true, force: true }));

const modes = (path) => [[path, statSync(path).mode & 0o777], ...(statSync(path).isDirectory() ? readdirSync(path).flatMap((n) => modes(join(path, n))) : [])];
const wide = () => modes(data).filter(([, mode]) => mode & 0o077).map(([name, mode]) => `${mode.toString(8)} ${name}`);

test('6a with umask 0 everything is made 0600 and 0700', async () => {
    await command('sh', ['-c', 'umask 0; "$0" user add ada --admin --password-file - && "$0" sample add', RELEASE], { env, input: 'correct horse battery\n' });
    assert.deepEqual(wide(), []);
});

test('6b what is wider is closed at the start, with a word', async () => {
    await command('chmod', ['-R', 'a+rwX', data]);
    const server = await startRelease({ data, keep: true });
    assert.deepEqual(wide(), []);
    assert.match(server.log(), /data\.closed_to_others/);
    await server.stop();
    assert.deepEqual(wide(), []);
});
