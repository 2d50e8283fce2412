// Text that JSON can say and that C strings, PostgreSQL or UTF-8 cannot: zero bytes and halves of surrogate pairs.
import { SAMPLES } from './pages.mjs';

export const ZERO = '\u0000', HALF = '\ud800';
const SPOILT = `${ZERO}${HALF}`;

// Names, ids and words of a page; what tells its shape (roles, types, states) stays.
const WORDS = new Set(['title', 'id', 'parent', 'current_node', 'conversation_id', 'default_model_slug', 'model_slug', 'name', 'language', 'text', 'url', 'mime_type', 'content', 'summary']);

function spoil(value, key) {
    if (typeof value === 'string') return WORDS.has(key) ? value + SPOILT : value;
    if (Array.isArray(value)) return value.map((v) => (typeof v === 'string' && ['parts', 'children'].includes(key) ? v + SPOILT : spoil(v, key)));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [key === 'mapping' ? k + SPOILT : k, spoil(v, k)]));
}

// A share page's data with such text in every place that a page can fill, and pictures at such addresses.
export function foreignConversation() {
    const c = structuredClone(SAMPLES.groupCommit);
    const user = Object.values(c.mapping).find((n) => n.message?.author.role === 'user').message;
    user.content.parts = [`Strange words ![x](https://cdn.example/a${ZERO}b.png) ![y](https://cdn${ZERO}.example/c.png) ![z${ZERO}](https://cdn.example/${HALF}.png) `
        + `[link](https://exam${ZERO}ple.org/) \`code${ZERO}\` $x${ZERO}y$\n\n\`\`\`js${ZERO}\n1${ZERO}\n\`\`\`\n\n| a${ZERO} | b |\n|---|---|\n| c | ${ZERO} |`];
    user.content.content_type = 'multimodal_text';
    for (const address of [`https://cdn.example/a${ZERO}b.png`, `https://cdn${ZERO}.example/c.png`]) user.content.parts.push({ content_type: 'image_asset_pointer', asset_pointer: address, width: 1, height: 1 });
    user.metadata.attachments = [{ id: `f${ZERO}`, name: `report${ZERO}.pdf`, mime_type: `application/pdf${ZERO}` }];
    return spoil(c);
}

export const ID = '0190f1c2-3b4a-7c5d-8e6f-0123456789ab';
const MEGABYTE = 'x'.repeat(900_000); // a packet may hold a million bytes

// Arguments of socket events, and whether the event as a whole is refused (else each of its topics is).
export const HOSTILE_EVENTS = [
    ['subscribe', `{"topics":["conv\\u0000:${ID}"]}`, false],
    ['subscribe', `{"topics":["\\u0000","conversation\\u0000x:${ID}","conversation:${ID}\\u0000","feed\\u0000"]}`, false],
    ['subscribe', `{"topics":["\\ud800:${ID}","\\udc00\\ud800","conversation:\\ud83d"]}`, false],
    ['subscribe', '{"topics":[null,1,1e308,true,{},[],"",":"]}', false],
    ['subscribe', `{"topics":["conversation:${MEGABYTE}"]}`, true], // it cannot even be repeated in the answer
    ['subscribe', '{"topics":"conv\\u0000"}', true],
    ['subscribe', '{"top\\u0000ics":[]}', true],
    ['subscribe', `{"topics":${'['.repeat(25)}${']'.repeat(25)}}`, false],
    ['unsubscribe', '{"topics":{"\\u0000":1}}', true],
    ['changes', '{"after":"0\\u0000.0"}', true],
    ['changes', `{"after":"${MEGABYTE}"}`, true],
    ['changes', '{"after":"99999999999999999999.0"}', true],
    ['changes', '{"after":"\\ud800"}', true],
    ['changes', '{"after":"0.0","limit":-9223372036854775808}', true],
    ['changes', '{"after":"0.0","limit":1e999}', null], // no JSON at all to some readers
    ['presence', '{"status":"online\\u0000"}', true],
    ['presence', `{"status":"online","at":"conv\\u0000:${ID}"}`, true],
    ['presence', `{"status":"online","at":"conversation:\\ud800${ID}"}`, true],
    ['presence', `{"status":"online","message_id":"${ID}\\u0000"}`, true],
    ['presence', `{"status":"${MEGABYTE}"}`, true],
    ['presence', '{"status":{"a":[[[[1]]]]}}', true],
    ['sub\\u0000scribe', '{}', true],
    ['\\ud800', '{}', true],
];

// The acknowledgement of the event with the id 0, whatever else is heard before it (a change, for one); null when the
// connection ended instead.
export async function acknowledged(socket) {
    for (;;) {
        const packet = await socket.next().catch(() => null);
        if (packet === null) return null;
        if (String(packet).startsWith('430')) return JSON.parse(String(packet).slice(3))[0];
    }
}

// Sends each as an event that asks for an acknowledgement: [name, argument, refused, what came].
export async function sendHostileEvents(open) {
    const answers = [];
    for (const [name, argument, refused] of HOSTILE_EVENTS) {
        const socket = await open();
        socket.send(`420["${name}",${argument}]`);
        answers.push([name, argument.slice(0, 200), refused, await acknowledged(socket)]);
        socket.close();
    }
    return answers;
}
