// Conversations on a site of which nothing is known: with names that tell who speaks, with labels alone, and pages that are none.
const page = (title, body) => `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body>${body}</body></html>`;
const html = (res, body) => { res.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }); res.end(body); };
const TALK = [['user', 'What is a <em>tide</em>?'], ['bot', '<p>The sea rises and falls:</p><ul><li>twice a day</li></ul><pre><code class="language-py">x = 1</code></pre>'], ['user', 'Why?'], ['bot', '<p>The <strong>Moon</strong> pulls.</p>']];

export const ANYONE = {
    '/log': (res) => html(res, page('About tides', `<nav class="user-menu">Ann</nav><main class="chat">${TALK.map(([who, said]) =>
        `<div class="row"><img class="${who}-avatar" alt="">
<div class="message-bubble ${who}-message"><div class="text">${said}</div><button>Copy</button></div></div>`).join('')}</main><footer class="user-settings">Settings</footer>`)),
    '/attributes': (res) => html(res, page('Attributes', TALK.map(([who, said]) => `<div class="item"><span data-author-badge="x"></span><div data-author="${who === 'user' ? 'human' : 'model'}">${said}</div></div>`).join(''))),
    '/tags': (res) => html(res, page('Tags', TALK.map(([who, said]) => `<chat-turn><x-${who === 'user' ? 'prompt' : 'response'}>${said}</x-${who === 'user' ? 'prompt' : 'response'}></chat-turn>`).join(''))),
    '/roles': (res) => html(res, page('Test ids', `<aside class="user">A very long text about who is signed in, and more of it, so that it is longer than all that is said in the talk itself, which is what one might go by.</aside>${TALK.map(([who, said]) => `<div data-testid="${who === 'user' ? 'user-turn' : 'assistant-turn'}">${said}</div>`).join('')}`)),
    '/labels': (res) => html(res, page('A printed talk', TALK.map(([who, said]) => `<section><h4>${who === 'user' ? 'You said:' : 'Assistant'}</h4><div>${said}</div></section>`).join(''))),
    '/article': (res) => html(res, page('An article', '<article><h1>On tides</h1><p class="question-mark">Nobody speaks here.</p></article>')),
    '/elsewhere': (res) => { res.writeHead(302, { location: 'https://talk.example/log' }); res.end(); },
};
