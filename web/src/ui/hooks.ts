// What every screen needs from the browser, in small pieces.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { RefObject } from 'preact';

interface Store<S> {
    getState(): S;
    subscribe(listener: () => void): () => void;
}

// A part of a store's state; renders again when that part is another one.
export function useStore<S, T>(store: Store<S>, select: (state: S) => T): T {
    const [, again] = useState(0);
    const shown = select(store.getState());
    const last = useRef({ shown, select });
    last.current = { shown, select };
    useLayoutEffect(() => {
        const look = () => {
            if (!Object.is(last.current.select(store.getState()), last.current.shown)) again((n) => n + 1);
        };
        look();
        return store.subscribe(look);
    }, [store]);
    return shown;
}

// What waits to come near is near now, all of it: the page is printed.
const NEAR = 'vivim:near';
export const bringNear = (): boolean => dispatchEvent(new Event(NEAR));

// True from the moment the element comes within `margin` of the screen, and from then on.
export function useNear(ref: RefObject<Element | null>, margin = '800px'): boolean {
    const [near, setNear] = useState(false);
    useEffect(() => {
        const target = ref.current;
        if (near || !target) return;
        const observer = new IntersectionObserver((entries) => {
            if (entries.some((e) => e.isIntersecting)) setNear(true);
        }, { rootMargin: margin });
        observer.observe(target);
        const now = () => setNear(true);
        addEventListener(NEAR, now);
        return () => {
            observer.disconnect();
            removeEventListener(NEAR, now);
        };
    }, [near]);
    return near;
}

// Calls `work` each time the element comes near the screen, and again while it stays there and `key` changes.
export function useWhenNear(ref: RefObject<Element | null>, work: () => void, key: unknown): void {
    const latest = useRef(work);
    latest.current = work;
    useEffect(() => {
        const target = ref.current;
        if (!target) return;
        const observer = new IntersectionObserver((entries) => {
            if (entries.some((e) => e.isIntersecting)) latest.current();
        }, { rootMargin: '600px' });
        observer.observe(target);
        return () => observer.disconnect();
    }, [key]);
}

// The text, at most every `ms`: a live region that changes faster is read by nobody.
export function useThrottled(text: string, ms: number): string {
    const [said, setSaid] = useState(text);
    const at = useRef(0);
    useEffect(() => {
        const wait = Math.max(0, at.current + ms - Date.now());
        const timer = setTimeout(() => {
            at.current = Date.now();
            setSaid(text);
        }, wait);
        return () => clearTimeout(timer);
    }, [text, ms]);
    return said;
}
