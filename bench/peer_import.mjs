// The peer of bench/import_whole.mjs: JSON.parse of the export, and the text of its messages alone into better-sqlite3 and FTS5, durable.
import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';

const [, , file, path] = process.argv;
const db = new Database(path);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec(`CREATE TABLE conversation (id TEXT PRIMARY KEY, title TEXT, created REAL);
         CREATE TABLE message (id TEXT PRIMARY KEY, conversation_id TEXT NOT NULL, parent TEXT, role TEXT, created REAL, text TEXT);
         CREATE INDEX message_conversation ON message (conversation_id);
         CREATE VIRTUAL TABLE message_text USING fts5 (text, content='')`);
const addConversation = db.prepare('INSERT INTO conversation VALUES (?, ?, ?)');
const addMessage = db.prepare('INSERT INTO message VALUES (?, ?, ?, ?, ?, ?)');
const addText = db.prepare('INSERT INTO message_text (rowid, text) VALUES (?, ?)');

const textOf = ({ parts, text, thoughts }) => (parts ? parts.filter((p) => typeof p === 'string').join('\n') : text ?? (thoughts ?? []).map((t) => t.content).join('\n'));
const store = db.transaction((some) => {
    for (const c of some) {
        addConversation.run(c.id, c.title, c.create_time);
        for (const { message: m, parent } of Object.values(c.mapping)) {
            const text = m && textOf(m.content);
            if (!text) continue;
            const { lastInsertRowid } = addMessage.run(m.id, c.id, parent, m.author.role, m.create_time, text);
            if (!m.metadata.is_visually_hidden_from_conversation) addText.run(lastInsertRowid, text);
        }
    }
});
const all = JSON.parse(readFileSync(file, 'latin1'));
for (let i = 0; i < all.length; i += 64) store(all.slice(i, i + 64));
db.close();
const used = process.cpuUsage();
console.log(JSON.stringify({ conversations: all.length, cpu_seconds: (used.user + used.system) / 1e6 }));
