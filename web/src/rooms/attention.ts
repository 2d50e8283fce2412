// Whether somebody is in front of the page: not when it is hidden, nor after a while without a touch of it.
const IDLE_MS = 5 * 60_000;
const NOTICE_MS = 1_000; // a moving pointer is noticed so often
const SIGNS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'scroll'];

// wake: the page is looked at again, or the machine is online again.
export function watchAttention(tell: (status: 'online' | 'away') => void, wake: () => void): void {
    let timer = 0;
    let noticedAt = 0;

    function active(): void {
        if (document.hidden) return;
        noticedAt = performance.now();
        clearTimeout(timer);
        timer = window.setTimeout(() => tell('away'), IDLE_MS);
        tell('online');
    }

    for (const sign of SIGNS)
        addEventListener(sign, () => { if (performance.now() - noticedAt > NOTICE_MS) active(); }, { passive: true, capture: true });
    document.addEventListener('visibilitychange', () => {
        if (document.hidden) {
            clearTimeout(timer);
            tell('away');
        } else {
            active();
            wake();
        }
    });
    addEventListener('online', wake);
    if (document.hidden) tell('away');
    else active();
}
