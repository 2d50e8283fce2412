// Nothing while all is well. When the connection is away for longer than a blink, one line says so and offers to try at once.
import { useStore } from '../ui/hooks.ts';
import { useApp } from './context.ts';

export function ConnectionLine() {
    const { live } = useApp();
    const trouble = useStore(live.store, (s) => s.trouble);
    return (
        <div class="connection" aria-live="polite">
            {trouble && (
                <p class="connection-line">
                    <span>Not connected, trying again …</span>
                    <button type="button" onClick={live.retry}>Try now</button>
                </p>
            )}
        </div>
    );
}
