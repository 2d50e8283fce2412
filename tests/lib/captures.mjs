// Capture a link through the API and wait for its end.
import { setTimeout as wait } from 'node:timers/promises';

export async function capture(api, url, timeout = 120_000, more = {}) {
    const made = await api.json('POST', '/api/v1/captures', { url, ...more });
    if (made.status !== 202) throw new Error(`${made.status} ${JSON.stringify(made.body)}`);
    return waitFor(api, made.body.id, timeout);
}

export async function waitFor(api, id, timeout = 120_000) {
    const deadline = Date.now() + timeout;
    for (;;) {
        const { status, body } = await api.json('GET', `/api/v1/captures/${id}`);
        if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
        if (!['queued', 'running'].includes(body.status)) return body;
        if (Date.now() > deadline) throw new Error(`no end: ${JSON.stringify(body)}`);
        await wait(100);
    }
}

export async function conversation(api, id, all = false) {
    const head = await api.json('GET', `/api/v1/conversations/${id}`);
    const messages = [];
    for (let cursor = ''; cursor !== null;) {
        const { body } = await api.json('GET', `/api/v1/conversations/${id}/messages?limit=200${all ? '&all=true' : ''}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
        messages.push(...body.items);
        cursor = body.next_cursor;
    }
    return { ...head.body, messages };
}

export const blocksOf = (messages, type) => messages.flatMap((m) => m.blocks).filter((b) => b.type === type);
