// The browser's address and history. Links of ours are plain <a href>: clicks on them are taken here, so that opening in
// a new tab, copying and the middle button work as everywhere.
import { createStore, type StoreApi } from 'zustand/vanilla';
import { hrefOf, parseRoute, type Route } from '../model/route.ts';

export interface Place {
    route: Route;
    // Where the page was scrolled to when this entry was left; null when it is new.
    scrollY: number | null;
    visit: number; // grows with each move to another screen
    from: Route | null; // the entry before this one in the history, while that is known
}

export interface Navigation {
    store: StoreApi<Place>;
    go(route: Route, how?: { replace?: boolean }): void;
    // Changes the address without making it another place (a search that is being typed).
    rewrite(route: Route): void;
    // To the search that led here as it was left, else to that search anew.
    backTo(route: Route): void;
}

const read = (): Route => parseRoute(location.pathname, location.search, location.hash);

export function createNavigation(): Navigation {
    const store = createStore<Place>(() => ({ route: read(), scrollY: null, visit: 1, from: null }));
    history.scrollRestoration = 'manual';

    const arrive = (scrollY: number | null, from: Route | null = null) => store.setState((s) => ({ route: read(), scrollY, visit: s.visit + 1, from }));
    const keepScroll = () => history.replaceState({ ...history.state, scrollY: window.scrollY }, '');

    function go(route: Route, { replace = false } = {}): void {
        const from = replace ? null : store.getState().route;
        if (replace) {
            history.replaceState({}, '', hrefOf(route));
        } else {
            keepScroll();
            history.pushState({}, '', hrefOf(route));
        }
        arrive(null, from);
    }

    window.addEventListener('popstate', (event) => {
        if (event.state === null && location.hash.startsWith('#n-')) return; // a jump to a note: the browser's own business
        const state: unknown = event.state;
        const y = typeof state === 'object' && state !== null && 'scrollY' in state ? Number(state.scrollY) : null;
        arrive(Number.isFinite(y) ? y : null);
    });

    // The place of the entry that is left by the back button is noted while scrolling, at most twice a second.
    let timer = 0;
    window.addEventListener('scroll', () => {
        if (!timer) timer = window.setTimeout(() => ((timer = 0), keepScroll()), 500);
    }, { passive: true });

    document.addEventListener('click', (event) => {
        if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        const link = (event.target as Element | null)?.closest?.('a');
        if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
        if (link.pathname.startsWith('/api/')) return;
        if (link.pathname === location.pathname && link.search === location.search && link.hash) return; // within the page
        event.preventDefault();
        go(parseRoute(link.pathname, link.search, link.hash));
    });

    return {
        store,
        go,
        backTo: (route) => {
            if (store.getState().from?.name === route.name) history.back();
            else go(route);
        },
        rewrite: (route) => {
            history.replaceState(history.state, '', hrefOf(route));
            store.setState({ route });
        },
    };
}
