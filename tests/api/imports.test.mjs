// Imports: what was given comes in once, is reported row by row, and can be undone.
import assert from 'node:assert/strict';
import net from 'node:net';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { Upload } from 'tus-js-client';
import { changeRows, client, signIn, startServer, tempFolder } from '../lib/server.mjs';
import { claude, claudeExport, conversations, ended, importBytes, itemsOf } from '../lib/imports.mjs';
import { zipOf } from '../lib/zip.mjs';

let server, owner, other;
const watched = tempFolder('vivim-watched-');
before(async () => {
    server = await startServer({ env: { VIVIM_IMPORT_MIB: '4', VIVIM_IMPORT_FOLDER: watched } });
    owner = await signIn(server);
    other = await signIn(server, 'other');
});
after(() => server?.stop());

const counts = ({ counts: c }) => [c.new, c.changed, c.unchanged, c.skipped, c.failed];
const found = async (person, words) => (await person.json('GET', `/api/v1/search?q=${encodeURIComponent(words)}`)).body.items;
async function until(what, ask) {
    for (const end = Date.now() + 20_000; Date.now() < end; await new Promise((r) => setTimeout(r, 50))) {
        const answer = await ask();
        if (answer) return answer;
    }
    assert.fail(`not within 20 s: ${what}`);
}
// A person of their own: what the tests leave is not in each other's way.
let people = 0;
const somebody = () => signIn(server, `person${++people}`);

test('an export comes in, the same again changes nothing, what grew is a change', async () => {
    const p = await somebody();
    const first = await importBytes(p, claudeExport(30), '?name=conversations.json');
    assert.equal(first.status, 'done', JSON.stringify(first));
    assert.deepEqual(counts(first), [30, 0, 0, 0, 0]);
    assert.equal(first.label, 'conversations.json');
    assert.equal((await conversations(p)).length, 30);
    const again = await importBytes(p, claudeExport(30));
    assert.deepEqual(counts(again), [0, 0, 30, 0, 0]);
    const before = await conversations(p);
    const grown = JSON.parse(claudeExport(30));
    grown[3] = claude(4, ['Question 4?', 'The answer number 4 is about sourdough and tides.', 'And further?', 'Further so.']);
    const third = await importBytes(p, JSON.stringify(grown));
    assert.deepEqual(counts(third), [0, 1, 29, 0, 0]);
    const [changed] = await itemsOf(p, third.id, 'changed');
    assert.equal(changed.place, 4);
    const was = before.find((c) => c.id === changed.conversation_id), now = (await conversations(p)).find((c) => c.id === changed.conversation_id);
    assert.equal(was.message_count, 2);
    assert.equal(now.message_count, 4);
    assert.equal(now.version, was.version + 1);
});

test('form data, a zip, a folder of both: each file with its place; what is broken is named and is not the end', async () => {
    const p = await somebody();
    const form = new FormData();
    const broken = JSON.parse(claudeExport(3));
    broken[1] = { uuid: 'x', chat_messages: 'none', name: 'broken' };
    form.append('note', 'a field, which is nothing to import');
    form.append('files', new Blob([zipOf({ 'conversations.json': JSON.stringify(broken), 'picture.png': 'no picture', 'more.zip': zipOf({ 'x.json': claudeExport(1) }), 'user.json': '{"id":"u","email":"a@example.org"}' })]), 'export.zip');
    form.append('files', new Blob([JSON.stringify([claude(7, ['Of the folder?', 'Yes.'])])]), '../../up/../sessions\\one.json');
    form.append('files', new Blob(['PK\x03\x04 this is no zip at all']), 'broken.zip');
    const answer = await p.json('POST', '/api/v1/imports');
    assert.equal(answer.status, 400, 'nothing at all');
    const made = await (await p.fetch('/api/v1/imports', { method: 'POST', body: form })).json();
    const done = await ended(p, made.id);
    assert.equal(done.status, 'done', JSON.stringify(done));
    assert.equal(done.label, 'export.zip and 2 more');
    const items = await itemsOf(p, made.id);
    assert.deepEqual(counts(done), [3, 0, 0, 2, 2], JSON.stringify(items));
    const skipped = items.filter((i) => i.outcome === 'skipped');
    assert.deepEqual(skipped.map((i) => [i.file, i.reason_code]), [['export.zip/more.zip', 'zip_inside'], ['export.zip/user.json', 'account_data']]);
    assert.match(skipped[0].reason, /give it alone/);
    const failed = items.filter((i) => i.outcome === 'failed');
    assert.ok(failed.every((i) => i.reason), JSON.stringify(failed));
    assert.ok(failed.some((i) => i.file === 'broken.zip' && i.place === null), JSON.stringify(failed));
    assert.ok(failed.some((i) => i.file === 'export.zip/conversations.json' && i.place === 2), JSON.stringify(failed));
    assert.ok(items.some((i) => i.file === 'up/sessions/one.json'), JSON.stringify(items));
    assert.ok(!existsSync(join(server.data, '..', 'up')), 'nothing is written outside');
    await until('what was sent is gone afterwards', () => !filesKept('imports').length);
});

function filesKept(what) {
    const root = join(server.data, what);
    return existsSync(root) ? readdirSync(root, { recursive: true, withFileTypes: true }).filter((f) => f.isFile()).map((f) => f.name) : [];
}

test('nothing in it: the import failed and says so', async () => {
    const p = await somebody();
    const done = await importBytes(p, 'just words');
    assert.equal(done.status, 'failed');
    assert.equal(done.error.code, 'nothing_found');
});

test('a dry run reports and stores nothing; taken, the same comes in', async () => {
    const p = await somebody();
    const dry = await importBytes(p, claudeExport(5), '?dry_run=true');
    assert.deepEqual(counts(dry), [5, 0, 0, 0, 0]);
    assert.equal(dry.can_be_taken, true);
    assert.equal((await conversations(p)).length, 0);
    assert.ok((await itemsOf(p, dry.id)).every((i) => i.outcome === 'new' && i.conversation_id === null));
    assert.equal((await p.json('POST', `/api/v1/imports/${dry.id}/undo`)).status, 409);
    const { body } = await p.json('POST', `/api/v1/imports/${dry.id}/take`);
    const taken = await ended(p, body.id);
    assert.deepEqual(counts(taken), [5, 0, 0, 0, 0]);
    assert.equal((await conversations(p)).length, 5);
    assert.equal((await p.json('POST', `/api/v1/imports/${dry.id}/take`)).status, 409, 'once');
    assert.deepEqual(filesKept('imports'), []);
});

test('undo: what it made is in the trash, what it changed is as before, what was touched stays and is named', async () => {
    const p = await somebody();
    await importBytes(p, JSON.stringify([claude(1, ['Old question?', 'Old quincunx answer.'])]));
    const [old] = await conversations(p);
    const more = await importBytes(p, JSON.stringify([
        claude(1, ['Old question?', 'Old quincunx answer.', 'New?', 'New zeugma answer.']), claude(2, ['Two?', 'Syzygy.']), claude(3, ['Three?', 'Kept.']), claude(4, ['Four?', 'Shared.']),
    ]));
    assert.deepEqual(counts(more), [3, 1, 0, 0, 0]);
    const made = await itemsOf(p, more.id, 'new');
    assert.equal((await p.json('PATCH', `/api/v1/conversations/${made[1].conversation_id}`, { title: 'Mine now' })).status, 200);
    assert.equal((await p.json('PUT', `/api/v1/conversations/${made[2].conversation_id}/members/other`, { role: 'reader' })).status, 200);
    await until('it is found', async () => (await found(p, 'syzygy')).length);
    assert.equal((await p.json('POST', `/api/v1/imports/${more.id}/undo`)).status, 202);
    const undone = await ended(p, more.id);
    assert.equal(undone.status, 'undone', JSON.stringify(undone));
    assert.deepEqual(undone.undo, { undone: 2, kept: 2 });
    const kept = await itemsOf(p, more.id, 'kept');
    assert.deepEqual(kept.map((i) => [i.reason_code, i.title]), [['renamed', 'Mine now'], ['shared', 'Chat 4']]);
    const left = await conversations(p);
    assert.deepEqual(left.map((c) => c.title).sort(), ['Chat 1', 'Chat 4', 'Mine now']);
    const back = left.find((c) => c.id === old.id);
    assert.equal(back.message_count, 2);
    assert.ok(back.version > old.version, 'as a new version');
    const { body: messages } = await p.json('GET', `/api/v1/conversations/${old.id}/messages?all=true`);
    assert.deepEqual(messages.items.map((m) => m.blocks[0].markdown), ['Old question?', 'Old quincunx answer.']);
    // In the trash: nowhere to be seen, and back on demand.
    const gone = made[0].conversation_id;
    assert.equal((await p.json('GET', `/api/v1/conversations/${gone}`)).status, 404);
    assert.equal((await p.json('GET', `/api/v1/conversations/${gone}/messages`)).status, 404);
    await until('it is not found any more', async () => !(await found(p, 'syzygy')).length);
    await until('nor what was added', async () => !(await found(p, 'zeugma')).length);
    assert.equal((await found(p, 'quincunx')).length, 1);
    const { body: trash } = await p.json('GET', '/api/v1/trash');
    assert.deepEqual(trash.items.map((c) => c.id), [gone]);
    assert.equal((await other.json('POST', `/api/v1/trash/${gone}/restore`)).status, 404);
    assert.equal((await p.json('POST', `/api/v1/trash/${gone}/restore`)).status, 204);
    await until('it is found again', async () => (await found(p, 'syzygy')).length);
    assert.equal((await p.json('POST', `/api/v1/imports/${more.id}/undo`)).status, 409, 'undone already');
});

test('undone and imported again: everything is new again, under the ids that it had', async () => {
    const p = await somebody();
    const first = await importBytes(p, claudeExport(4));
    const ids = (await conversations(p)).map((c) => c.id).sort();
    await p.json('POST', `/api/v1/imports/${first.id}/undo`);
    await ended(p, first.id);
    assert.equal((await conversations(p)).length, 0);
    const second = await importBytes(p, claudeExport(4));
    assert.deepEqual(counts(second), [4, 0, 0, 0, 0], JSON.stringify(second));
    assert.deepEqual((await conversations(p)).map((c) => c.id).sort(), ids);
    await p.json('POST', `/api/v1/imports/${second.id}/undo`);
    assert.deepEqual((await ended(p, second.id)).undo, { undone: 4, kept: 0 });
});

test('the trash: deleted now is gone for good', async () => {
    const p = await somebody();
    const one = await importBytes(p, claudeExport(2));
    await p.json('POST', `/api/v1/imports/${one.id}/undo`);
    await ended(p, one.id);
    const { body: trash } = await p.json('GET', '/api/v1/trash?limit=1');
    assert.ok(trash.next_cursor);
    assert.equal((await p.json('DELETE', `/api/v1/trash/${trash.items[0].id}`)).status, 204);
    assert.equal((await p.json('DELETE', `/api/v1/trash/${trash.items[0].id}`)).status, 404);
    assert.equal((await p.json('GET', '/api/v1/trash')).body.items.length, 1);
    await until('the report names it no more', async () => (await itemsOf(p, one.id)).some((i) => i.conversation_id === null));
});

test('the same conversation twice in one file: undone with the rest', async () => {
    const p = await somebody();
    const twice = await importBytes(p, JSON.stringify([claude(1, ['A?', 'B.']), claude(1, ['A?', 'B.', 'C?', 'D.']), claude(1, ['A?', 'B.', 'C?', 'D.'])]));
    assert.deepEqual(counts(twice), [1, 1, 1, 0, 0]);
    await p.json('POST', `/api/v1/imports/${twice.id}/undo`);
    assert.deepEqual((await ended(p, twice.id)).undo, { undone: 2, kept: 0 });
    assert.equal((await conversations(p)).length, 0);
});

test('two imports of the same at once: each conversation once', async () => {
    const p = await somebody();
    const both = await Promise.all([importBytes(p, claudeExport(40)), importBytes(p, claudeExport(40))]);
    assert.deepEqual(both.map((b) => b.status), ['done', 'done']);
    assert.equal(both[0].counts.new + both[1].counts.new, 40);
    assert.equal((await conversations(p)).length, 40);
});

test('several accounts at one provider keep their conversations apart, by what the export says or by what is given', async () => {
    const p = await somebody();
    const of = (account, answer = 'The same answer.') => JSON.stringify([{ ...claude(1, ['The same question?', answer]), ...(account && { account: { uuid: account } }) }]);
    const each = async (rest) => Promise.all((await conversations(p)).map(async (c) => (await p.json('GET', `/api/v1/conversations/${c.id}${rest}`)).body));
    const accounts = async () => (await each('')).map((c) => c.source.account).sort();
    assert.deepEqual(counts(await importBytes(p, of('acc-a'))), [1, 0, 0, 0, 0]);
    assert.deepEqual(counts(await importBytes(p, of('acc-b'))), [1, 0, 0, 0, 0]);
    assert.deepEqual(await accounts(), ['acc-a', 'acc-b']);
    assert.deepEqual(counts(await importBytes(p, of('acc-a'))), [0, 0, 1, 0, 0]);
    assert.deepEqual(counts(await importBytes(p, of('acc-b', 'Another answer.'))), [0, 1, 0, 0, 0]);
    assert.deepEqual(counts(await importBytes(p, of('acc-b'), '?account=mine')), [1, 0, 0, 0, 0], 'what is given wins');
    assert.deepEqual(await accounts(), ['acc-a', 'acc-b', 'mine']);
    assert.deepEqual((await each('/messages')).map((body) => body.items[1].blocks[0].markdown).sort(), ['Another answer.', 'The same answer.', 'The same answer.']);
});

test('only one provider is asked for: the others are skipped, with the reason', async () => {
    const p = await somebody();
    const done = await importBytes(p, claudeExport(1), '?provider=chatgpt');
    assert.deepEqual(counts(done), [0, 0, 0, 1, 0]);
    assert.equal((await itemsOf(p, done.id))[0].reason_code, 'other_provider');
});

test('bad requests: a stranger, another account, unknown words, too much', async () => {
    const stranger = client(server, { origin: server.url });
    assert.equal((await stranger.fetch('/api/v1/imports', { method: 'POST', body: 'x' })).status, 401);
    assert.equal((await stranger.fetch('/api/v1/uploads', { method: 'POST', headers: { 'upload-length': '1', 'tus-resumable': '1.0.0' } })).status, 401);
    const mine = await importBytes(owner, claudeExport(1));
    for (const [method, path] of [['GET', ''], ['GET', '/items'], ['POST', '/undo'], ['POST', '/cancel'], ['POST', '/take'], ['DELETE', '']])
        assert.equal((await other.json(method, `/api/v1/imports/${mine.id}${path}`)).status, 404, `${method} ${path}`);
    const wrong = await owner.fetch('/api/v1/imports?provider=nobody', { method: 'POST', body: claudeExport(1) });
    assert.deepEqual([wrong.status, (await wrong.json()).field], [422, 'provider']);
    assert.equal((await owner.fetch('/api/v1/imports?path=/etc/passwd', { method: 'POST' })).status, 403);
    assert.equal((await owner.fetch('/api/v1/imports', { method: 'POST', body: Buffer.alloc(5 << 20) })).status, 413);
    const form = (body, type = 'multipart/form-data; boundary=b') => owner.fetch('/api/v1/imports', { method: 'POST', body, headers: { 'content-type': type } });
    for (const body of ['--b\r\n\r\nfield\r\n--b--', '--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\ncut', 'nothing', '--b--'])
        assert.equal((await form(body)).status, 400, body);
    assert.equal((await form('--b--', 'multipart/form-data')).status, 400);
    assert.deepEqual(filesKept('imports'), [], 'what was refused leaves nothing');
    assert.equal((await owner.json('DELETE', `/api/v1/imports/${mine.id}`)).status, 204);
    assert.equal((await owner.json('GET', `/api/v1/imports/${mine.id}`)).status, 404);
    assert.equal((await conversations(owner)).length, 1, 'what came in stays');
});

test('a cancelled import keeps what it has and can be undone', async () => {
    const p = await somebody();
    const made = await (await p.fetch('/api/v1/imports', { method: 'POST', body: claudeExport(3000, (i) => `${i} ` + 'long words '.repeat(30)) })).json();
    await p.json('POST', `/api/v1/imports/${made.id}/cancel`);
    const end = await ended(p, made.id);
    assert.ok(['cancelled', 'done'].includes(end.status), end.status);
    assert.equal((await conversations(p)).length, end.counts.new);
    assert.equal((await p.json('POST', `/api/v1/imports/${made.id}/undo`)).status, 202);
    assert.equal((await ended(p, made.id)).status, 'undone');
    assert.equal((await conversations(p)).length, 0);
    assert.equal((await p.json('POST', `/api/v1/imports/${made.id}/cancel`)).status, 409);
});

// --- uploads ---------------------------------------------------------------------------------------------------------

const tus = (person, path, method, headers = {}, body) => person.fetch(path, { method, body, headers: { 'tus-resumable': '1.0.0', ...headers } });
const upload = (person, bytes, options = {}) => new Promise((resolve, reject) => {
    const u = new Upload(bytes, {
        endpoint: `${server.url}/api/v1/uploads`, headers: { cookie: person.cookie, origin: server.url }, chunkSize: 100_000, metadata: { filename: 'export.zip' },
        retryDelays: null, onSuccess: () => resolve(u), onError: reject, ...options,
    });
    u.start();
});

test('tus-js-client uploads in pieces; cut and begun again it goes on where it was; the import takes it', async () => {
    const p = await somebody();
    const bytes = zipOf({ 'conversations.json': claudeExport(300, (i) => `${i} ` + 'sourdough and tides '.repeat(50)) }, { deflate: false });
    let address;
    await assert.rejects(new Promise((resolve, reject) => {
        const u = new Upload(bytes, {
            endpoint: `${server.url}/api/v1/uploads`, headers: { cookie: p.cookie, origin: server.url }, chunkSize: 100_000, metadata: { filename: 'export.zip' }, retryDelays: null,
            onChunkComplete: (_, accepted) => accepted >= 200_000 && (address = u.url, u.abort().then(() => reject(new Error('cut')))),
            onSuccess: resolve, onError: reject,
        });
        u.start();
    }), /cut/);
    const path = new URL(address).pathname;
    const head = await tus(p, path, 'HEAD');
    assert.deepEqual([head.status, head.headers.get('upload-length'), head.headers.get('cache-control')], [200, String(bytes.length), 'no-store']);
    assert.ok(Number(head.headers.get('upload-offset')) >= 200_000);
    const id = path.split('/').at(-1);
    const early = await p.json('POST', '/api/v1/uploads/import', { uploads: id });
    assert.equal(early.status, 409, 'not complete');
    let begun;
    await upload(p, bytes, { uploadUrl: address, onProgress: (sent) => (begun ??= sent) });
    assert.ok(begun >= 200_000, `not from the beginning: ${begun}`);
    const { body } = await p.json('POST', '/api/v1/uploads/import', { uploads: id });
    const done = await ended(p, body.id);
    assert.equal(done.label, 'export.zip');
    assert.deepEqual(counts(done), [300, 0, 0, 0, 0]);
    assert.equal((await tus(p, path, 'HEAD')).status, 404);
    assert.deepEqual(filesKept('uploads'), []);
});

test('of a piece that is cut what came is kept, and the client goes on behind it', async () => {
    const p = await somebody();
    const bytes = zipOf({ 'conversations.json': claudeExport(300, (i) => `${i} ` + 'sourdough and tides '.repeat(200)) }, { deflate: false });
    const path = (await tus(p, '/api/v1/uploads', 'POST', { 'upload-length': String(bytes.length) })).headers.get('location');
    const offset = async () => Number((await tus(p, path, 'HEAD')).headers.get('upload-offset'));
    // A small one is in memory, a large one in a file; one is announced by its length, one comes in chunks.
    const cut = (from, to, frame) => new Promise((resolve) => {
        const url = new URL(server.url), socket = net.connect(Number(url.port), url.hostname);
        socket.write(`PATCH ${path} HTTP/1.1\r\nHost: ${url.host}\r\nOrigin: ${server.url}\r\nCookie: ${p.cookie}\r\nTus-Resumable: 1.0.0\r\n`
            + `Content-Type: application/offset+octet-stream\r\nIdempotency-Key: one\r\nUpload-Offset: ${from}\r\n${frame}\r\n\r\n`);
        if (frame.startsWith('Transfer')) socket.write(`${(bytes.length - from).toString(16)}\r\n`);
        socket.write(bytes.subarray(from, to), () => socket.destroySoon());
        socket.on('error', () => {}).on('close', resolve);
    });
    await cut(0, 1000, `Content-Length: ${bytes.length}`);
    await until('the small piece is kept', async () => await offset() === 1000);
    await cut(1000, 800_000, 'Transfer-Encoding: chunked');
    await until('the large piece is kept', async () => await offset() === 800_000);
    await cut(500, 900_000, `Content-Length: ${bytes.length}`);
    let begun;
    // The refused one may hold the upload a moment longer (409): a client asks again.
    await upload(p, bytes, { uploadUrl: server.url + path, retryDelays: Array(50).fill(200), onProgress: (sent) => (begun ??= sent) });
    assert.ok(begun >= 800_000, `not from the beginning: ${begun}`);
    const { body } = await p.json('POST', '/api/v1/uploads/import', { uploads: path.split('/').at(-1) });
    assert.deepEqual(counts(await ended(p, body.id)), [300, 0, 0, 0, 0], 'not a byte of it is another');
});

test('a folder of uploads is one import, with the names that it had', async () => {
    const p = await somebody();
    const ids = [];
    for (const [i, name] of ['chats/one.json', 'chats/two.json'].entries())
        ids.push((await upload(p, Buffer.from(JSON.stringify([claude(i + 1, ['Q?', 'A.'])])), { metadata: { filename: 'x.json', relativePath: name } })).url.split('/').at(-1));
    const { body } = await p.json('POST', '/api/v1/uploads/import', { uploads: ids.join(','), label: 'chats' });
    const done = await ended(p, body.id);
    assert.equal(done.label, 'chats');
    assert.deepEqual((await itemsOf(p, done.id)).map((i) => i.file), ['chats/one.json', 'chats/two.json']);
});

test('tus to the letter: wrong versions, offsets, types, lengths; termination; another account', async () => {
    const p = await somebody();
    const create = (headers) => tus(p, '/api/v1/uploads', 'POST', headers);
    assert.equal((await p.fetch('/api/v1/uploads', { method: 'POST', headers: { 'upload-length': '5' } })).status, 412);
    for (const length of ['', '-1', 'x', '1e3', '99999999999999999999']) assert.equal((await create({ 'upload-length': length })).status, 400, length);
    assert.equal((await create({ 'upload-length': String(5 << 20) })).status, 413);
    const made = await create({ 'upload-length': '10', 'upload-metadata': `filename ${Buffer.from('ä.json').toString('base64')},broken !!` });
    assert.equal(made.status, 201);
    assert.ok(made.headers.get('upload-expires') && made.headers.get('tus-resumable'));
    const path = made.headers.get('location');
    assert.equal((await p.json('GET', path)).body.name, 'ä.json');
    const patch = (offset, body, headers = {}, who = p) => tus(who, path, 'PATCH', { 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset), ...headers }, body);
    assert.equal((await patch(0, 'hello', { 'content-type': 'text/plain' })).status, 415);
    assert.equal((await patch(3, 'hello')).status, 409);
    assert.equal((await patch(0, 'hello', {}, other)).status, 404);
    assert.equal((await patch(0, 'hello world!')).status, 413);
    const good = await patch(0, 'hello');
    assert.deepEqual([good.status, good.headers.get('upload-offset')], [204, '5']);
    assert.equal((await patch(0, 'hello')).status, 409, 'the same piece again');
    assert.equal((await tus(other, path, 'DELETE')).status, 404);
    assert.equal((await tus(p, path, 'DELETE')).status, 204);
    assert.equal((await tus(p, path, 'HEAD')).status, 404);
    const { status, body } = await p.json('POST', '/api/v1/uploads/import', { uploads: path.split('/').at(-1) });
    assert.deepEqual([status, body.field], [422, 'uploads']);
    const late = (await create({ 'upload-length': '3' })).headers.get('location');
    await changeRows(server, 'UPDATE upload SET expires_ms = 1');
    assert.equal((await tus(p, late, 'HEAD')).status, 410);
});

// --- command and folder --------------------------------------------------------------------------------------------------

test('vivim import reads where it lies, says what came of it, and why not', async () => {
    const p = await somebody(), folder = tempFolder();
    writeFileSync(join(folder, 'export.zip'), zipOf({ 'conversations.json': claudeExport(3) }));
    writeFileSync(join(folder, 'words.txt'), 'nothing');
    const vivim = (...argv) => server.vivim(['import', '--user', p.handle, ...argv], { check: false });
    const dry = await vivim('--dry-run', join(folder, 'export.zip'));
    assert.match(dry.stdout, /would be 3 new, 0 changed/);
    assert.equal((await conversations(p)).length, 0);
    const done = await vivim(folder);
    assert.match(done.stdout, /done {2}3 new, 0 changed, 0 unchanged, 0 skipped, 0 failed/);
    const again = await vivim('--json', '--account', 'me@example.org', join(folder, 'export.zip'));
    assert.equal(JSON.parse(again.stdout).account, 'me@example.org');
    const nothing = await vivim(join(folder, 'words.txt'));
    assert.equal(nothing.code, 1);
    assert.match(nothing.stderr, /there is no conversation of a known provider in it/);
    const absent = await vivim(join(folder, 'absent'));
    assert.deepEqual([absent.code, /there is no file or folder/.test(absent.stderr)], [1, true]);
    assert.ok(existsSync(join(folder, 'export.zip')), 'what was named is left alone');
});

test('the watched folder: a file that is put there is imported for its account and moves to done or failed', async () => {
    const p = await somebody(), mine = join(watched, p.handle);
    mkdirSync(mine);
    writeFileSync(join(watched, '.part'), claudeExport(4));
    renameSync(join(watched, '.part'), join(mine, 'export.json'));
    await until('it is imported', () => existsSync(join(mine, 'done', 'export.json')));
    assert.equal((await conversations(p)).length, 4);
    const { body } = await p.json('GET', '/api/v1/imports');
    assert.deepEqual([body.items.length, body.items[0].way, body.items[0].label], [1, 'watch', 'export.json']);
    writeFileSync(join(mine, 'words.txt'), 'nothing');
    await until('it is set aside', () => existsSync(join(mine, 'failed', 'words.txt')));
    assert.equal(readFileSync(join(mine, 'failed', 'words.txt'), 'utf8'), 'nothing');
});

// --- what is kept, and for how long --------------------------------------------------------------------------------------------

test('storage by kind and by import', async () => {
    const p = await somebody(), grok = 'tests/unit/imports/samples/grok', empty = (await p.json('GET', '/api/v1/storage')).body;
    assert.deepEqual(empty, { kinds: [{ kind: 'text', count: 0, bytes: 0 }], imports: [], bytes: 0 });
    const words = await importBytes(p, claudeExport(3), '?name=words.json'), again = await importBytes(p, claudeExport(3));
    const files = Object.fromEntries(readdirSync(grok, { recursive: true, withFileTypes: true }).filter((f) => f.isFile()).map((f) => join(f.parentPath ?? f.path, f.name)).map((path) => [relative(grok, path), readFileSync(path)]));
    const pictures = await importBytes(p, zipOf(files), '?name=pictures.zip');
    const { body } = await p.json('GET', '/api/v1/storage');
    const text = body.kinds.find((k) => k.kind === 'text'), media = body.kinds.filter((k) => k.kind !== 'text').reduce((sum, k) => sum + k.bytes, 0);
    assert.deepEqual(body.imports.map((i) => [i.id, i.label, i.conversations]), [[pictures.id, 'pictures.zip', 2], [words.id, 'words.json', 3]], `not ${again.id}`);
    assert.deepEqual([body.imports[0].text_bytes + body.imports[1].text_bytes, body.imports[0].media_bytes, body.imports[1].media_bytes], [text.bytes, media, 0]);
    assert.ok(media > 0 && body.bytes === text.bytes + media);
    await p.json('POST', `/api/v1/imports/${words.id}/undo`);
    await ended(p, words.id);
    assert.deepEqual((await p.json('GET', '/api/v1/storage')).body.imports.map((i) => i.id), [pictures.id]);
});
