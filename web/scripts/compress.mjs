// Beside each text file of web/dist its .br and .gz, made once here instead of at every request. The server serves them as they are.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const TEXT = /\.(js|css|html|svg|webmanifest)$/;

for (const name of readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter((f) => TEXT.test(f))) {
    const file = join(DIST, name);
    const body = readFileSync(file);
    writeFileSync(`${file}.gz`, gzipSync(body, { level: 9 }));
    writeFileSync(`${file}.br`, brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: body.length } })); // quality 11
}
