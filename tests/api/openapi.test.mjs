// /openapi.json against the specification, and against what the server answers.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { randomUUID } from 'node:crypto';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { client, signIn, startServer } from '../lib/server.mjs';

let server, owner, stranger, document;

before(async () => {
    server = await startServer();
    owner = await signIn(server);
    stranger = client(server, {});
    document = (await stranger.json('GET', '/openapi.json')).body;
});
after(async () => assert.equal(await server.stop(), 0));

const operations = () =>
    Object.entries(document.paths).flatMap(([path, item]) =>
        Object.entries(item).filter(([method]) => ['get', 'post', 'put', 'patch', 'delete'].includes(method))
            .map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })));

// A value for each path parameter that names nothing.
const fill = (path) => path.replace(/\{([^}]+)\}/g, (_, name) => (/sha256/.test(name) ? '0'.repeat(64) : /handle/.test(name) ? 'nobody-here' : randomUUID()));

test('the document is valid OpenAPI 3.1', async () => {
    assert.match(document.openapi, /^3\.1\./);
    const result = await new Validator().validate(structuredClone(document));
    assert.deepEqual(result.errors ?? [], []);
});

test('every operation says who may call it', () => {
    assert.ok(operations().length > 15);
    for (const { path, method, operation } of operations()) {
        assert.ok(Array.isArray(operation.security), `${method} ${path} has no security`);
        assert.ok(operation.summary, `${method} ${path} has no summary`);
        assert.ok(Object.keys(operation.responses).some((s) => /^2|^101$/.test(s)), `${method} ${path} has no success`);
    }
});

test('a stranger gets 401 on every guarded operation, before anything else is judged', async () => {
    for (const { path, method, operation } of operations()) {
        if (operation.security.length === 0) continue;
        const answer = await stranger.json(method, fill(path), method === 'GET' || method === 'DELETE' ? undefined : { nonsense: [1] });
        assert.equal(answer.status, 401, `${method} ${path}`);
        assert.equal(answer.headers.get('content-type'), 'application/problem+json');
        assert.equal(answer.body.code, 'unauthenticated');
        assert.ok(answer.body.request_id);
    }
});

test('every operation answers as the document says', async () => {
    const ajv = new Ajv({ strict: false, allErrors: true });
    addFormats(ajv);
    ajv.addSchema({ ...document, $id: 'vivim:api' });
    const skip = /logout|\/events$|DELETE .*sessions/; // they would end this session, or never end
    for (const { path, method, operation } of operations()) {
        if (skip.test(`${method} ${path}`)) continue;
        const answer = await owner.fetch(fill(path), { method });
        const documented = operation.responses[answer.status] ?? operation.responses.default;
        assert.ok(documented, `${method} ${path} answers ${answer.status}, which the document does not list`);
        const type = (answer.headers.get('content-type') ?? '').split(';')[0];
        const text = await answer.text();
        if (!/json/.test(type) || !text) continue;
        const schema = (documented.$ref ? undefined : documented.content)?.[type]?.schema ?? (answer.status >= 400 ? { $ref: '#/components/schemas/Problem' } : undefined);
        if (!schema) continue;
        const resolved = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"vivim:api#/'));
        const valid = ajv.compile(resolved);
        assert.ok(valid(JSON.parse(text)), `${method} ${path} ${answer.status}: ${ajv.errorsText(valid.errors)}\n${text.slice(0, 400)}`);
    }
});
