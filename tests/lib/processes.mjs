// The processes that a server has started, found by parentage: a test ends only these.
import { readdirSync, readFileSync } from 'node:fs';

const read = (pid, file) => { try { return readFileSync(`/proc/${pid}/${file}`, 'utf8'); } catch { return ''; } }; // it may end meanwhile

export function descendants(pid) {
    const parents = readdirSync('/proc').filter((n) => /^\d+$/.test(n)).map((n) => [Number(n), Number(read(n, 'stat').split(') ').at(-1).split(' ')[1])]);
    const all = [pid];
    for (let i = 0; i < all.length; i++) all.push(...parents.filter(([, parent]) => parent === all[i]).map(([p]) => p));
    return all.slice(1);
}

export const commandLine = (pid) => read(pid, 'cmdline').replaceAll('\0', ' ');

// The browsers (their first processes, which lead their groups) that a server on this data folder has started, also those that have outlived it.
export const browsersOf = (data) => readdirSync('/proc').filter((n) => /^\d+$/.test(n)).map(Number)
    .filter((pid) => commandLine(pid).includes(`--user-data-dir=${data}/`) && !commandLine(pid).includes('--type='));

export function endBrowsersOf(data) {
    for (const pid of browsersOf(data)) {
        try {
            process.kill(-pid, 'SIGKILL');
        } catch { /* it has ended meanwhile */ }
    }
}
