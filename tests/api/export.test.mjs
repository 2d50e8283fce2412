// Exports: what comes out is what went in, in every form; whose it is; what cannot be exported; a client that goes away.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { claude, conversations, importBytes, itemsOf } from '../lib/imports.mjs';
import { PNG } from '../lib/pictures.mjs';
import { eventually } from '../lib/realtime.mjs';
import { changeRows, command, signIn, startServer, tempFolder } from '../lib/server.mjs';
import { unzip, zipOf } from '../lib/zip.mjs';

let server, owner, other, ids, me;
const sha = (bytes) => createHash('sha256').update(bytes).digest('hex');
const get = (query, who = owner) => who.fetch(`/api/v1/exports?${query}`);
const bytesOf = async (query, who = owner) => {
    const answer = await get(query, who);
    assert.equal(answer.status, 200, answer.status === 200 ? '' : await answer.text());
    return Buffer.from(await answer.arrayBuffer());
};
const textOf = async (query, who = owner) => (await bytesOf(query, who)).toString();
const refused = async (query, status, field, who = owner) => {
    const answer = await get(query, who);
    const body = await answer.json();
    assert.equal(answer.status, status, JSON.stringify(body));
    assert.equal(body.field, field);
    assert.ok(body.detail.length > 10);
    return body;
};
const linesOf = (text) => text.trimEnd().split('\n').map((line) => JSON.parse(line));
const literal = (id) => (server.environment.VIVIM_DATABASE_URL ? `'${id}'` : `X'${id.replaceAll('-', '')}'`);
const hex = (h) => (server.environment.VIVIM_DATABASE_URL ? `'\\x${h}'` : `X'${h}'`);
const quote = (s) => `'${s.replaceAll("'", "''")}'`;

// A picture and a file of a conversation, as a capture or an import would have stored them.
async function store(account, conversation, bytes, type) {
    const h = sha(bytes), folder = join(server.data, 'blobs', account, h.slice(0, 2));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, h), bytes);
    await changeRows(server, `INSERT INTO media (owner_id, conversation_id, sha256, media_type, bytes) VALUES (${literal(account)}, ${literal(conversation)}, ${hex(h)}, '${type}', ${bytes.length})`);
    return h;
}

const PDF = Buffer.from('%PDF-1.4\nnot much of one\n');
const SOUND = Buffer.concat([Buffer.from('ID3'), Buffer.alloc(5000, 7)]);
const bad = '<script>window.pwned=1</script><img src=x onerror=window.pwned=1>';
let blocks, tides;

before(async () => {
    server = await startServer();
    owner = await signIn(server);
    other = await signIn(server, 'other');
    me = (await owner.json('GET', '/api/v1/me')).body.user.id;
    await owner.json('POST', '/api/v1/sample');
    const { items } = (await owner.json('GET', '/api/v1/conversations')).body;
    tides = items.find((c) => /tides/.test(c.title)).id;
    ids = items.map((c) => c.id).filter((id) => id !== tides);
});
after(async () => assert.equal(await server.stop(), 0));

test('JSON Lines are what the samples are as files, byte for byte but for where and when they came', async () => {
    const lines = linesOf(await textOf('form=jsonl&all=true'));
    assert.equal(lines.length, 3);
    for (const name of ['tides', 'sourdough', 'group_commit']) {
        const { stdout } = await server.vivim(['extract', `src/archive/sample/${name}.json`]);
        const expected = JSON.parse(stdout), got = lines.find((c) => c.title === expected.title);
        assert.ok(got, name);
        expected.source.kind = 'file';
        expected.source.captured_at = got.source.captured_at;
        assert.equal(JSON.stringify(got), JSON.stringify(expected), name);
    }
});

test('the order of members and the way numbers and times are written are those of `vivim extract`', async () => {
    const raw = (await textOf(`form=jsonl&ids=${tides}`)).trimEnd();
    const { stdout } = await server.vivim(['extract', 'src/archive/sample/tides.json']);
    const at = JSON.parse(raw).source.captured_at;
    assert.equal(raw, stdout.trimEnd().replace('"kind":"export"', '"kind":"file"').replace('"captured_at":null', `"captured_at":"${at}"`));
});

test('an archive holds every conversation, its manifest every member', async () => {
    const members = unzip(await bytesOf('all=true'));
    const manifest = JSON.parse(members['manifest.json']);
    assert.equal(manifest.format, 'vivim.export/1');
    assert.deepEqual([manifest.conversations, manifest.gone, manifest.missing, manifest.of.account], [3, [], [], 'owner']);
    assert.deepEqual(manifest.members.map((m) => m.name).sort(), Object.keys(members).filter((n) => n !== 'manifest.json').sort());
    for (const m of manifest.members) assert.deepEqual([m.bytes, m.sha256], [members[m.name].length, sha(members[m.name])], m.name);
    assert.equal(members['conversations/00001.jsonl'].toString(), await textOf('form=jsonl&all=true'));
});

test('what else reads zips reads it, too', async () => {
    for (const query of ['all=true', 'all=true&form=markdown', 'all=true&form=html']) {
        const file = join(server.data, 'export.zip');
        writeFileSync(file, await bytesOf(query));
        const { stdout } = await command('python3', ['-c', 'import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(len(z.namelist()))', file]);
        assert.ok(Number(stdout) > 1);
    }
});

test('an archive that is imported into an empty account gives the same conversations, but for when they came', async () => {
    const reader = await signIn(server, 'newcomer');
    const report = await importBytes(reader, await bytesOf('all=true'), '?name=export.zip');
    assert.equal(report.status, 'done', JSON.stringify(report));
    assert.deepEqual([report.counts.new, report.counts.failed], [3, 0], JSON.stringify(await itemsOf(reader, report.id)));
    const told = async (who) => linesOf(await textOf('form=jsonl&all=true', who)).map((c) => JSON.stringify({ ...c, source: { ...c.source, captured_at: null } })).sort();
    assert.deepEqual(await told(reader), await told(owner));
});

// Of an archive the one conversation with that title, and what was added to it.
function archiveOf(bytes, title) {
    const members = Object.entries(unzip(bytes)).filter(([name]) => /^(conversations|annotations)/.test(name));
    return zipOf(Object.fromEntries(members.map(([name, text]) => [name, text.toString().split('\n').filter((line) => line.includes(`"title":"${title}"`)).join('\n')])));
}
// All that an archive holds but the manifest's words about itself.
const without = (text) => text.replace(/"made_at": "[^"]*"|"account":"[^"]*"/g, '');
const wholeOf = async (who) => {
    const members = unzip(await bytesOf('all=true', who));
    return Object.fromEntries(Object.entries(members).map(([name, bytes]) => [name, name === 'manifest.json' ? without(bytes.toString()) : /^media/.test(name) ? sha(bytes) : bytes.toString()]));
};
// All the formats that there are samples of, with what hangs on their messages, and the fixtures where they are; but for pages, which want a browser.
function givenFolder() {
    const folder = tempFolder('vivim-given-'), page = (path) => /\.(html|mhtml)$|_page|\.told$|\.expect\.json$/.test(path);
    for (const from of ['tests/unit/imports/samples', '../shared/fixtures'].filter(existsSync))
        cpSync(from, join(folder, basename(from)), { recursive: true, filter: (path) => !page(path) });
    return folder;
}

test('export, import, export: the same bytes, with pictures, files, titles of one\'s own and earlier wordings', async () => {
    const giver = await signIn(server, 'giver'), taker = await signIn(server, 'taker');
    const said = (answer, more = []) => claude(1, ['A question?', answer, ...more]);
    await server.vivim(['import', '--user', 'giver', givenFolder()]);
    await importBytes(giver, JSON.stringify([said('The first wording.')]));
    await importBytes(giver, JSON.stringify([said('The second wording.', ['More?', 'More.'])]));
    await importBytes(giver, JSON.stringify([said('The third wording.', ['More?', 'More.'])]));
    const mine = (await conversations(giver)).find((c) => c.title === 'Chat 1');
    await giver.json('PATCH', `/api/v1/conversations/${mine.id}`, { title: 'A name of my own' });

    const first = await wholeOf(giver), archive = await bytesOf('all=true', giver);
    const [note] = linesOf(first['annotations/00001.jsonl']).filter((n) => n.title === 'A name of my own');
    assert.deepEqual(note.versions.map((v) => v.blocks[0].markdown), ['The first wording.', 'The second wording.']);
    assert.ok(Object.keys(first).some((n) => n.startsWith('media/')), 'pictures are among it');

    const report = await importBytes(taker, archive, '?name=export.zip');
    assert.deepEqual([report.status, report.counts.failed, report.counts.skipped, report.counts.changed], ['done', 0, 0, 0], JSON.stringify((await itemsOf(taker, report.id)).filter((i) => i.outcome !== 'new')));
    const second = await wholeOf(taker);
    assert.deepEqual(Object.keys(second), Object.keys(first));
    for (const name of Object.keys(first)) assert.equal(second[name], first[name], name);

    // Bytes and types are served as they were; the message says how often it was worded anew.
    const got = (await conversations(taker)).find((c) => c.title === 'A name of my own');
    const { body: { items } } = await taker.json('GET', `/api/v1/conversations/${got.id}/messages`);
    assert.equal(items[1].version, 3);
    const media = async (who) => {
        const served = [];
        for (const c of await conversations(who))
            for (const b of (await who.json('GET', `/api/v1/conversations/${c.id}/messages?all=true&limit=200`)).body.items.flatMap((m) => m.blocks)) {
                if (!b.sha256) continue;
                const answer = await who.fetch(`/api/v1/conversations/${c.id}/media/${b.sha256}`);
                served.push([answer.status, answer.headers.get('content-type'), sha(Buffer.from(await answer.arrayBuffer())), b.name ?? b.alt, b.sha256].join(' '));
            }
        return served.sort();
    };
    const pictures = await media(giver);
    assert.ok(pictures.length && pictures.every((p) => p.startsWith('200 ')), pictures.join('\n'));
    assert.deepEqual(await media(taker), pictures);

    // Again, there and where it came from: nothing changes.
    for (const who of [taker, giver]) {
        const before = await wholeOf(who), again = await importBytes(who, archive);
        assert.deepEqual([again.counts.unchanged, again.counts.new + again.counts.changed + again.counts.failed], [report.counts.new, 0], JSON.stringify((await itemsOf(who, again.id)).filter((i) => i.outcome !== 'unchanged').slice(0, 5)));
        assert.deepEqual(await wholeOf(who), before);
    }
    // One that was there before without a title of its owner's gets the archive's, once; what its owner called it stays.
    const keeper = await signIn(server, 'keeper');
    await importBytes(keeper, JSON.stringify([said('The third wording.', ['More?', 'More.'])]));
    for (const [changed, mine] of [[1, null], [0, null], [0, 'Mine here']]) {
        const [there] = await conversations(keeper);
        if (mine) await keeper.json('PATCH', `/api/v1/conversations/${there.id}`, { title: mine });
        const counts = (await importBytes(keeper, archiveOf(archive, 'A name of my own'), '?name=export.zip')).counts;
        assert.deepEqual([counts.new, counts.changed], [0, changed]);
        assert.equal((await conversations(keeper))[0].title, mine ?? 'A name of my own');
    }
    // What the message says next is one version more.
    await importBytes(taker, JSON.stringify([said('The fourth wording.', ['More?', 'More.'])]));
    const [after] = linesOf((await wholeOf(taker))['annotations/00001.jsonl']).filter((n) => n.title === 'A name of my own');
    assert.deepEqual(after.versions.map((v) => [v.version, v.blocks[0].markdown]), [[1, 'The first wording.'], [2, 'The second wording.'], [3, 'The third wording.']]);
});

test('an archive without its pictures, or with others in their place: a finding each, and the rest comes in', async () => {
    const reader = await signIn(server, 'without'), picture = sha(PNG), other = sha('another');
    const line = { format: 'vivim.conversation/1', provider: 'claude', title: 'Two pictures', model: null, created_at: null, updated_at: null,
        source: { kind: 'export', url: null, id: 'two-pictures', account: null, strategy: null, recipe: null, captured_at: '2026-01-02T03:04:05Z' }, context: { cwd: null, branch: null, tool: null },
        messages: [{ id: 'm', parent_id: null, role: 'user', author: null, model: null, created_at: null, hidden: false, on_path: true, hash: null,
            blocks: [{ type: 'image', sha256: picture, source_url: null, alt: 'here', width: null, height: null }, { type: 'image', sha256: other, source_url: null, alt: 'swapped', width: null, height: null },
                { type: 'file', name: 'gone.pdf', media_type: 'application/pdf', sha256: sha('gone') }] }], hash: null, findings: [] };
    const note = { format: 'vivim.annotations/1', conversation: { provider: 'claude', id: 'two-pictures', url: null, hash: null }, title: 'Mine', versions: [{ message: 0, version: 0, replaced_at: 'never', blocks: [] }] };
    const report = await importBytes(reader, zipOf({ 'conversations/00001.jsonl': JSON.stringify(line), 'annotations/00001.jsonl': `${JSON.stringify(note)}\nbroken\n`, [`media/${picture}.png`]: PNG, [`media/${other}.png`]: 'not that' }));
    assert.deepEqual([report.counts.new, report.counts.failed], [1, 2]);
    const failed = await itemsOf(reader, report.id, 'failed');
    assert.ok(failed.every((i) => /annotations.00001\.jsonl$/.test(i.file) && i.place && i.reason), JSON.stringify(failed));
    const [c] = linesOf(await textOf('form=jsonl&all=true', reader));
    assert.deepEqual(c.findings.map((f) => [f.code, f.detail]), [['media_unavailable', 'swapped'], ['media_unavailable', 'gone.pdf']]);
    assert.deepEqual([c.title, c.source.captured_at], ['Two pictures', '2026-01-02T03:04:05Z']);
});

test('how large it will be is said before: about what it is then', async () => {
    for (const query of ['form=jsonl&all=true', 'form=archive&all=true', 'form=html&all=true', `form=html&ids=${tides}`, `form=markdown&media=none&ids=${tides},${ids[0]}`]) {
        const answer = await owner.json('GET', `/api/v1/exports/size?${query}`), { length } = await bytesOf(query);
        assert.equal(answer.body.conversations, query.includes('all') ? 3 : query.includes(',') ? 2 : 1, query);
        assert.ok(answer.body.bytes > length / 4 && answer.body.bytes < length * 4, `${query}: ${answer.body.bytes} for ${length}`);
    }
    const { status, body } = await other.json('GET', `/api/v1/exports/size?ids=${tides}`);
    assert.deepEqual([status, body.field], [404, 'ids']);
});

test('a picture, a sound and a file go along: beside Markdown, inside of a page, once in an archive', async () => {
    const picture = await store(me, tides, PNG, 'image/png'), file = await store(me, tides, PDF, 'application/pdf'), sound = await store(me, tides, SOUND, 'audio/mpeg');
    const absent = sha('no such bytes');
    await changeRows(server, `INSERT INTO media (owner_id, conversation_id, sha256, media_type, bytes) VALUES (${literal(me)}, ${literal(tides)}, ${hex(absent)}, 'image/png', 9)`);
    const first = (await owner.json('GET', `/api/v1/conversations/${tides}/messages?limit=1`)).body.items[0];
    blocks = [
        { type: 'image', sha256: picture, source_url: 'https://x.example/a.png', alt: `a "picture" ${bad}`, width: 1, height: 1 },
        { type: 'image', sha256: absent, source_url: 'https://x.example/gone.png', alt: 'gone', width: null, height: null },
        { type: 'image', sha256: null, source_url: 'https://x.example/hot.png', alt: 'hot', width: null, height: null },
        { type: 'file', name: `paper [1].pdf${bad}`, media_type: 'application/pdf', sha256: file },
        { type: 'file', name: 'voice.mp3', media_type: 'audio/mpeg', sha256: sound },
        { type: 'text', markdown: `Said ${bad} once.` }, { type: 'citation', url: 'https://a.example/(x)', title: `A ${bad}`, start: 0, end: 4 },
        { type: 'code', language: 'js`', code: 'const fence = "````";\n```\nx\n```' },
        { type: 'table', header: ['a|b'], rows: [['c\nd']] }, { type: 'tool_call', id: '1', name: `</details>${bad}`, arguments: '{"a":1}' },
        { type: 'tool_result', call_id: '1', content: bad, is_error: true }, { type: 'thinking', text: 'hm', summary: 'Thought' },
        { type: 'artifact', id: '1', kind: 'text/html', title: 'Art', content: bad }, { type: 'unknown', raw: { x: bad } },
    ];
    await changeRows(server, `UPDATE message SET blocks = ${quote(JSON.stringify(blocks))} WHERE owner_id = ${literal(me)} AND id = ${literal(first.id)}`);

    const archive = unzip(await bytesOf(`ids=${tides}`));
    assert.deepEqual(archive[`media/${picture}.png`], PNG);
    assert.deepEqual(archive[`media/${file}.pdf`], PDF);
    assert.deepEqual(archive[`media/${sound}.mp3`], SOUND);
    const manifest = JSON.parse(archive['manifest.json']);
    assert.deepEqual(manifest.missing, [{ name: `media/${absent}.png`, conversation_id: tides, reason: 'not in the store' }]);
    assert.equal(Object.keys(archive).filter((n) => n.startsWith('media/')).length, 3);
    assert.ok(!Object.keys(unzip(await bytesOf(`ids=${tides}&media=none`))).some((n) => n.startsWith('media/')));

    const pages = unzip(await bytesOf(`form=markdown&ids=${tides}`));
    const [name] = Object.keys(pages).filter((n) => n.endsWith('.md')), page = pages[name].toString();
    assert.deepEqual(pages[`media/${picture}.png`], PNG);
    assert.match(page, new RegExp(`!\\[a "picture" [^\\n]*\\]\\(<media/${picture}\\.png>\\)`));
    assert.match(page, /\[gone\]\(<https:\/\/x\.example\/gone\.png>\) \(not stored\)/);
    assert.match(page, new RegExp(`\\(<media/${file}\\.pdf>\\)`));
    assert.match(page, /Said\[\^s1\] /);
    assert.match(page, /^\[\^s1\]: \[A .*\]\(<https:\/\/a\.example\/\(x\)>\)$/m);
    assert.match(page, /^`````js\nconst fence = "````";\n```\nx\n```\n`````$/m);
    assert.match(page, /\| a\\\|b \|\n\| --- \|\n\| c<br>d \|/);
    assert.match(page, /<summary>Tool call: &lt;\/details&gt;/);

    const html = await textOf(`form=html&ids=${tides}`);
    assert.ok(html.includes(`src="data:image/png;base64,${PNG.toString('base64')}"`));
    assert.ok(html.includes(`<audio controls src="data:audio/mpeg;base64,${SOUND.toString('base64')}"`));
    assert.ok(!/<script|<img src=x/.test(html), 'nothing of the text acts');
    assert.match(html, /Said<sup><a href="#s1">1<\/a><\/sup>/);

    const plain = await textOf(`form=markdown&media=none&ids=${tides}`);
    assert.ok(plain.startsWith('---\ntitle: "Why are there two tides a day?"\n'));
});

test('stored media is served in parts, and only what cannot act is shown', async () => {
    const path = (bytes) => `/api/v1/conversations/${tides}/media/${sha(bytes)}`;
    const part = async (bytes, range, more = {}) => {
        const answer = await owner.fetch(path(bytes), { headers: { range, ...more } });
        return [answer.status, answer.headers.get('content-range'), Buffer.from(await answer.arrayBuffer()), answer];
    };
    const whole = await owner.fetch(path(SOUND));
    assert.deepEqual([whole.status, whole.headers.get('accept-ranges'), whole.headers.get('content-disposition'), whole.headers.get('x-content-type-options')], [200, 'bytes', 'inline', 'nosniff']);
    assert.equal((await owner.fetch(path(PDF))).headers.get('content-disposition'), 'attachment');
    const n = SOUND.length;
    for (const [range, from, to] of [['bytes=0-9', 0, 10], ['bytes=10-', 10, n], ['bytes=-5', n - 5, n], ['bytes=4990-99999', 4990, n], ['bytes=-99999', 0, n]])
        assert.deepEqual((await part(SOUND, range)).slice(0, 3), [206, `bytes ${from}-${to - 1}/${n}`, SOUND.subarray(from, to)], range);
    for (const range of ['bytes=0-1,3-4', 'lines=1-2', 'bytes=5-2', 'bytes=', 'bytes=-', 'bytes=x-', 'bytes=-0'])
        assert.equal((await part(SOUND, range))[0], 200, range);
    const [status, where, body] = await part(SOUND, `bytes=${n}-`);
    assert.deepEqual([status, where, JSON.parse(body).code], [416, `bytes */${n}`, 'range_not_satisfiable']);
    const tag = whole.headers.get('etag');
    assert.equal((await part(SOUND, 'bytes=0-1', { 'if-range': tag }))[0], 206);
    assert.equal((await part(SOUND, 'bytes=0-1', { 'if-range': '"other"' }))[0], 200);
});

test('what its owner added comes along, and is nobody else\'s', async () => {
    await owner.json('PATCH', `/api/v1/conversations/${ids[0]}`, { title: 'A name of my own' });
    const row = (await owner.json('GET', `/api/v1/conversations/${ids[0]}/messages?limit=1`)).body.items[0];
    await changeRows(server, `INSERT INTO message_version (owner_id, message_id, version, conversation_id, blocks, hash, replaced_ms) VALUES (${literal(me)}, ${literal(row.id)}, 1, ${literal(ids[0])}, '[{"type":"text","markdown":"before"}]', 'sha256:0', 1000)`);
    await owner.json('PUT', `/api/v1/conversations/${ids[0]}/members/other`, { role: 'reader' });
    const [note] = linesOf(unzip(await bytesOf(`ids=${ids[0]}`))['annotations/00001.jsonl'].toString());
    assert.equal(note.format, 'vivim.annotations/1');
    assert.equal(note.title, 'A name of my own');
    assert.deepEqual(note.versions, [{ message_id: row.provider_id, message: 0, version: 1, replaced_at: '1970-01-01T00:00:01Z', blocks: [{ type: 'text', markdown: 'before' }], hash: 'sha256:0' }]);
    const [line] = linesOf(await textOf(`form=jsonl&ids=${ids[0]}`));
    assert.deepEqual([note.conversation.provider, note.conversation.id, note.conversation.hash], [line.provider, line.source.id, line.hash]);

    const theirs = unzip(await bytesOf(`ids=${ids[0]}`, other));
    assert.deepEqual(Object.keys(theirs), ['conversations/00001.jsonl', 'manifest.json']);
    assert.equal(linesOf(theirs['conversations/00001.jsonl'].toString())[0].title, 'A name of my own');
    assert.equal(await textOf('form=jsonl&all=true', other), '', 'all is what one owns');
    await refused(`ids=${ids[0]},${ids[1]}`, 404, 'ids', other);
    await owner.json('DELETE', `/api/v1/conversations/${ids[0]}/members/other`);
    await refused(`ids=${ids[0]}`, 404, 'ids', other);
});

test('the account and the folders it was made in go to its owner alone', async () => {
    await changeRows(server, `UPDATE conversation SET account = 'me@x.example', context_cwd = '/home/me', context_branch = 'main', context_tool = 'tool 1' WHERE owner_id = ${literal(me)} AND id = ${literal(ids[1])}`);
    await owner.json('PUT', `/api/v1/conversations/${ids[1]}/members/other`, { role: 'reader' });
    const said = async (who) => (({ source, context }) => [source.account, context])(linesOf(await textOf(`form=jsonl&ids=${ids[1]}`, who))[0]);
    assert.deepEqual(await said(owner), ['me@x.example', { cwd: '/home/me', branch: 'main', tool: 'tool 1' }]);
    assert.deepEqual(await said(other), [null, { cwd: null, branch: null, tool: null }]);
    await owner.json('DELETE', `/api/v1/conversations/${ids[1]}/members/other`);
});

test('earlier wordings stand in the order of the messages, each behind the one before it', async () => {
    const [a, b] = (await owner.json('GET', `/api/v1/conversations/${ids[1]}/messages?limit=2`)).body.items;
    for (const [m, version] of [[b, 1], [a, 2], [b, 10], [a, 1], [b, 2]]) {
        await changeRows(server, `INSERT INTO message_version (owner_id, message_id, version, conversation_id, blocks, hash, replaced_ms) VALUES (${literal(me)}, ${literal(m.id)}, ${version}, ${literal(ids[1])}, '[]', 'sha256:0', 1000)`);
    }
    const [note] = linesOf(unzip(await bytesOf(`ids=${ids[1]}`))['annotations/00001.jsonl'].toString());
    assert.deepEqual(note.versions.map((v) => [v.message, v.version]), [[0, 1], [0, 2], [1, 1], [1, 2], [1, 10]]);
    assert.equal(note.title, null);
});

test('what is in the trash is not exported, by no name, and comes out again when it is back', async () => {
    const trashed = '01890000-0000-7000-8000-00000000aaaa';
    await changeRows(server, `INSERT INTO conversation (owner_id, id, provider, title, title_own, source_kind, hash, findings, version, message_count, captured_ms, stored_ms, trashed_ms)
        VALUES (${literal(me)}, ${literal(trashed)}, 'claude', 'thrown away', FALSE, 'file', 'sha256:0', '[]', 1, 0, 0, 0, 5)`);
    const titles = async () => linesOf(await textOf('form=jsonl&all=true')).map((c) => c.title);
    assert.ok(!(await titles()).includes('thrown away'));
    assert.deepEqual(JSON.parse(unzip(await bytesOf('all=true'))['manifest.json']).gone, []);
    await refused(`ids=${trashed}`, 404, 'ids');
    assert.equal((await owner.json('POST', `/api/v1/trash/${trashed}/restore`)).status < 300, true);
    assert.ok((await titles()).includes('thrown away'));
    assert.equal((await owner.json('DELETE', `/api/v1/conversations/${trashed}`)).status, 204);
});

test('what was kept of captures comes when it is asked for, and to its owner alone', async () => {
    const capture = '01890000-0000-7000-a000-000000000000', raw = Buffer.from('{"raw":true}'), h = sha(raw), folder = join(server.data, 'blobs', me, h.slice(0, 2));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, h), raw);
    await changeRows(server, `INSERT INTO capture (owner_id, id, url, provider, share_id, conversation_id, created_ms) VALUES (${literal(me)}, ${literal(capture)}, 'https://x.example/', 'chatgpt', 's', ${literal(ids[1])}, 0)`);
    await changeRows(server, `INSERT INTO capture_evidence (owner_id, capture_id, kind, sha256, bytes, created_ms) VALUES (${literal(me)}, ${literal(capture)}, 'json', ${hex(h)}, ${raw.length}, 0)`);
    const name = `evidence/${capture}/json.json`;
    assert.deepEqual(unzip(await bytesOf(`evidence=true&ids=${ids[1]}`))[name], raw);
    assert.ok(!(name in unzip(await bytesOf(`ids=${ids[1]}`))));
    await owner.json('PUT', `/api/v1/conversations/${ids[1]}/members/other`, { role: 'reader' });
    assert.deepEqual(Object.keys(unzip(await bytesOf(`evidence=true&ids=${ids[1]}`, other))), ['conversations/00001.jsonl', 'manifest.json']);
    await owner.json('DELETE', `/api/v1/conversations/${ids[1]}/members/other`);
});

test('a search is exported as what it finds', async () => {
    const found = await eventually(async () => {
        const answer = await get('form=jsonl&q=tides');
        return answer.status === 200 && linesOf(await answer.text());
    });
    assert.deepEqual(found.map((c) => c.title), ['Why are there two tides a day?']);
    await refused('q=quuxquux', 404, 'q');
});

for (const [query, status, field] of [
    ['', 422, 'ids'], ['form=jsonl', 422, 'ids'], ['all=false', 422, 'ids'], ['all=true&q=x', 422, 'ids'], ['ids=x', 422, 'ids'], ['ids=', 422, 'ids'], ['ids=,', 422, 'ids'],
    ['form=docx&all=true', 422, 'form'], ['form=&all=true', 422, 'form'], ['media=some&all=true', 422, 'media'], ['form=html&evidence=true&all=true', 422, 'evidence'], ['colour=red&all=true', 422, 'colour'],
    ['ids=00000000-0000-7000-8000-000000000000', 404, 'ids'], [`ids=${Array(201).fill('00000000-0000-7000-8000-000000000000').join(',')}`, 404, 'ids'], [`q=${'x'.repeat(2100)}`, 422, 'q'],
]) test(`refused: ${query.slice(0, 60) || 'nothing'}`, () => refused(query, status, field));

test('more than 200 ids are too many; the same id twice is one', async () => {
    await refused(`ids=${Array(201).fill(ids[0]).join(',')}`, 413, 'ids');
    assert.equal(linesOf(await textOf(`form=jsonl&ids=${ids[0]},${ids[0]}`)).length, 1);
});

test('a stranger gets 401, a token that may not read 403', async () => {
    assert.equal((await fetch(`${server.url}/api/v1/exports?all=true`)).status, 401);
    const { token } = (await owner.json('POST', '/api/v1/tokens', { name: 'w', scopes: ['write'] })).body;
    assert.equal((await fetch(`${server.url}/api/v1/exports?all=true`, { headers: { authorization: `Bearer ${token}` } })).status, 403);
});

test('the head alone', async () => {
    const answer = await owner.fetch('/api/v1/exports?all=true', { method: 'HEAD' });
    assert.deepEqual([answer.status, answer.headers.get('content-type'), await answer.text()], [200, 'application/zip', '']);
});

test('names: what a title cannot be as a file, and several of one title', async () => {
    const titles = ['../../etc/passwd', 'CON', 'x'.repeat(300) + '漢', 'one/two\\three:four', '😀 emoji', 'same', 'same', 'SAME'];
    for (const [i, title] of titles.entries()) {
        await changeRows(server, `INSERT INTO conversation (owner_id, id, provider, title, title_own, source_kind, hash, findings, version, message_count, captured_ms, stored_ms, created_ms)
            VALUES (${literal(me)}, ${literal(`01890000-0000-7000-8000-0000000000${String(i).padStart(2, '0')}`)}, 'claude', ${quote(title)}, FALSE, 'file', 'sha256:0', '[]', 1, 0, 0, 0, 0)`);
    }
    const names = Object.keys(unzip(await bytesOf('form=markdown&all=true'))).filter((n) => n.startsWith('1970'));
    assert.equal(names.length, titles.length);
    assert.equal(new Set(names.map((n) => n.toLowerCase())).size, titles.length);
    for (const name of names) {
        assert.ok(Buffer.byteLength(name) <= 130, name);
        assert.ok(!/[\\/:*?"<>|\0]|^\.|\.\./.test(name), name);
    }
    assert.ok(names.includes('1970-01-01 😀 emoji.md') && names.includes('1970-01-01 etc passwd.md'));
    const answer = await get('form=markdown&ids=01890000-0000-7000-8000-000000000001');
    assert.equal(answer.headers.get('content-disposition'), "attachment; filename=\"_CON.md\"; filename*=UTF-8''_CON.md");
    assert.match(await answer.text(), /^---\ntitle: "CON"/);
});

// 20 MB that no compression makes small: it neither fits into buffers nor is over at once.
async function makeLarge() {
    const pg = server.environment.VIVIM_DATABASE_URL;
    const noise = pg ? "(SELECT string_agg(md5(random()::text || s), '') FROM generate_series(1, 6250) AS s WHERE s + i > 0)" : 'hex(randomblob(100000))';
    const id = pg ? "('01890000-0000-7000-9000-' || lpad(i::text, 12, '0'))::uuid" : "unhex('0189000000007000' || '9000' || printf('%012d', i))";
    const numbers = pg ? 'generate_series(0, 99) AS n(i)' : '(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99) SELECT i FROM n)';
    await changeRows(server, `INSERT INTO message (owner_id, id, conversation_id, position, role, hidden, on_path, blocks, hash, version)
        SELECT ${literal(me)}, ${id}, ${literal('01890000-0000-7000-8000-000000000000')}, i, 'user', FALSE, TRUE, '[{"type":"text","markdown":"' || ${noise} || '"}]', 'sha256:0', 1 FROM ${numbers}`);
}

const rawRequest = (query) => {
    const url = new URL(server.url), socket = net.connect(Number(url.port), url.hostname);
    socket.write(`GET /api/v1/exports?${query} HTTP/1.1\r\nHost: ${url.host}\r\nCookie: ${owner.cookie}\r\n\r\n`);
    return socket;
};

// One that has begun, and waits for its reader; those that were left before it may take a moment to end.
const begun = (query) => eventually(async () => {
    const socket = rawRequest(query);
    const first = await new Promise((resolve) => socket.once('data', (d) => (socket.pause(), resolve(d))));
    if (/^HTTP\/1.1 200/.test(first.toString('latin1'))) return { socket, first };
    socket.destroy();
    return null;
});

test('a client that reads slowly gets all of it; one that goes away ends it, and makes room for the next', async () => {
    await makeLarge();
    const LARGE = 'form=jsonl&ids=01890000-0000-7000-8000-000000000000';
    const whole = await bytesOf(LARGE);
    assert.ok(whole.length > 15e6);
    const answer = await get(LARGE);
    const parts = [];
    for await (const part of answer.body) {
        parts.push(part);
        if (parts.length % 100 === 1 && parts.length < 1000) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.ok(Buffer.concat(parts).equals(whole));

    for (let round = 0; round < 3; round++) {
        const sockets = [(await begun(LARGE)).socket, (await begun(LARGE)).socket];
        const third = await get(LARGE);
        assert.equal(third.status, 429);
        assert.match((await third.json()).detail, /under way/);
        for (const s of sockets) s.destroy();
        await eventually(async () => {
            const again = await get(`form=jsonl&ids=${tides}`);
            await again.arrayBuffer();
            return again.status === 200;
        });
    }
});

test('a conversation deleted meanwhile is named, the others are there', async () => {
    // It waits for its reader in the large one, which comes first; then the last one goes.
    const last = '01ffffff-0000-7000-8000-000000000000';
    await changeRows(server, `INSERT INTO conversation (owner_id, id, provider, title, title_own, source_kind, hash, findings, version, message_count, captured_ms, stored_ms)
        VALUES (${literal(me)}, ${literal(last)}, 'claude', 'last', FALSE, 'file', 'sha256:0', '[]', 1, 0, 0, 0)`);
    const { socket, first } = await begun('all=true&form=archive'), parts = [first];
    assert.equal((await owner.json('DELETE', `/api/v1/conversations/${last}`)).status, 204);
    socket.on('data', (d) => parts.push(d));
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
    const all = Buffer.concat(parts);
    const body = all.subarray(all.indexOf('\r\n\r\n') + 4);
    const chunks = [];
    for (let at = 0; ;) {
        const line = body.indexOf('\r\n', at), n = parseInt(body.subarray(at, line).toString(), 16);
        if (!n) break;
        chunks.push(body.subarray(line + 2, line + 2 + n));
        at = line + 4 + n;
    }
    const manifest = JSON.parse(unzip(Buffer.concat(chunks))['manifest.json']);
    assert.deepEqual(manifest.gone, [last]);
    assert.ok(manifest.conversations > 5);
});

test('vivim export writes the same, and a file only when it is whole', async () => {
    const folder = tempFolder('vivim-export-'), file = join(folder, 'out.zip');
    await server.vivim(['export', '-o', file, '--user', 'owner']);
    const members = unzip(readFileSync(file));
    assert.ok(members['manifest.json'] && !existsSync(`${file}.part`));
    const { stdout } = await server.vivim(['export', '--form', 'jsonl', '--user', 'owner', tides]);
    assert.equal(stdout, await textOf(`form=jsonl&ids=${tides}`));
    const page = await server.vivim(['export', '--form', 'markdown', '--no-media', '--user', 'owner', tides]);
    assert.equal(page.stdout, await textOf(`form=markdown&media=none&ids=${tides}`));
    const none = await server.vivim(['export', '-o', join(folder, 'none.zip'), '--user', 'owner', '--query', 'quuxquux'], { check: false });
    assert.equal(none.code, 1);
    assert.match(none.stderr, /finds nothing/);
    assert.ok(!existsSync(join(folder, 'none.zip')) && !existsSync(join(folder, 'none.zip.part')));
    assert.equal((await server.vivim(['export', '--query', 'x', tides], { check: false })).code, 2);
    const nowhere = await server.vivim(['export', '-o', join(folder, 'no', 'such', 'folder.zip'), '--user', 'owner'], { check: false });
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.stderr, /cannot be written/);
});
