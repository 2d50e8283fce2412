// A made-up ChatGPT export of any size, the same for the same seed: node bench/made_up_export.mjs MEGABYTES [SEED] > conversations.json
//
// Its proportions are those that exports have: of the bytes about a third are words of messages, the rest is the tree around them
// (ids thrice, times, flags, metadata of searches and files, hidden system messages, tool calls and their results). Prose, lists,
// code, tables and formulas; like the real file it is ASCII with the rest as \u escapes. Conversations have from 2 to a few hundred
// messages, and every fifth a second branch.
import { fileURLToPath } from 'node:url';

const WORDS = ('the tide follows moon and sun because water is drawn along a coast whose shape decides how high it comes in each harbour while yeast eats sugar in dough until heat stops it then '
    + 'a log that is written before the page keeps what was promised when power fails so commit groups many writes into one sync which costs little for each of them').split(' ');
const RARE = ['na\u00efve', '\u2019s', '\u2014', '\u6f6e\u6c50', 'gr\u00f6\u00dfer', '\ud83c\udf0a', '\u03c0'];
const CODE = ['for (let i = 0; i < n; i++) sum += values[i] * weights[i];', 'if (!rows.length) return null;', 'const total = await db.get("SELECT count(*) FROM tide WHERE harbour = ?", id);', 'def height(t, parts):\n    return sum(a * cos(w * t + p) for a, w, p in parts)'];

export function* madeUpExport(bytes, seed = 1) {
    let state = seed >>> 0, clock = 1_700_000_000, written = 0;
    const next = () => { // mulberry32
        state = (state + 0x6d2b79f5) >>> 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    const below = (n) => Math.floor(next() * n), pick = (list) => list[below(list.length)];
    const hex = (n) => Array.from({ length: n }, () => below(16).toString(16)).join('');
    const uuid = () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
    const sentence = (n) => { const s = Array.from({ length: n }, () => (next() < 0.02 ? pick(RARE) : pick(WORDS))).join(' '); return s[0].toUpperCase() + s.slice(1) + '.'; };
    const paragraph = () => Array.from({ length: 1 + below(4) }, () => sentence(6 + below(18))).join(' ');
    const answer = () => {
        const parts = [paragraph()];
        for (let i = below(7); i > 0; i--) {
            const kind = next();
            if (kind < 0.5) parts.push(paragraph());
            else if (kind < 0.7) parts.push(Array.from({ length: 2 + below(5) }, () => `- **${pick(WORDS)}**: ${sentence(5 + below(10))}`).join('\n'));
            else if (kind < 0.85) parts.push('```js\n' + Array.from({ length: 2 + below(12) }, () => pick(CODE)).join('\n') + '\n```');
            else if (kind < 0.93) parts.push(`| ${pick(WORDS)} | ${pick(WORDS)} |\n|---|---|\n` + Array.from({ length: 2 + below(5) }, () => `| ${pick(WORDS)} | ${below(1000)} |`).join('\n'));
            else parts.push(`### ${sentence(4)}\n\n\\[ h = \\sum_i a_i \\cos(w_i t + p_i) \\]`);
        }
        return parts.join('\n\n');
    };
    const node = (nodes, parent, role, content, metadata, more = {}) => {
        const id = uuid();
        clock += 1 + below(90);
        nodes[id] = { id, message: { id, author: { role, name: more.name ?? null, metadata: {} }, create_time: clock + below(1e6) / 1e6, update_time: null, content, status: 'finished_successfully', end_turn: role === 'assistant' ? true : null, weight: 1, metadata, recipient: more.recipient ?? 'all', channel: null }, parent, children: [] };
        nodes[parent].children.push(id);
        return id;
    };
    const text = (words) => ({ content_type: 'text', parts: [words] });
    const turn = (nodes, at) => {
        at = node(nodes, at, 'user', text(paragraph()), { selected_sources: [], selected_github_repos: [], selected_all_github_repos: false, serialization_metadata: { custom_symbol_offsets: [] }, request_id: uuid(), message_source: null, turn_exchange_id: uuid() });
        const base = { request_id: uuid(), message_type: 'next', model_slug: 'gpt-5', default_model_slug: 'auto', parent_id: at, model_switcher_deny: [], turn_exchange_id: uuid(), finish_details: { type: 'stop', stop_tokens: [200002] }, is_complete: true, citations: [], content_references: [] };
        at = node(nodes, at, 'system', text(''), { is_visually_hidden_from_conversation: true, rebase_system_message: true, request_id: uuid() });
        if (next() < 0.25) {
            at = node(nodes, at, 'assistant', { content_type: 'thoughts', thoughts: [{ summary: sentence(4), content: paragraph(), chunks: [], finished: true }], source_analysis_msg_id: uuid() }, { ...base, reasoning_status: 'is_reasoning' });
            at = node(nodes, at, 'assistant', { content_type: 'reasoning_recap', content: `Thought for ${below(90)}s` }, { ...base, reasoning_status: 'reasoning_ended', finished_duration_sec: below(90) });
        }
        if (next() < 0.2) {
            at = node(nodes, at, 'assistant', { content_type: 'code', language: 'unknown', response_format_name: null, text: JSON.stringify({ search_query: [{ q: sentence(4) }] }) }, base, { recipient: 'web.run' });
            const results = Array.from({ length: 6 }, () => ({ type: 'search_result', url: `https://${pick(WORDS)}.example/${hex(12)}`, title: sentence(6), snippet: sentence(20), ref_id: { turn_index: 0, ref_type: 'search', ref_index: below(9) }, pub_date: clock, attribution: `${pick(WORDS)}.example` }));
            at = node(nodes, at, 'tool', text(''), { ...base, search_result_groups: [{ type: 'search_result_group', domain: `${pick(WORDS)}.example`, entries: results }], debug_sonic_thread_id: 'thread_' + hex(24) }, { name: 'web.run' });
        }
        return node(nodes, at, 'assistant', text(answer()), { ...base, safe_urls: [`https://${pick(WORDS)}.example/${hex(10)}`], sonic_classification_result: { latency_ms: null, search_prob: next(), complex_search_prob: null, force_search_threshold: 0.4 }, permissions: [{ type: 'notification', status: 'default' }] });
    };
    const conversation = () => {
        const id = uuid(), root = uuid(), begun = (clock += below(40000));
        const nodes = { [root]: { id: root, message: null, parent: null, children: [] } };
        let at = node(nodes, root, 'system', text(''), { is_visually_hidden_from_conversation: true });
        const first = at, turns = next() < 0.03 ? 40 + below(120) : 1 + below(14);
        for (let i = 0; i < turns; i++) at = turn(nodes, at);
        if (next() < 0.2) turn(nodes, first);
        return { title: sentence(4).slice(0, -1), create_time: begun + next(), update_time: clock + next(), mapping: nodes, moderation_results: [], current_node: at, plugin_ids: null, conversation_id: id, conversation_template_id: null, gizmo_id: null, gizmo_type: null, is_archived: false, is_starred: null, safe_urls: [], blocked_urls: [], default_model_slug: 'auto', conversation_origin: null, voice: null, async_status: null, disabled_tool_ids: [], is_do_not_remember: false, memory_scope: 'global_enabled', sugar_item_id: null, id };
    };
    const ascii = (s) => s.replace(/[\u0080-\uffff]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
    for (let i = 0; written < bytes; i++) {
        const piece = (i ? ', ' : '[') + ascii(JSON.stringify(conversation()));
        written += piece.length;
        yield piece;
    }
    yield ']';
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const out = process.stdout, megabytes = Number(process.argv[2] ?? 300), seed = Number(process.argv[3] ?? 1);
    let pieces = [], n = 0;
    for (const piece of madeUpExport(megabytes * 1e6, seed)) {
        pieces.push(piece);
        if ((n += piece.length) < 1 << 20) continue;
        if (!out.write(pieces.join(''))) await new Promise((done) => out.once('drain', done));
        pieces = [];
        n = 0;
    }
    out.write(pieces.join(''));
}
