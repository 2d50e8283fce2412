// The focus is never lost. What has it may go away: a row that is removed, a button that gives way to another, a heading
// that stood in while something was loading. The browser then gives the focus to the body, and who works by keyboard begins
// again at the top. Here it goes to what stood next to it, else to the heading of the screen.
const STOPS = 'a[href], button:not(:disabled), input:not(:disabled), summary, [tabindex="0"]';

interface Level {
    parent: Element;
    next: Element | null;
    previous: Element | null;
}

const isShown = (e: Element): boolean => e.checkVisibility({ visibilityProperty: true });
const stopsIn = (e: Element): HTMLElement[] => [...e.querySelectorAll<HTMLElement>(STOPS)].filter(isShown);
const withSelf = (e: Element): HTMLElement[] => (e.matches(STOPS) && isShown(e) ? [e as HTMLElement] : stopsIn(e));

// From the inside out, with the neighbours at each step; not across the borders of a screen.
function levelsOf(e: Element, root: Element): Level[] {
    const levels: Level[] = [];
    for (let at: Element | null = e; at?.parentElement && at.parentElement !== root && at.parentElement.id !== 'main'; at = at.parentElement)
        levels.push({ parent: at.parentElement, next: at.nextElementSibling, previous: at.previousElementSibling });
    return levels;
}

function nearIn({ parent, next, previous }: Level): HTMLElement | undefined {
    if (!parent.isConnected) return undefined;
    for (let e = next?.parentElement === parent ? next : null; e; e = e.nextElementSibling) {
        const stop = withSelf(e)[0];
        if (stop) return stop;
    }
    for (let e = previous?.parentElement === parent ? previous : null; e; e = e.previousElementSibling) {
        const stop = withSelf(e).at(-1);
        if (stop) return stop;
    }
    return stopsIn(parent)[0];
}

export function keepFocus(root: HTMLElement): void {
    let last: HTMLElement | null = null;
    let levels: Level[] = [];
    const headingOf = () => root.querySelector<HTMLElement>('main h1') ?? root.querySelector<HTMLElement>('#main');

    function lookAgain(hidden: boolean): void {
        const gone = last && (!last.isConnected || last.matches(':disabled') || (hidden && !isShown(last)));
        if (!gone) return;
        const was = last, now = document.activeElement;
        last = null;
        if (now && now !== document.body && now !== was) return; // whoever took it away has put it elsewhere
        const near = was?.tagName === 'H1' ? undefined : levels.map(nearIn).find((e) => e);
        (near ?? headingOf())?.focus();
    }

    root.addEventListener('focusin', (event) => {
        last = event.target as HTMLElement;
        levels = levelsOf(last, root);
    });
    // A click beside everything: nothing has it, and nothing went away.
    root.addEventListener('focusout', (event) => {
        if (event.relatedTarget || !document.hasFocus()) return;
        const left = event.target as HTMLElement;
        requestAnimationFrame(() => {
            if (last === left && left.isConnected && !left.matches(':disabled') && isShown(left) && document.activeElement === document.body) last = null;
        });
    });
    new MutationObserver(() => lookAgain(false)).observe(root, { childList: true, subtree: true, attributes: true, attributeFilter: ['disabled'] });
    addEventListener('resize', () => lookAgain(true));
}
