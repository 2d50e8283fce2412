// The links in what was pasted: several at once, with text around them, each once. Pure.
import { judgeLink, knownHosts, type LinkVerdict } from './provider.ts';

export interface Link {
    url: string; // as it is sent: with its scheme
    verdict: LinkVerdict;
}

// Up to where a link goes: spaces, quotes, angle brackets, and the next link where two were glued together.
const SCHEME = String.raw`https?:\/\/`, REST = String.raw`(?:(?!https?:\/\/)[^\s<>"'“”‘’«»|\\^\`{}])+`;
const HOSTS = knownHosts().map((h) => h.replaceAll('.', '\\.')).join('|');
const FIND = new RegExp(`${SCHEME}${REST}|(?<![\\w.@/-])(?:www\\.)?(?:${HOSTS})\\/${REST}`, 'gi');

// What ends a sentence does not end a link; a bracket is the link's own where it was opened in it.
function trimmed(found: string): string {
    let s = found;
    for (;;) {
        const last = s.at(-1) ?? '';
        const open = { ')': '(', ']': '[' }[last];
        if (/[.,;:!?…*_]/.test(last) || (open && s.split(open).length < s.split(last).length)) s = s.slice(0, -1);
        else return s;
    }
}

// The same share, however it was copied: what stands behind ? and # says nothing of it.
function sameness(url: string): string {
    try {
        const { hostname, pathname } = new URL(url);
        return hostname.replace(/^www\./, '') + pathname.replace(/\/$/, '');
    } catch {
        return url;
    }
}

export function linksIn(text: string): { links: Link[]; twice: number } {
    const links = new Map<string, Link>();
    let found = (text.match(FIND) ?? []).map(trimmed).filter((s) => !/^https?:\/*$/i.test(s));
    // One word by itself is meant as a link, whatever it looks like: the server says what is wrong with it.
    if (!found.length && /^\S+$/.test(text.trim()) && /[./:]/.test(text)) found = [text.trim()];
    for (const one of found) {
        const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(one) ? one : `https://${one}`;
        const key = sameness(url);
        if (!links.has(key)) links.set(key, { url, verdict: judgeLink(url) });
    }
    return { links: [...links.values()], twice: found.length - links.size };
}
