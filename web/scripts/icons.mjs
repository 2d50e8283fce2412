// The icons, drawn from one description: icon.svg and its PNGs (8-bit RGBA, written here: no drawing program, no library).
//
//   node web/scripts/icons.mjs        run again when the mark changes; its output is committed
import { writeFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';

const OUT = new URL('../public/icons/', import.meta.url);
const GROUND = [0x0f, 0x4a, 0x39];
// On a grid of 32: the two pages of an open book, a V.
const PAGES = [
    { colour: [0xf4, 0xf7, 0xf3], points: [[6, 9.2], [15, 12], [15, 25.2], [6, 21.8]] },
    { colour: [0xe2, 0xb6, 0x57], points: [[26, 9.2], [17, 12], [17, 25.2], [26, 21.8]] },
];
const CORNER = 7; // radius of the ground on the same grid
const SAMPLES = 4;

const hex = (c) => '#' + c.map((v) => v.toString(16).padStart(2, '0')).join('');

function svg() {
    const pages = PAGES.map((p) => `<path fill="${hex(p.colour)}" d="M${p.points.map((q) => q.join(' ')).join('L')}Z"/>`).join('');
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="${CORNER}" fill="${hex(GROUND)}"/>${pages}</svg>\n`;
}

function inside(points, x, y) {
    let result = false;
    for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
        const [xi, yi] = points[i], [xj, yj] = points[j];
        if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) result = !result;
    }
    return result;
}

// Maskable icons fill the whole square and keep the mark within the inner 80 %.
function colourAt(x, y, maskable) {
    const scale = maskable ? 1.25 : 1;
    const px = (x - 16) * scale + 16, py = (y - 16) * scale + 16;
    const page = PAGES.find((p) => inside(p.points, px, py));
    if (page) return page.colour;
    if (maskable) return GROUND;
    const dx = Math.max(CORNER - x, x - (32 - CORNER), 0), dy = Math.max(CORNER - y, y - (32 - CORNER), 0);
    return dx * dx + dy * dy <= CORNER * CORNER ? GROUND : null;
}

function pixel(column, row, size, maskable) {
    const sum = [0, 0, 0];
    let covered = 0;
    for (let s = 0; s < SAMPLES * SAMPLES; s++) {
        const x = (column + ((s % SAMPLES) + 0.5) / SAMPLES) * (32 / size);
        const y = (row + (Math.floor(s / SAMPLES) + 0.5) / SAMPLES) * (32 / size);
        const colour = colourAt(x, y, maskable);
        if (!colour) continue;
        covered++;
        colour.forEach((v, i) => (sum[i] += v));
    }
    return [...sum.map((v) => (covered ? Math.round(v / covered) : 0)), Math.round((covered * 255) / (SAMPLES * SAMPLES))];
}

function chunk(name, data) {
    const body = Buffer.concat([Buffer.from(name), data]);
    const out = Buffer.alloc(8 + body.length);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc32(body), 4 + body.length);
    return out;
}

function png(size, maskable) {
    const head = Buffer.alloc(13);
    head.writeUInt32BE(size, 0);
    head.writeUInt32BE(size, 4);
    head.set([8, 6, 0, 0, 0], 8);
    const rows = Buffer.alloc(size * (1 + size * 4)); // each row begins with its filter, 0
    for (let y = 0; y < size; y++)
        for (let x = 0; x < size; x++) rows.set(pixel(x, y, size, maskable), y * (1 + size * 4) + 1 + x * 4);
    const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0))]);
}

writeFileSync(new URL('icon.svg', OUT), svg());
writeFileSync(new URL('icon-192.png', OUT), png(192, false));
writeFileSync(new URL('icon-512.png', OUT), png(512, false));
writeFileSync(new URL('maskable-512.png', OUT), png(512, true));
