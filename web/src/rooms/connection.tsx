// Quiet while all is well; after some seconds without a connection a line that says so.
import { useEffect, useState } from 'preact/hooks';
import { useStore } from '../ui/hooks.ts';
import { useApp } from './context.ts';

const PATIENCE_MS = 3_000;

export function Connection() {
    const { live } = useApp();
    const lost = useStore(live.store, (s) => s.connection === 'lost');
    const [shown, setShown] = useState(false);
    useEffect(() => {
        if (!lost) return setShown(false);
        const timer = setTimeout(() => setShown(true), PATIENCE_MS);
        return () => clearTimeout(timer);
    }, [lost]);
    return (
        <div class="connection" role="status" aria-live="polite">
            {shown && <p>Not connected. What is here stays readable; trying again. <button type="button" class="quiet" onClick={() => live.tryNow()}>Try now</button></p>}
        </div>
    );
}
