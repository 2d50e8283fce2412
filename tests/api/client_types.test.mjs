// The web client's types are those of the server's own description: a route that changes changes them, or the build tells.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { command, startServer } from '../lib/server.mjs';

test('web/src/api/types.ts is what /openapi.json says', async (t) => {
    const server = await startServer();
    t.after(async () => assert.equal(await server.stop(), 0));
    const { code, stderr } = await command(process.execPath, ['web/scripts/api_types.mjs', '--check', `${server.url}/openapi.json`], { check: false });
    assert.equal(code, 0, stderr);
});
