// Addresses of the client's own screens: text to meaning and back. Pure; rooms/navigation.ts moves the browser.
import { queryOf, readQuestion, type Question } from './question.ts';

export type Route =
    | { name: 'library' }
    | { name: 'setup'; token: string }
    | { name: 'login'; next: string; token?: string } // token: of a one-time sign-in link
    | { name: 'conversation'; id: string; messageId: string; q?: string } // q: the search whose words are marked
    | { name: 'search'; question: Question }
    | { name: 'captures' }
    | { name: 'capture'; id: string }
    | { name: 'imports' }
    | { name: 'import'; id: string }
    | { name: 'settings' }
    | { name: 'unknown'; path: string };

const ID = /^[0-9A-Za-z-]{1,64}$/;

export function parseRoute(path: string, search = '', hash = ''): Route {
    const parts = path.split('/').filter(Boolean);
    const [first = '', second = '', ...more] = parts;
    const query = new URLSearchParams(search);
    const fragment = hash.replace(/^#/, '');
    if (more.length) return { name: 'unknown', path };
    if (second) {
        if (!ID.test(second)) return { name: 'unknown', path };
        if (first === 'c') return { name: 'conversation', id: second, messageId: /^m-(.+)$/.exec(fragment)?.[1] ?? '', ...(query.get('q') ? { q: query.get('q') ?? '' } : {}) };
        if (first === 'captures') return { name: 'capture', id: second };
        if (first === 'imports') return { name: 'import', id: second };
        return { name: 'unknown', path };
    }
    switch (first) {
    case '': return { name: 'library' };
    case 'setup': return { name: 'setup', token: fragment };
    case 'login': return { name: 'login', next: localPath(query.get('next') ?? ''), ...(fragment ? { token: fragment } : {}) };
    case 'search': return { name: 'search', question: readQuestion(query) };
    case 'captures': return { name: 'captures' };
    case 'imports': return { name: 'imports' };
    case 'settings': return { name: 'settings' };
    default: return { name: 'unknown', path };
    }
}

export function hrefOf(route: Route): string {
    switch (route.name) {
    case 'library': return '/';
    case 'setup': return route.token ? `/setup#${route.token}` : '/setup';
    case 'login': return (route.next ? `/login?next=${encodeURIComponent(route.next)}` : '/login') + (route.token ? `#${route.token}` : '');
    case 'conversation': return `/c/${route.id}${route.q ? `?q=${encodeURIComponent(route.q)}` : ''}${route.messageId ? `#m-${route.messageId}` : ''}`;
    case 'search': return `/search${queryOf(route.question)}`;
    case 'captures': return '/captures';
    case 'capture': return `/captures/${route.id}`;
    case 'imports': return '/imports';
    case 'import': return `/imports/${route.id}`;
    case 'settings': return '/settings';
    case 'unknown': return route.path;
    }
}

// Where to go on after signing in: an address of ours, never another site ("//evil", "/\evil").
export function localPath(path: string): string {
    return /^\/(?![/\\])[^\s\\]*$/.test(path) && !/^\/(login|setup)\b/.test(path) ? path : '';
}

// Screens that nobody needs to be signed in for.
export function isPublic(route: Route): boolean {
    return route.name === 'setup' || route.name === 'login';
}
