// Line icons of our own, on a grid of 24, drawn in the colour of the text.
import type { ComponentChildren } from 'preact';

function Icon({ children }: { children: ComponentChildren }) {
    return (
        <svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.75"
            stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
            {children}
        </svg>
    );
}

export const SearchIcon = () => <Icon><circle cx="11" cy="11" r="6.5" /><path d="m16 16 4.5 4.5" /></Icon>;
export const GearIcon = () => <Icon><path d="M4 7h9M19 7h1M4 17h1M11 17h9" /><circle cx="16" cy="7" r="2.5" /><circle cx="8" cy="17" r="2.5" /></Icon>;
export const SunIcon = () => <Icon><circle cx="12" cy="12" r="4" /><path d="M12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M5.6 18.4l1.1-1.1M17.3 6.7l1.1-1.1" /></Icon>;
export const MoonIcon = () => <Icon><path d="M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7Z" /></Icon>;
export const HalfIcon = () => <Icon><circle cx="12" cy="12" r="7.5" /><path d="M12 4.5v15a7.5 7.5 0 0 0 0-15Z" fill="currentColor" stroke="none" /></Icon>;
export const OutIcon = () => <Icon><path d="M10 5H6.5A1.5 1.5 0 0 0 5 6.5v11A1.5 1.5 0 0 0 6.5 19h11a1.5 1.5 0 0 0 1.5-1.5V14M13.5 5H19v5.5M19 5l-8.5 8.5" /></Icon>;
export const CheckIcon = () => <Icon><path d="m5 12.5 4.5 4.5L19 7.5" /></Icon>;
export const UpIcon = () => <Icon><path d="m5.5 15 6.5-6.5 6.5 6.5" /></Icon>;
export const DownIcon = () => <Icon><path d="m5.5 9 6.5 6.5L18.5 9" /></Icon>;
export const CrossIcon = () => <Icon><path d="m6.5 6.5 11 11M17.5 6.5l-11 11" /></Icon>;

// The mark: an open book that is a V.
export const Mark = () => (
    <svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
        <path class="mark-left" d="M3 6.5 14.6 10v17L3 22.6Z" />
        <path class="mark-right" d="M29 6.5 17.4 10v17L29 22.6Z" />
    </svg>
);
