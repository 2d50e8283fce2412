// Text that is rendered when it comes near the screen. Until then, and where it cannot be, its source stands there:
// the browser's own search finds it, and nothing is ever lost.
import { useEffect, useRef } from 'preact/hooks';
import { useNear } from './hooks.ts';
import { codeBox, decorate, reachable } from './render/decorate.ts';
import type { Renderer } from './render/renderer.ts';

export function Markdown({ text, renderer, noteHref }: { text: string; renderer: Renderer; noteHref?: (n: number) => string }) {
    const box = useRef<HTMLDivElement>(null);
    const near = useNear(box);
    useEffect(() => {
        const target = box.current;
        if (!target) return;
        target.textContent = text.replace(/\uE000\d+\uE001/g, '');
        target.classList.add('source');
        if (!near) return;
        let wanted = true;
        void renderer.render({ kind: 'markdown', text }).then((fragment) => {
            if (!wanted || !fragment) return;
            target.replaceChildren(decorate(fragment, noteHref ? { renderer, noteHref } : { renderer }));
            target.classList.remove('source');
        });
        return () => {
            wanted = false;
        };
    }, [text, near]);
    return <div class="prose" ref={box} />;
}

export function Code({ code, language, label, renderer }: { code: string; language: string; label?: string; renderer: Renderer }) {
    const box = useRef<HTMLDivElement>(null);
    const near = useNear(box);
    useEffect(() => {
        // The language only when it is near: highlighting is what costs.
        box.current?.replaceChildren(codeBox(code, label ?? language, near ? language : '', renderer));
    }, [code, language, near]);
    return <div ref={box} />;
}

export function Formula({ tex, display, renderer }: { tex: string; display: boolean; renderer: Renderer }) {
    const box = useRef<HTMLDivElement>(null);
    const near = useNear(box);
    useEffect(() => {
        const target = box.current;
        if (!target) return;
        target.textContent = tex;
        if (!near) return;
        let wanted = true;
        void renderer.render({ kind: 'math', text: tex, display }).then((fragment) => {
            if (!wanted || !fragment) return;
            target.replaceChildren(fragment);
            reachable(target);
        });
        return () => {
            wanted = false;
        };
    }, [tex, display, near]);
    return <div class={display ? 'math-display scroll-x' : 'math-inline'} ref={box} />;
}

// A table of the normal form: its cells are inline Markdown, so it is written back as a Markdown table.
export function tableMarkdown(header: string[], rows: string[][]): string {
    const cell = (text: string) => text.replace(/\r?\n/g, '<br>').replace(/(^|[^\\])((?:\\\\)*)\|/g, '$1$2\\|');
    const columns = Math.max(1, header.length, ...rows.map((row) => row.length));
    const line = (cells: string[]) => `| ${Array.from({ length: columns }, (_, i) => cell(cells[i] ?? '')).join(' | ')} |`;
    return [line(header), `|${' --- |'.repeat(columns)}`, ...rows.map(line)].join('\n');
}
