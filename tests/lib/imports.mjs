// Made-up exports, and what an import came to.
export const claude = (id, texts, name = `Chat ${id}`) => ({
    uuid: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`, name, created_at: '2026-01-02T03:04:05Z', updated_at: '2026-01-02T03:05:05Z',
    chat_messages: texts.map((text, i) => ({
        uuid: `10000000-0000-4000-8000-${String(id * 1000 + i).padStart(12, '0')}`, sender: i % 2 ? 'assistant' : 'human', text,
        created_at: `2026-01-02T03:04:${String(10 + (i % 50))}Z`,
    })),
});
export const claudeExport = (count, answer = (i) => `The answer number ${i} is about sourdough and tides.`) =>
    JSON.stringify(Array.from({ length: count }, (_, i) => claude(i + 1, [`Question ${i + 1}?`, answer(i + 1)])));

const ENDED = ['done', 'failed', 'cancelled', 'undone'];

export async function ended(person, id, timeout = 60_000) {
    const until = Date.now() + timeout;
    for (;;) {
        const { status, body } = await person.json('GET', `/api/v1/imports/${id}`);
        if (status !== 200) throw new Error(`import ${id}: ${status} ${JSON.stringify(body)}`);
        if (ENDED.includes(body.status)) return body;
        if (Date.now() > until) throw new Error(`import ${id} has not ended: ${JSON.stringify(body)}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}

// Give bytes; the import as it ended.
export async function importBytes(person, bytes, query = '', headers = {}) {
    const answer = await person.fetch(`/api/v1/imports${query}`, { method: 'POST', body: bytes, headers: { 'content-type': 'application/octet-stream', ...headers } });
    const body = await answer.json();
    if (answer.status !== 202) throw Object.assign(new Error(`${answer.status} ${JSON.stringify(body)}`), { status: answer.status, body });
    return ended(person, body.id);
}

export async function itemsOf(person, id, outcome = '') {
    const items = [];
    for (let cursor = ''; cursor !== null;) {
        const { body } = await person.json('GET', `/api/v1/imports/${id}/items?limit=100${outcome && `&outcome=${outcome}`}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
        items.push(...body.items);
        cursor = body.next_cursor;
    }
    return items;
}

export async function conversations(person) {
    const all = [];
    for (let cursor = ''; cursor !== null;) {
        const { body } = await person.json('GET', `/api/v1/conversations?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
        all.push(...body.items);
        cursor = body.next_cursor;
    }
    return all;
}
