import { fileURLToPath } from 'node:url';
import { defaultClientConditions, defineConfig } from 'vite';

// `npm run dev` serves the client with changes at once and passes the API on to `./run`.
const SERVER = 'http://localhost:8420';

export default defineConfig({
    root: fileURLToPath(new URL('.', import.meta.url)),
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    // Markdown is rendered in a worker: its library's variant for the page would ask the DOM for character names.
    resolve: { conditions: ['worker', ...defaultClientConditions] },
    build: {
        outDir: 'dist',
        emptyOutDir: true,
        target: 'es2022',
        cssTarget: 'esnext',
        // Everything is a file of its own under a hashed name: the page's policy allows no inline code.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
    },
    worker: { format: 'es' },
    server: {
        proxy: {
            '/api': { target: SERVER, headers: { origin: SERVER } },
            '/socket.io': { target: SERVER, headers: { origin: SERVER }, ws: true },
        },
    },
});
