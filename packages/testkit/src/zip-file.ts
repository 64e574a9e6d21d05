import { crc32 } from "node:zlib";

export interface ZipEntry {
  name: string;
  content: string | Uint8Array;
  /** With the type of the file; 0 for archives that do not tell. Default: a regular file, 0644. */
  mode?: number;
}

/** An archive whose entries are not compressed. Names are written as they are, however bad. */
export function zipFile(entries: readonly ZipEntry[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const content = Buffer.from(entry.content);
    const sums = Buffer.alloc(12);
    sums.writeUInt32LE(crc32(content), 0);
    sums.writeUInt32LE(content.length, 4);
    sums.writeUInt32LE(content.length, 8);
    const lengths = Buffer.alloc(4);
    lengths.writeUInt16LE(name.length, 0);
    // Version needed, flags (names in UTF-8), method (stored), time and date.
    const common = Buffer.from([20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0]);
    const file = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), common, sums, lengths, name, content]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE((entry.mode ?? 0o100644) * 0x10000, 6);
    place.writeUInt32LE(offset, 10);
    const madeOnUnix = Buffer.from([20, 3]);
    directory.push(
      Buffer.concat([Buffer.from("PK\x01\x02", "latin1"), madeOnUnix, common, sums, lengths, place, name]),
    );
    files.push(file);
    offset += file.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, listing, end]);
}
