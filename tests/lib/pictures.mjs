// Pictures as a public host serves them, and all that can be wrong with them.
import { SAMPLES } from './pages.mjs';

// A true PNG of one pixel.
export const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const send = (type, body, status = 200) => (res) => { res.writeHead(status, { 'content-type': type, 'content-length': body.length }); res.end(body); };
const to = (url) => (res, port) => { res.writeHead(302, { location: typeof url === 'string' ? url : url(port) }); res.end(); };
// More than it may be; as a stream it does not say how much is to come.
const large = (stream) => (res) => {
    res.writeHead(200, stream ? { 'content-type': 'image/png' } : { 'content-type': 'image/png', 'content-length': 20 << 20 });
    res.write(PNG);
    let left = (20 << 20) - PNG.length;
    const more = () => {
        for (; left > 0; left -= 1 << 16) if (!res.write(Buffer.alloc(Math.min(left, 1 << 16)))) return (left -= 1 << 16, res.once('drain', more));
        res.end();
    };
    more();
};

export const PICTURES = {
    '/good.png': send('image/png', PNG),
    '/fading.png': (res) => (PICTURES.faded ? send('text/plain', Buffer.from('gone'), 404) : send('image/png', PNG))(res),
    '/again.png': send('image/png', PNG),
    '/moved.png': to('/moved-again.png'),
    '/moved-again.png': to('https://cdn.example/good.png'),
    '/loop.png': to('/loop.png'),
    '/says-html.png': send('text/html', PNG),
    '/lies.png': send('image/png', Buffer.from('<!DOCTYPE html><script>alert(1)</script>')),
    '/drawing.svg': send('image/svg+xml', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')),
    '/inside.png': to((port) => `http://127.0.0.1:${port}/secret.png`),
    '/inside-443.png': to('https://127.0.0.1/secret.png'),
    '/metadata.png': to('http://169.254.169.254/latest/meta-data/'),
    '/large.png': large(false),
    '/large-stream.png': large(true),
    '/expired.png': send('text/plain', Buffer.from('gone'), 404),
    '/signed-in.png': send('text/plain', Buffer.from('no'), 403),
};

let renderings = 0; // each signs the addresses anew

// Every address once, in one answer, and one that only those who are signed in could fetch.
export function picturesConversation(port) {
    renderings++;
    const c = structuredClone(SAMPLES.tides);
    c.conversation_id = 'pictures';
    c.title = 'Pictures';
    const last = c.mapping[c.current_node].message;
    const urls = [...Object.keys(PICTURES).filter((path) => path.startsWith('/')).map((path) => `https://cdn.example${path}?sig=secret${renderings}`), `http://127.0.0.1:${port}/direct.png`, 'https://user:password@cdn.example/good.png'];
    last.content.parts = [`${urls.map((url) => `![picture ${url.replace(/\?.*/, '')}](${url})`).join('\n\n')}\n\nThat is all.`];
    const user = Object.values(c.mapping).find((n) => n.message?.author.role === 'user').message;
    user.content = { content_type: 'multimodal_text', parts: [{ content_type: 'image_asset_pointer', asset_pointer: 'sediment://file_0001', width: 10, height: 20, size_bytes: 5 }, ...user.content.parts] };
    return c;
}
