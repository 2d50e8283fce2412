// The one place where text becomes elements. The Trusted Types policy 'vivim' stays inside this file: its HTML goes to the
// sanitiser's inert parser alone, its script address is the rendering worker's alone.
import DOMPurify from 'dompurify';

interface Policy {
    createHTML(html: string): unknown;
    createScriptURL(url: string): unknown;
}
interface Factory {
    createPolicy(name: string, rules: { createHTML: (html: string) => string; createScriptURL: (url: string) => string }): Policy;
}

const scripts = new Set<string>();
const rules = {
    createHTML: (html: string) => html,
    createScriptURL: (url: string) => {
        if (!scripts.has(url)) throw new TypeError('not a script of ours');
        return url;
    },
};
const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
const policy: Policy = factory ? factory.createPolicy('vivim', rules) : rules;

export function startWorker(url: string): Worker {
    scripts.add(url);
    return new Worker(policy.createScriptURL(url) as string, { type: 'module' });
}

// What our own renderers write, and nothing more.
const TAGS = [
    'a', 'blockquote', 'br', 'code', 'del', 'details', 'em', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'img', 'input', 'kbd', 'li', 'ol', 'p', 'pre',
    'section', 'span', 'strong', 'sub', 'summary', 'sup', 'table', 'tbody', 'td', 'th', 'thead', 'tr', 'ul',
    'math', 'menclose', 'merror', 'mfrac', 'mi', 'mmultiscripts', 'mn', 'mo', 'mover', 'mpadded', 'mphantom', 'mroot', 'mrow', 'ms', 'mspace',
    'msqrt', 'mstyle', 'msub', 'msubsup', 'msup', 'mtable', 'mtd', 'mtext', 'mtr', 'munder', 'munderover',
];
const ADDRESSES = ['href', 'src'];
const ATTRIBUTES = [
    'alt', 'align', 'checked', 'class', 'disabled', 'start', 'title', 'type',
    'accent', 'accentunder', 'columnalign', 'columnlines', 'columnspacing', 'depth', 'display', 'displaystyle', 'fence', 'frame', 'height',
    'largeop', 'linethickness', 'lspace', 'mathbackground', 'mathcolor', 'mathsize', 'mathvariant', 'maxsize', 'minsize', 'movablelimits',
    'notation', 'rowlines', 'rowspacing', 'rspace', 'scriptlevel', 'separator', 'stretchy', 'symmetric', 'voffset', 'width', 'xmlns',
];

export function toFragment(html: string): DocumentFragment {
    return DOMPurify.sanitize(html, {
        ALLOWED_TAGS: TAGS,
        ALLOWED_ATTR: [...ATTRIBUTES, ...ADDRESSES],
        ADD_URI_SAFE_ATTR: ATTRIBUTES, // the pattern below is for addresses; these hold none
        ALLOW_DATA_ATTR: false,
        ALLOW_ARIA_ATTR: false,
        ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|#)/i,
        RETURN_DOM_FRAGMENT: true,
        TRUSTED_TYPES_POLICY: policy as never,
    });
}
