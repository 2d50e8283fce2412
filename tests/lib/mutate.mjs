// Mutations of bytes, from a seed: the same seed gives the same bytes.

// A small generator of random numbers (mulberry32): good enough to choose with, and repeatable, which Math.random is not.
export function random(seed) {
    let state = seed >>> 0;
    const next = () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = Math.imul(state ^ (state >>> 15), state | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return (t ^ (t >>> 14)) >>> 0;
    };
    const below = (n) => next() % n;
    return { next, below, pick: (list) => list[below(list.length)], chance: (part) => next() < part * 2 ** 32 };
}

const REPEATS_MAX = 64, INSERTED_MAX = 32, BYTES_MAX = 100_000;
const EDGES = [0, 1, 0x1e, 0x22, 0x2c, 0x2d, 0x2f, 0x30, 0x5b, 0x5d, 0x7b, 0x7d, 0x7e, 0x7f, 0x80, 0xc0, 0xed, 0xf4, 0xff];
// Lengths and numbers that have no business where they will stand.
const HUGE = ['99999999999999999999', '4294967296', '9007199254740993', '-1', '0.5', '1e999', '4294967295-', '11-']
    .map((s) => Buffer.from(s)).concat([Buffer.from([0xfe, 0xff, 0xff]), Buffer.from([0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        Buffer.from([0xff, 0x80, 0, 0, 0, 0, 0, 0, 0]), Buffer.from([0x7f, 0, 0, 0, 0, 0, 0, 0, 1])]);

const cut = (bytes, from, to, middle) => Buffer.concat([bytes.subarray(0, from), middle, bytes.subarray(to)]);
const MUTATIONS = {
    flip(r, b) { const out = Buffer.from(b); if (out.length) out[r.below(out.length)] ^= 1 << r.below(8); return out; },
    edge(r, b) { const out = Buffer.from(b); if (out.length) out[r.below(out.length)] = r.pick(EDGES); return out; },
    truncate: (r, b) => b.subarray(0, r.below(b.length + 1)),
    remove(r, b) { const at = r.below(b.length + 1); return cut(b, at, Math.min(b.length, at + 1 + r.below(8)), Buffer.alloc(0)); },
    insert: (r, b) => { const at = r.below(b.length + 1); return cut(b, at, at, Buffer.from(Array.from({ length: 1 + r.below(INSERTED_MAX) }, () => r.below(256)))); },
    huge: (r, b) => { const at = r.below(b.length + 1); return cut(b, at, Math.min(b.length, at + r.below(4)), r.pick(HUGE)); },
    repeat(r, b) {
        const at = r.below(b.length + 1), part = b.subarray(at, at + 1 + r.below(16));
        return cut(b, at, at, Buffer.concat(Array(1 + r.below(REPEATS_MAX)).fill(part)));
    },
    splice(r, b, seeds) { const other = r.pick(seeds); return Buffer.concat([b.subarray(0, r.below(b.length + 1)), other.subarray(r.below(other.length + 1))]); },
    join: (r, b, seeds) => Buffer.concat([b, r.pick(seeds)]),
};
const NAMES = Object.keys(MUTATIONS);

// One of the seeds, changed once to four times.
export function mutate(r, seeds) {
    let bytes = r.pick(seeds);
    for (let left = 1 + r.below(4); left > 0; left--) bytes = MUTATIONS[r.pick(NAMES)](r, bytes, seeds);
    return bytes.subarray(0, BYTES_MAX);
}

// A WebSocket frame of a client (RFC 6455, section 5.2). `first` is FIN, the reserved bits and the opcode.
export function clientFrame(first, payload, mask = Buffer.from([0x12, 0x34, 0x56, 0x78])) {
    const n = payload.length;
    const head = n < 126 ? Buffer.from([first, 0x80 | n]) : n < 65536 ? Buffer.from([first, 0xfe, n >> 8, n & 255]) : Buffer.alloc(10);
    if (n >= 65536) {
        head[0] = first;
        head[1] = 0xff;
        head.writeBigUInt64BE(BigInt(n), 2);
    }
    return Buffer.concat([head, mask, payload.map((byte, i) => byte ^ mask[i & 3])]);
}
