// A zip of given files, stored or deflated, for tests: { name: text or Buffer }.
import { crc32, deflateRawSync } from 'node:zlib';

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
