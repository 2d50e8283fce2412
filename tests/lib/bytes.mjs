// What lies in a data folder, byte by byte.
import { readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

// Every file below a folder; one that goes while we look is not there.
export function filesIn(folder) {
    return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isFile()).map((e) => join(e.parentPath ?? e.path, e.name));
}

// Where any of these words still stands, as "word in file", in any case of its letters.
export function wordsIn(folder, words) {
    return filesIn(folder).flatMap((file) => {
        const text = readFileSync(file).toString('latin1').toLowerCase();
        return words.filter((w) => text.includes(w)).map((w) => `${w} in ${file.slice(folder.length + 1)}`);
    });
}

// As if the files had lain there for a day.
export function age(folder) {
    for (const file of filesIn(folder)) {
        const day = statSync(file).mtimeMs / 1000 - 24 * 3600;
        utimesSync(file, day, day);
    }
}
