// Real time beside npm `socket.io` and `ws`: CPU of the server for each operation, memory of idle connections, the
// slowest echoes among many idle ones. Sides take turns; each figure is the median of the rounds, with its spread.
// All over WebSockets (the kernel's: bare TCP) on loopback; our server has a loop for each core, of which a few connections use one.
// Echo and fan-out stand beside `kernel` too, which is bench/sockets.c: epoll, read and send alone, the least they can cost.
// The load generator shares the machine, so wall rates say little and are not shown.
//
//   BENCH_ROUNDS=5 BENCH_SIDES=vivim,socket.io,ws,kernel BENCH_FIGURE=connect|echo1|echo4|echo|fanOut|fanOut8|memory|many node bench/run.mjs realtime
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { startVivim } from './archive.mjs';
import { cpuMicros, median, residentKiB, row, spread, startProcess, stop } from './lib.mjs';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const SIDES = (process.env.BENCH_SIDES ?? 'vivim,socket.io,ws,kernel').split(',');
const CONNECTS = 2000, OPENING_MAX = 50, ECHO_CLIENTS = 50, ECHOES_EACH = 600, RECEIVERS = 1000, BROADCASTS = 60;
const IDLE_MEMORY = 5000, IDLE_MANY = 10_000, BUSY = 100, PACE_MS = 20, PACED_MS = 5000, SETTLE_MS = 500;
const TOKEN = 'a-token-of-the-peers', KERNEL = 'build/release/bench/sockets', RAW_BYTES = '86';

async function startSide(kind) {
    if (kind === 'vivim') {
        const ours = await startVivim();
        return { kind, pid: ours.pid, url: ours.url.replace('localhost', '127.0.0.1'), token: ours.token, collect: async () => {}, stop: ours.stop };
    }
    if (kind === 'kernel') {
        execFileSync('make', ['-s', 'MODE=release', KERNEL], { stdio: ['ignore', 'ignore', 'inherit'] });
        const child = await startProcess(KERNEL, [RAW_BYTES], {}, /ready http\S+\n/);
        return { kind, pid: child.pid, url: /http\S+/.exec(child.greeting)[0], stop: () => stop(child) };
    }
    const child = await startProcess(process.execPath, ['--expose-gc', 'bench/peer_realtime.mjs', kind, TOKEN], {}, /ready http\S+\n/);
    return {
        kind, pid: child.pid, url: /http\S+/.exec(child.greeting)[0], token: TOKEN, stop: () => stop(child),
        collect: async () => { child.kill('SIGUSR2'); await once(child.stdout, 'data'); },
    };
}

// A server of one side with its load generator: order(name, options) → what it answered.
async function withSide(kind, body) {
    const side = await startSide(kind);
    const load = fork(new URL('realtime_client.mjs', import.meta.url).pathname);
    const ended = once(load, 'exit').then(([code, signal]) => { throw new Error(`the load of ${kind} ended with ${code ?? signal}`); });
    ended.catch(() => {}); // it ends in the end
    const order = async (name, options = {}) => {
        load.send({ do: name, ...options });
        const [answer] = await Promise.race([once(load, 'message'), ended]);
        if (answer.error) throw new Error(`${kind}, ${name}: ${answer.error}`);
        return answer.value;
    };
    try {
        await order('use', { kind, url: side.url });
        return await body(side, order);
    } finally {
        load.kill();
        await side.stop();
    }
}

// CPU microseconds of the server for each of `count` operations; what is left to do when the answer has come counts too.
async function micros(side, count, work) {
    const begin = cpuMicros(side.pid);
    await work();
    await wait(SETTLE_MS);
    return (cpuMicros(side.pid) - begin) / count;
}

// In flight: one message for each client. Times: of the kernel's own cost, at most.
const echo = (clients, times = '–') => ({
    text: `echo round trip, 64 bytes, ${clients} in flight on as many WebSockets over TCP, ${clients < 8 ? 'which share one loop' : 'a loop for each core'}, CPU µs`,
    floor: '–', aim: '–', hasKernel: true, times,
    measure: (kind) => withSide(kind, async (side, order) => {
        const each = Math.ceil((ECHO_CLIENTS * ECHOES_EACH) / Math.max(clients, 10));
        await order('open', { count: clients });
        await order('echo', { clients, each: each / 2 });
        return micros(side, clients * each, () => order('echo', { clients, each }));
    }),
});
const fanOut = (atOnce) => ({
    text: `fan-out of 64-byte events to ${RECEIVERS} WebSockets over TCP, ${atOnce} in flight, a loop for each core, CPU µs for each delivery`,
    floor: atOnce > 1 ? '5x' : '–', aim: '–', hasKernel: atOnce === 1, times: '1.15x',
    measure: (kind) => withSide(kind, async (side, order) => {
        const times = Math.ceil(BROADCASTS / atOnce), all = RECEIVERS * times * atOnce;
        await order('open', { count: RECEIVERS });
        await order('fanOut', { times: Math.ceil(times / 4), atOnce });
        return micros(side, all, async () => {
            const deliveries = await order('fanOut', { times, atOnce });
            if (deliveries !== all) throw new Error(`${deliveries} deliveries`);
        });
    }),
});

const FIGURES = {
    connect: {
        text: `connect and authenticate (${CONNECTS} WebSockets over TCP, ${OPENING_MAX} being opened at a time, a token in CONNECT, a loop for each core), CPU µs each`, floor: '5x', aim: '10x',
        measure: (kind) => withSide(kind, async (side, order) => {
            const open = () => order('open', { count: CONNECTS, token: side.token });
            await open(); // warm
            await order('close');
            await wait(SETTLE_MS);
            return micros(side, CONNECTS, open);
        }),
    },
    echo1: echo(1, '1.25x'),
    echo4: echo(4, '1.10x'),
    echo: echo(ECHO_CLIENTS),
    fanOut: fanOut(1),
    fanOut8: fanOut(8),
    memory: {
        text: `memory for each idle connection at ${IDLE_MEMORY}, joined with one account's token (RSS), kB`, floor: '3 kB', aim: '1.2 kB',
        measure: (kind) => withSide(kind, async (side, order) => {
            await order('open', { count: 200 }); // what is loaded once
            await order('close');
            await wait(SETTLE_MS);
            await side.collect();
            const empty = residentKiB(side.pid);
            await order('open', { count: IDLE_MEMORY, token: side.token });
            await wait(SETTLE_MS);
            await side.collect();
            return ((residentKiB(side.pid) - empty) * 1.024) / IDLE_MEMORY;
        }),
    },
    many: {
        text: `p99 of an echo with ${IDLE_MANY} idle connections, as a multiple of the p99 with ${BUSY} busy ones alone`, floor: '3x', aim: '1.5x', isRatio: true,
        measure: (kind) => withSide(kind, async (side, order) => {
            const paced = () => order('paced', { clients: BUSY, everyMs: PACE_MS, ms: PACED_MS });
            await order('open', { count: BUSY });
            await paced();
            const alone = await paced();
            await order('open', { count: IDLE_MANY, token: side.token });
            await wait(SETTLE_MS);
            const among = await paced();
            console.log(`    ${kind}: p99 ${alone.p99.toFixed(0)} µs alone, ${among.p99.toFixed(0)} µs among ${IDLE_MANY}`);
            return among.p99 / alone.p99;
        }),
    },
};

const show = (xs) => `${median(xs).toFixed(2)} (${spread(xs)})`;

export default async function realtime() {
    for (const [name, figure] of Object.entries(FIGURES)) {
        if (process.env.BENCH_FIGURE && process.env.BENCH_FIGURE !== name) continue;
        const sides = SIDES.filter((s) => s !== 'kernel' || figure.hasKernel);
        const values = Object.fromEntries(sides.map((s) => [s, []]));
        for (let i = 0; i < ROUNDS; i++) for (const side of sides) values[side].push(await figure.measure(side));
        const [first, ...peers] = sides;
        if (!peers.length) row(figure.text, show(values[first]), '–', '–', figure.floor, figure.aim);
        for (const peer of peers) {
            const counts = peer === 'socket.io', most = peer === 'kernel'; // the floors were set against the one; nobody is below the other
            const ratios = values[peer].map((x, i) => (most ? values[first][i] / x : x / values[first][i]));
            row(`${figure.text}, against ${peer}`, show(values[first]), show(values[peer]),
                figure.isRatio ? '–' : `${median(ratios).toFixed(2)}x (${spread(ratios)})${most ? ' of it' : ''}`,
                counts ? figure.floor : '–', most ? figure.times : counts ? figure.aim : '–');
        }
    }
}
