// Tests of one file that run beside each other and are told in their order: for what waits more than it works, as browsers do.
//
//     const test = beside(4);       // at most four of these bodies at a time
//
// Bodies begin when the first of them would: what stands above as an ordinary test has ended by then, and `before` too. They
// get no context: what they make they clear away themselves.
import { test as ordinary } from 'node:test';

// Runs what it is given, at most so many at a time.
export function atMost(width) {
    const waiting = [];
    let running = 0;
    const go = () => {
        for (; running < width && waiting.length; running++)
            void waiting.shift()().finally(() => {
                running--;
                go();
            });
    };
    return (work) => new Promise((resolve, reject) => {
        waiting.push(async () => work().then(resolve, reject));
        go();
    });
}

const lanes = []; // what begins them

export function beside(width) {
    const run = atMost(width), bodies = [];
    lanes.push(() => { for (const begin of bodies.splice(0)) begin(); });
    return (name, options, body = options) => {
        const { promise, resolve } = Promise.withResolvers();
        // How it ended waits until it is asked for: a failure belongs to its own test.
        if (!options.skip) bodies.push(() => void run(async () => body()).then(() => resolve(null), (error) => resolve({ error })));
        ordinary(name, typeof options === 'object' ? options : {}, async () => {
            for (const begin of lanes) begin();
            const failure = await promise;
            if (failure) throw failure.error;
        });
    };
}
