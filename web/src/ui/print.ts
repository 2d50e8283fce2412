// Printing prints everything: what is rendered only when it comes near the screen is rendered, folds are opened, pictures are
// there. Then the browser prints, and the page is as it was.
import { bringNear } from './hooks.ts';
import type { Renderer } from './render/renderer.ts';

const PICTURES_MS = 10_000;
const frames = () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())));

async function pictures(): Promise<void> {
    const all = [...document.images];
    for (const image of all) image.loading = 'eager';
    const late = new Promise((done) => setTimeout(done, PICTURES_MS));
    await Promise.race([Promise.allSettled(all.map((image) => image.decode())), late]);
}

// Opens what is folded; gives what closes it again. What is inside is made when it opens, and may hold folds of its own.
async function unfold(renderer: Renderer): Promise<() => void> {
    const opened: HTMLDetailsElement[] = [];
    for (let more = true; more;) {
        const closed = [...document.querySelectorAll<HTMLDetailsElement>('.message details:not([open])')];
        for (const fold of closed) fold.open = true;
        opened.push(...closed);
        await frames(); // they tell of it, and what they hold is made
        bringNear();
        await frames();
        await renderer.idle();
        more = closed.length > 0;
    }
    return () => opened.forEach((fold) => (fold.open = false));
}

export async function printAll(renderer: Renderer): Promise<void> {
    bringNear();
    const fold = await unfold(renderer);
    await pictures();
    addEventListener('afterprint', fold, { once: true });
    document.body.dataset['printing'] = 'ready'; // for who watches
    window.print();
    delete document.body.dataset['printing'];
}
