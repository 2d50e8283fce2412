import { useTitle } from './shell.tsx';

export function NotFound({ what }: { what: 'page' | 'conversation' | 'capture' }) {
    useTitle('Not found');
    return (
        <div class="column empty">
            <h1 tabIndex={-1}>This {what} is not here</h1>
            <p>{what === 'page' ? 'The address may be mistyped.' : 'It may have been deleted, or it belongs to another account.'}</p>
            <p><a class="button" href="/">To the library</a> <a class="button quiet" href="/search">Search</a></p>
        </div>
    );
}
