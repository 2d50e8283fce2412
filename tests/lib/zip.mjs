import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';

// A zip of given files, stored or deflated, for tests: { name: text or Buffer }.
export function zipOf(files, { deflate = true } = {}) {
    const parts = [], central = [];
    let offset = 0;
    for (const [name, content] of Object.entries(files)) {
        const data = Buffer.from(content), packed = deflate ? deflateRawSync(data) : data, path = Buffer.from(name);
        const common = Buffer.alloc(26);
        common.writeUInt16LE(20, 0);
        common.writeUInt16LE(0x0800, 2);
        common.writeUInt16LE(deflate ? 8 : 0, 4);
        common.writeUInt32LE(crc32(data), 10);
        common.writeUInt32LE(packed.length, 14);
        common.writeUInt32LE(data.length, 18);
        common.writeUInt16LE(path.length, 22);
        parts.push(Buffer.from('PK\x03\x04', 'latin1'), common, path, packed);
        const entry = Buffer.alloc(14);
        entry.writeUInt32LE(offset, 10);
        central.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, entry, path);
        offset += 4 + 26 + path.length + packed.length;
    }
    const directory = Buffer.concat(central), end = Buffer.alloc(22);
    end.write('PK\x05\x06', 0, 'latin1');
    end.writeUInt16LE(Object.keys(files).length, 8);
    end.writeUInt16LE(Object.keys(files).length, 10);
    end.writeUInt32LE(directory.length, 12);
    end.writeUInt32LE(offset, 16);
    return Buffer.concat([...parts, directory, end]);
}

// A zip as a reader sees it that believes its directory alone: { name: bytes }. What is not as it says is an error.
export function unzip(bytes) {
    const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
    if (end < 0) throw new Error('this zip has no end');
    const members = {};
    let at = bytes.readUInt32LE(end + 16);
    for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
        if (bytes.readUInt32LE(at) !== 0x02014b50) throw new Error('a broken directory');
        const method = bytes.readUInt16LE(at + 10), crc = bytes.readUInt32LE(at + 16), packed = bytes.readUInt32LE(at + 20), size = bytes.readUInt32LE(at + 24);
        const names = bytes.readUInt16LE(at + 28), extra = bytes.readUInt16LE(at + 30), head = bytes.readUInt32LE(at + 42);
        const name = bytes.subarray(at + 46, at + 46 + names).toString('utf8');
        const from = head + 30 + bytes.readUInt16LE(head + 26) + bytes.readUInt16LE(head + 28), body = bytes.subarray(from, from + packed);
        const content = method === 8 ? inflateRawSync(body) : body;
        if (content.length !== size || crc32(content) !== crc) throw new Error(`${name} is damaged`);
        if (name in members) throw new Error(`${name} is there twice`);
        members[name] = content;
        at += 46 + names + extra + bytes.readUInt16LE(at + 32);
    }
    return members;
}
