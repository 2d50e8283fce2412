// Two share links of one conversation: one conversation, and two again when its owner says so. The same in either order.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { capture, conversation } from '../lib/captures.mjs';
import { startFixtureServer } from '../lib/fixture_server.mjs';
import { eventually } from '../lib/realtime.mjs';
import { signIn, startServer } from '../lib/server.mjs';

let fixtures;
before(async () => {
    fixtures = await startFixtureServer();
});
after(async () => fixtures.stop());

const list = async (api) => (await api.json('GET', '/api/v1/conversations')).body.items;
const sources = async (api, id) => (await api.json('GET', `/api/v1/conversations/${id}/sources`)).body.items;
const plain = ({ messages, title, hash, message_count: count, source: { url } }) =>
    ({ title, hash, count, url, messages: messages.map(({ provider_id: id, role, on_path: on, hash: of, position }) => ({ id, role, on, of, position })) });

for (const order of [['early', 'later'], ['later', 'early']])
    test(`${order.join(', then ')}`, async () => {
        const server = await startServer({ env: fixtures.env });
        try {
            const api = await signIn(server);
            const jobs = [];
            for (const name of order) jobs.push(await capture(api, fixtures.urls[name]));
            for (const job of jobs) assert.equal(job.outcome, 'ok', JSON.stringify(job));
            const [{ conversation_id: id }] = jobs;
            assert.equal(jobs[1].conversation_id, id);
            const whole = await conversation(api, id, true);
            assert.equal((await list(api)).length, 1);
            assert.equal(whole.source.url, fixtures.urls.later, 'the longer one leads');
            assert.ok(whole.messages.every((m) => m.on_path || m.hidden));
            const both = await sources(api, id);
            assert.deepEqual(both.map((s) => s.url), order.map((name) => fixtures.urls[name]));
            assert.ok(whole.messages.every((m) => both.some((s) => s.id === m.source_id)));

            const split = (body, headers) => api.json('POST', `/api/v1/conversations/${id}/split`, body, headers);
            for (const [body, status, field] of [[{}, 422, 'source_id'], [{ source_id: 'x' }, 422, 'source_id'], [{ source_id: id, more: 1 }, 422, 'more'], [{ source_id: '01a20000-0000-7000-8000-000000000000' }, 404, 'source_id']]) {
                const answer = await split(body);
                assert.deepEqual([answer.status, answer.body.field], [status, field], JSON.stringify(answer.body));
            }
            assert.deepEqual(plain(await conversation(api, id, true)), plain(whole), 'nothing has changed');
            const made = await split({ source_id: both.find((s) => s.url === fixtures.urls.early).id });
            assert.equal(made.status, 201, JSON.stringify(made.body));
            const parts = { early: made.body.id, later: id };
            assert.equal((await list(api)).length, 2);
            for (const [name, part] of Object.entries(parts)) assert.deepEqual((await sources(api, part)).map((s) => s.url), [fixtures.urls[name]]);
            assert.equal((await split({ source_id: (await sources(api, id))[0].id })).status, 409, 'there is nothing more to part');
            // the captures follow their links
            for (const [at, name] of order.entries())
                await eventually(async () => (await api.json('GET', `/api/v1/captures/${jobs[at].id}`)).body.conversation_id === parts[name]);
            const before = {};
            for (const [name, part] of Object.entries(parts)) before[name] = plain(await conversation(api, part, true));
            for (const name of order) assert.equal((await capture(api, fixtures.urls[name])).conversation_id, parts[name], 'they stay apart');
            for (const [name, part] of Object.entries(parts)) assert.deepEqual(plain(await conversation(api, part, true)), before[name]);
            assert.equal((await list(api)).length, 2);
            // as if each had been captured alone
            const alone = await startServer({ env: fixtures.env });
            try {
                const other = await signIn(alone);
                assert.deepEqual(plain(await conversation(other, (await capture(other, fixtures.urls.early)).conversation_id, true)), before.early);
            } finally {
                await alone.stop();
            }
            assert.equal((await api.json('DELETE', `/api/v1/conversations/${parts.early}`)).status, 204);
            assert.deepEqual(plain(await conversation(api, id, true)), before.later, 'one goes, the other stays');
        } finally {
            assert.equal(await server.stop(), 0);
        }
    });
