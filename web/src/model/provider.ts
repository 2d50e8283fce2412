// Providers as people know them, and what can be said about a pasted link before the server is asked.
// The server decides (src/capture/url_policy.c); this only saves a round trip, so it refuses nothing.
import { PROVIDERS } from '../gen/providers.ts';

const find = (name: string | null | undefined) => PROVIDERS.find((p) => p.name === name);

export function providerName(provider: string | null | undefined): string {
    if (!provider) return 'Unknown';
    return find(provider)?.label ?? provider.charAt(0).toUpperCase() + provider.slice(1);
}

// What a page of no known provider is called (src/archive/providers/generic.json).
export const ANY_HOST = 'generic';

export const knownHosts = (): string[] => [...new Set(PROVIDERS.flatMap((p) => p.hosts))];

// What stays true after a capture, and where it is ended: from the provider's data, where that knows it.
export function publicNote(provider: string | null | undefined): string {
    if (provider === ANY_HOST) return 'The page is still public: whoever has its address can read it there.';
    const name = providerName(provider), where = find(provider)?.unshare ?? 'Look in the Share menu of the chat.';
    return `Your link is still public: whoever has it can read the conversation at ${name}. To end that there: ${where}`;
}

export type LinkVerdict =
    | { kind: 'empty' }
    | { kind: 'typing' }                                         // too early to say anything
    | { kind: 'good'; provider: string }
    | { kind: 'private'; provider: string; advice: string }      // a link that cannot be captured, and why
    | { kind: 'other'; provider: string; advice: string }        // a known provider, no share link of it
    | { kind: 'unknown'; advice: string };

const SHORT = 12; // an id of this length is no longer being typed
const HOW_TO_SHARE = 'Open the chat there, choose Share, and paste the link that it gives you.';
const sentence = (words: string) => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;

export function judgeLink(input: string): LinkVerdict {
    const value = input.trim();
    if (!value) return { kind: 'empty' };
    let url: URL;
    try {
        url = new URL(/^[a-z][a-z0-9+.-]*:/i.test(value) ? value : `https://${value}`);
    } catch {
        return { kind: 'typing' };
    }
    if (!url.hostname.includes('.')) return { kind: 'typing' };
    const provider = PROVIDERS.find((p) => p.hosts.includes(url.hostname));
    if (!provider) return { kind: 'unknown', advice: `${url.hostname} is not a provider that can be captured. Share links of ChatGPT, Claude, Gemini and others can.` };
    const links = provider.links.filter((l) => l.host === url.hostname && new RegExp(l.path, 'i').test(url.pathname));
    if (links.some((l) => l.why === null)) return { kind: 'good', provider: provider.name };
    if (links[0]?.why) return { kind: 'private', provider: provider.name, advice: sentence(links[0].why) };
    const begun = (begins: string) => begins.startsWith(url.pathname) || (url.pathname.startsWith(begins) && url.pathname.length - begins.length < SHORT);
    if (provider.links.some((l) => l.why === null && l.host === url.hostname && begun(l.begins))) return { kind: 'typing' };
    return { kind: 'other', provider: provider.name, advice: `This ${provider.label} address is not a share link. ${HOW_TO_SHARE}` };
}
