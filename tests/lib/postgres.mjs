// What can happen to a PostgreSQL under a running server: it is stopped in its tracks (SIGSTOP), ended and started
// again, or what lies between swallows every byte.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { command } from './server.mjs';

const BIN = '/usr/lib/postgresql/15/bin/pg_ctl';

export const query = async (url, sql) => (await command('psql', ['-qAt', '-d', url, '-c', sql], { env: process.env })).stdout.trim();

// The one that VIVIM_TEST_PG_URL names, or one of our own: { url, pause(), resume(), end(), begin(), stop() }.
export async function postgres() {
    const own = process.env.VIVIM_TEST_PG_URL ? null : await startOwn();
    const url = process.env.VIVIM_TEST_PG_URL ?? own.url;
    const data = await query(url, 'SHOW data_directory');
    const options = readFileSync(`${data}/postmaster.opts`, 'utf8').trim().split(' ').slice(1).join(' ').replaceAll('"', '');
    const paused = new Set();
    const signal = (pid, name) => { try { process.kill(pid, name); } catch { /* it has ended */ } };
    const ctl = (...words) => command(process.getuid() === 0 ? 'setpriv' : BIN,
        [...(process.getuid() === 0 ? ['--reuid=postgres', '--regid=postgres', '--init-groups', BIN] : []), '-D', data, '-w', ...words], { env: process.env, cwd: data });
    const here = {
        url,
        // All of its processes. The postmaster first, so that it makes no new ones meanwhile.
        pause() {
            const master = Number(readFileSync(`${data}/postmaster.pid`, 'utf8').split('\n')[0]);
            for (const pid of [master, ...childrenOf(master)]) {
                signal(pid, 'SIGSTOP');
                paused.add(pid);
            }
            for (const pid of childrenOf(master)) if (!paused.has(pid)) { signal(pid, 'SIGSTOP'); paused.add(pid); }
        },
        resume() {
            for (const pid of paused) signal(pid, 'SIGCONT');
            paused.clear();
        },
        end: () => ctl('-m', 'immediate', 'stop'),
        begin: () => ctl('-l', `${data}/../log`, '-o', options.replace(/^-D \S+ ?/, ''), 'start'),
        async stop() {
            here.resume();
            if (own) await own.stop();
        },
    };
    process.on('exit', here.resume);
    return here;
}

async function startOwn() {
    const child = spawn('tests/lib/pg.sh', ['sh', '-c', 'echo "$VIVIM_TEST_PG_URL"; cat >/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const exited = new Promise((resolve) => child.on('close', resolve));
    const url = await new Promise((resolve, reject) => {
        let text = '';
        child.stdout.on('data', (d) => (text += d).includes('\n') && resolve(text.trim()));
        exited.then((code) => reject(new Error(`pg.sh ended with ${code}`)));
    });
    return {
        url,
        stop: () => {
            child.stdin.end();
            return exited;
        },
    };
}

function childrenOf(parent) {
    return readdirSync('/proc').filter((n) => /^\d+$/.test(n)).map(Number).filter((pid) => {
        try {
            return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1]) === parent;
        } catch {
            return false;
        }
    });
}

// A database of its own there, and the settings with which a server uses it.
export async function database(pg, name) {
    await query(pg.url, `CREATE DATABASE ${name}`);
    const url = new URL(pg.url);
    url.pathname = '/' + name;
    return url.href;
}

// Between a server and its database: passes everything on, until `swallow` is set; then nothing, in neither direction, of
// old connections and new ones. Old ones stay dead afterwards, as those of a router that forgot them.
export async function swallowingProxy(target) {
    const to = new URL(target), here = new URL(target);
    const sockets = new Set();
    const proxy = { swallow: false, url: '', close: () => { for (const s of sockets) s.destroy(); server.close(); } };
    const server = createServer((client) => {
        const link = { dead: proxy.swallow };
        const upstream = connect(Number(to.port), to.hostname);
        for (const [from, other] of [[client, upstream], [upstream, client]]) {
            sockets.add(from);
            from.on('data', (d) => {
                link.dead ||= proxy.swallow;
                if (!link.dead) other.write(d);
            });
            from.on('error', () => {});
            from.on('close', () => {
                sockets.delete(from);
                if (!link.dead) other.destroy();
            });
        }
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    here.port = String(server.address().port);
    proxy.url = here.href;
    return proxy;
}
