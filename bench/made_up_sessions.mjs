// Made-up sessions of Claude Code of any size, the same for the same seed: node bench/made_up_sessions.mjs FOLDER MEGABYTES [SEED]
//
// Their proportions are those that were measured on real ones (two thirds of the bytes are tool traffic, which stands there twice, as
// the model got it and as the program keeps it; a session has from some dozens of kilobytes to 15 MB): prose, thoughts with their
// seals, calls, files with line numbers, output of programs, pictures now and then, book-keeping between. Each record is a line.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WORDS = ('the tide follows moon and sun because water is drawn along a coast whose shape decides how high it comes in each harbour while yeast eats sugar in dough until heat stops it then '
    + 'a log that is written before the page keeps what was promised when power fails so commit groups many writes into one sync which costs little for each of them').split(' ');
const RARE = ['na\u00efve', '\u2019s', '\u2014', '\u6f6e\u6c50', 'gr\u00f6\u00dfer', '\ud83c\udf0a'];
const CODE = ['    for (size_t i = 0; i < n; i++)', '        sum += values[i] * weights[i];', '    if (!rows.length) return null;', '    const total = await db.get("SELECT count(*) FROM tide WHERE harbour = ?", id);', '\treturn err_note(E_INVALID, "url", "the URL has a port; leave it out");', '', '}', '/* Why: a half tide misleads. */'];

export function* madeUpSessions(bytes, seed = 1) {
    let state = seed >>> 0, clock = 1_770_000_000_000, written = 0;
    const next = () => { // mulberry32
        state = (state + 0x6d2b79f5) >>> 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    const below = (n) => Math.floor(next() * n), pick = (list) => list[below(list.length)];
    const hex = (n) => { let s = ''; while (s.length < n) s += Math.floor(next() * 4294967296).toString(16).padStart(8, '0'); return s.slice(0, n); };
    const uuid = () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
    const sentence = (n) => { const s = Array.from({ length: n }, () => (next() < 0.02 ? pick(RARE) : pick(WORDS))).join(' '); return s[0].toUpperCase() + s.slice(1) + '.'; };
    const paragraph = () => Array.from({ length: 1 + below(3) }, () => sentence(6 + below(14))).join(' ');
    const source = (n) => Array.from({ length: n }, () => pick(CODE));
    const session = (size) => {
        const sessionId = uuid(), lines = [], cwd = `/home/me/${pick(WORDS)}`;
        let parent = null, length = 0;
        const put = (record) => { const line = JSON.stringify(record); lines.push(line); length += line.length + 1; };
        const record = (type, more) => {
            const id = uuid();
            put({ parentUuid: parent, isSidechain: false, userType: 'external', cwd, sessionId, version: '2.1.81', gitBranch: 'main', type, ...more, uuid: id, timestamp: new Date((clock += 500 + below(9000))).toISOString() });
            parent = id;
        };
        const model = (id, block) => record('assistant', { message: { model: 'claude-opus-4-5', id, type: 'message', role: 'assistant', content: [block], stop_reason: null, stop_sequence: null, usage: { input_tokens: 4, cache_creation_input_tokens: 1000, cache_read_input_tokens: 90000, output_tokens: below(900), service_tier: 'standard' } }, requestId: 'req_' + hex(24) });
        const result = (id, content, toolUseResult) => record('user', { message: { role: 'user', content: [{ tool_use_id: id, type: 'tool_result', content }] }, toolUseResult });
        const tool = () => {
            const id = 'toolu_' + hex(24), path = `${cwd}/${pick(WORDS)}.c`, kind = next();
            if (kind < 0.4) {
                const code = source(20 + below(300));
                model('msg_' + hex(24), { type: 'tool_use', id, name: 'Read', input: { file_path: path } });
                result(id, code.map((l, i) => `${String(i + 1).padStart(6)}\u2192${l}`).join('\n'), { type: 'text', file: { filePath: path, content: code.join('\n'), numLines: code.length, startLine: 1, totalLines: code.length } });
            } else if (kind < 0.75) {
                const out = Array.from({ length: 3 + below(120) }, () => `${pick(WORDS)}.c:${below(900)}: ${sentence(6)}`).join('\n');
                model('msg_' + hex(24), { type: 'tool_use', id, name: 'Bash', input: { command: `make ${pick(WORDS)} 2>&1 | tail -${below(200)}`, description: sentence(4) } });
                result(id, out, { stdout: out, stderr: '', interrupted: false, isImage: false });
            } else {
                const old = source(2 + below(12)).join('\n'), now = source(2 + below(12)).join('\n');
                model('msg_' + hex(24), { type: 'tool_use', id, name: 'Edit', input: { file_path: path, old_string: old, new_string: now } });
                result(id, `The file ${path} has been updated.`, { filePath: path, oldString: old, newString: now, originalFile: source(60 + below(200)).join('\n'), structuredPatch: [{ oldStart: 1, oldLines: 9, newStart: 1, newLines: 9, lines: [...old.split('\n').map((l) => '-' + l), ...now.split('\n').map((l) => '+' + l)] }] });
            }
        };
        put({ type: 'file-history-snapshot', messageId: uuid(), snapshot: { trackedFileBackups: {} }, isSnapshotUpdate: false });
        while (length < size) {
            record('user', { message: { role: 'user', content: next() < 0.3 ? [{ type: 'text', text: `<system-reminder>\n${paragraph()}\n</system-reminder>` }, { type: 'text', text: paragraph() }] : paragraph() } });
            for (let i = 1 + below(12); i > 0; i--) {
                const id = 'msg_' + hex(24);
                if (next() < 0.5) model(id, { type: 'thinking', thinking: paragraph(), signature: hex(400 + below(800)) });
                if (next() < 0.5) model(id, { type: 'text', text: paragraph() });
                tool();
                if (next() < 0.2) record('progress', { data: { type: 'hook_progress', hookEvent: 'PostToolUse', command: sentence(5) } });
            }
            model('msg_' + hex(24), { type: 'text', text: `${paragraph()}\n\n- **${pick(WORDS)}**: ${sentence(8)}\n- ${sentence(9)}\n\n\`\`\`c\n${source(8).join('\n')}\n\`\`\`` });
        }
        put({ type: 'ai-title', aiTitle: sentence(4).slice(0, -1), sessionId });
        return { name: `-home-me-${below(20)}/${sessionId}.jsonl`, text: lines.join('\n') + '\n' };
    };
    while (written < bytes) {
        const file = session(next() < 0.05 ? 4e6 + below(11e6) : 3e4 + below(2e6));
        written += file.text.length;
        yield file;
    }
}

export function writeSessions(folder, bytes, seed) {
    for (const { name, text } of madeUpSessions(bytes, seed)) {
        const path = join(folder, name);
        mkdirSync(join(path, '..'), { recursive: true });
        writeFileSync(path, text);
    }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeSessions(process.argv[2], Number(process.argv[3] ?? 1000) * 1e6, Number(process.argv[4] ?? 1));
