// Providers as people know them, and what can be said about a pasted link before the server is asked.
// The server decides (src/capture/url_policy.c); this only saves a round trip, so it refuses nothing.

const NAMES: Record<string, string> = {
    chatgpt: 'ChatGPT', claude: 'Claude', gemini: 'Gemini', grok: 'Grok', deepseek: 'DeepSeek', kimi: 'Kimi', qwen: 'Qwen',
    zai: 'Z.ai', copilot: 'Copilot', perplexity: 'Perplexity', mistral: 'Mistral', poe: 'Poe',
};

export function providerName(provider: string | null | undefined): string {
    if (!provider) return 'Unknown';
    return NAMES[provider] ?? provider.charAt(0).toUpperCase() + provider.slice(1);
}

export type LinkVerdict =
    | { kind: 'empty' }
    | { kind: 'typing' }                                         // too early to say anything
    | { kind: 'good'; provider: string }
    | { kind: 'private'; provider: string; advice: string }      // a link only its owner can open
    | { kind: 'other'; provider: string; advice: string }        // known provider, not a share link that we take
    | { kind: 'unknown'; advice: string };

const HOSTS: Record<string, string> = {
    'chatgpt.com': 'chatgpt', 'chat.openai.com': 'chatgpt', 'claude.ai': 'claude', 'gemini.google.com': 'gemini', 'g.co': 'gemini',
    'grok.com': 'grok', 'chat.deepseek.com': 'deepseek', 'www.kimi.com': 'kimi', 'kimi.com': 'kimi', 'chat.qwen.ai': 'qwen',
    'chat.z.ai': 'zai', 'copilot.microsoft.com': 'copilot', 'www.perplexity.ai': 'perplexity', 'chat.mistral.ai': 'mistral', 'poe.com': 'poe',
};
const SHARES: Record<string, RegExp> = { chatgpt: /^\/share\/[0-9a-f-]{36}\/?$/i, claude: /^\/share\/[0-9a-f-]{36}\/?$/i };
const PRIVATE = /^\/(c|chat|app)\/[\w-]+|^\/g\/[\w-]+\/c\//;
const HOW_TO_SHARE = 'Open the chat there, choose Share, and paste the link that it gives you.';

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
    const provider = HOSTS[url.hostname];
    if (!provider) return { kind: 'unknown', advice: `${url.hostname} is not a provider that can be captured. Share links of ChatGPT and Claude can.` };
    if (SHARES[provider]?.test(url.pathname)) return { kind: 'good', provider };
    if (PRIVATE.test(url.pathname)) return { kind: 'private', provider, advice: `This is a private ${providerName(provider)} chat: only you can open it. ${HOW_TO_SHARE}` };
    if (!SHARES[provider]) return { kind: 'other', provider, advice: `${providerName(provider)} links cannot be captured yet. Share links of ChatGPT and Claude can.` };
    if (/^\/share\/?[0-9a-f-]*$/i.test(url.pathname)) return { kind: 'typing' };
    return { kind: 'other', provider, advice: `This ${providerName(provider)} address is not a share link. ${HOW_TO_SHARE}` };
}

// What is sent: the scheme may be left out by hand, never by a copied link.
export function linkToSend(input: string): string {
    const value = input.trim();
    return /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `https://${value}`;
}
