// Keys that work everywhere and the walk through a list with j and k. The shortcuts can be switched off in the settings;
// they never act while somebody types.
import { useEffect } from 'preact/hooks';

const isTyping = (target: EventTarget | null): boolean =>
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export function useKeys(enabled: boolean, keys: Record<string, () => void>): void {
    useEffect(() => {
        if (!enabled) return;
        const onKey = (event: KeyboardEvent) => {
            if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
            if (document.querySelector('dialog[open]')) return;
            const act = keys[event.key];
            if (!act) return;
            event.preventDefault();
            act();
        };
        document.addEventListener('keydown', onKey);
        return () => document.removeEventListener('keydown', onKey);
    });
}

// Moves the focus to the next or previous of the elements; from outside of them to the first one that can be seen.
export function step(selector: string, by: 1 | -1): void {
    const all = [...document.querySelectorAll<HTMLElement>(selector)];
    const at = all.findIndex((e) => e === document.activeElement || e.contains(document.activeElement));
    const visible = all.findIndex((e) => e.getBoundingClientRect().bottom > 80);
    const target = at >= 0 ? all[at + by] : all[Math.max(0, visible)];
    target?.focus();
    target?.scrollIntoView({ block: target.offsetHeight > innerHeight / 2 ? 'start' : 'nearest' });
}
