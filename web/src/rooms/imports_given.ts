// What was dropped or chosen, as files with the folders that they lie in.
import type { Given } from '../model/imports.ts';

export function givenOf(list: FileList | null): Given[] {
    return [...(list ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
}

const entriesOf = (folder: FileSystemDirectoryReader): Promise<FileSystemEntry[]> => new Promise((resolve, reject) => folder.readEntries(resolve, reject));
const fileOf = (entry: FileSystemFileEntry): Promise<File> => new Promise((resolve, reject) => entry.file(resolve, reject));

async function walk(entry: FileSystemEntry, into: Given[]): Promise<void> {
    if (entry.isFile) {
        into.push({ file: await fileOf(entry as FileSystemFileEntry), path: entry.fullPath.replace(/^\//, '') });
        return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (let some = await entriesOf(reader); some.length; some = await entriesOf(reader)) for (const inner of some) await walk(inner, into);
}

// The entries must be asked for before the event ends; folders are read afterwards.
export async function given(data: DataTransfer): Promise<Given[]> {
    const entries = [...data.items].map((item) => item.webkitGetAsEntry?.()).filter((e): e is FileSystemEntry => !!e);
    if (!entries.length) return givenOf(data.files);
    const all: Given[] = [];
    for (const entry of entries) await walk(entry, all);
    return all;
}
