// Rendering beside the page: a long or hostile text cannot make the page hang, and the page can end this thread.
// Each kind loads its own library when it is first needed.
import type { Answer, Request, Work } from './protocol.ts';
import { CODE_MAX, MARKDOWN_MAX, MATH_MAX } from './protocol.ts';

async function markdown(text: string): Promise<string> {
    const { markdownToHtml, texSource } = await import('./markdown.ts');
    let formulas = 0;
    const html = markdownToHtml(text, (tex, display) => {
        formulas++;
        return texSource(tex, display);
    });
    if (!formulas) return html;
    const { renderMath } = await import('./math.ts');
    return markdownToHtml(text, renderMath);
}

async function render(work: Work): Promise<string | null> {
    switch (work.kind) {
    case 'markdown': return work.text.length <= MARKDOWN_MAX ? markdown(work.text) : null;
    case 'code': return work.text.length <= CODE_MAX ? (await import('./highlight.ts')).highlight(work.text, work.language) : null;
    case 'math': return work.text.length <= MATH_MAX ? (await import('./math.ts')).renderMath(work.text, work.display) : null;
    }
}

const scope = self as unknown as {
    addEventListener(name: 'message', listener: (event: MessageEvent<Request>) => void): void;
    postMessage(answer: Answer): void;
};

scope.addEventListener('message', ({ data }) => {
    render(data).catch(() => null).then((html) => scope.postMessage({ id: data.id, html }));
});
