// The peer of bench/read.mjs: fastify + better-sqlite3, written as its documentation does it.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import fastify from 'fastify';

const [, , file, path, socket] = process.argv;
const { id, token, messages } = JSON.parse(readFileSync(file, 'utf8'));
const db = new Database(path);
db.pragma('journal_mode = WAL');
db.exec(`CREATE TABLE token (hash BLOB PRIMARY KEY, user_id TEXT NOT NULL);
         CREATE TABLE conversation (owner_id TEXT, id TEXT, version INTEGER, PRIMARY KEY (owner_id, id));
         CREATE TABLE message (owner_id TEXT, conversation_id TEXT, position INTEGER, hidden INTEGER, on_path INTEGER, head TEXT, blocks TEXT,
                               PRIMARY KEY (owner_id, conversation_id, position))`);
const hash = (t) => createHash('sha256').update(t).digest();
db.prepare('INSERT INTO token VALUES (?, ?)').run(hash(token), 'owner');
db.prepare('INSERT INTO conversation VALUES (?, ?, 1)').run('owner', id);
for (const m of messages) {
    const { blocks, ...head } = m;
    db.prepare('INSERT INTO message VALUES (?, ?, ?, 0, 1, ?, ?)').run('owner', id, m.position, JSON.stringify(head), JSON.stringify(blocks));
}
const byToken = db.prepare('SELECT user_id FROM token WHERE hash = ?');
const one = db.prepare('SELECT version FROM conversation WHERE owner_id = ? AND id = ?');
const page = db.prepare('SELECT head, blocks FROM message WHERE owner_id = ? AND conversation_id = ? AND position > ? AND on_path AND NOT hidden ORDER BY position LIMIT 51');

const app = fastify();
app.get('/api/v1/conversations/:id/messages', (request, reply) => {
    const user = byToken.get(hash((request.headers.authorization ?? '').slice(7)));
    if (!user) return reply.code(401).send({ code: 'unauthenticated' });
    const conversation = one.get(user.user_id, request.params.id);
    if (!conversation) return reply.code(404).send({ code: 'not_found' });
    reply.header('etag', `"${conversation.version}"`);
    const items = page.all(user.user_id, request.params.id, -1).map((r) => {
        const { hash: h, ...head } = JSON.parse(r.head);
        return { ...head, blocks: JSON.parse(r.blocks), hash: h };
    });
    return { items, next_cursor: null };
});
await app.listen({ path: socket });
console.log('ready');
process.on('SIGTERM', () => process.exit(0));
