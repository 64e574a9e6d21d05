/** What an entry of a tar archive says of itself. */
export interface TarHeader {
  name: string;
  /** As in the archive: "0" for a file, "5" for a directory. */
  type: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  /** Seconds. */
  mtime: number;
  linkname: string;
  devmajor: number;
  devminor: number;
}

/** What an entry is, by the letter in its header. */
export const tarType = {
  file: "0",
  hardLink: "1",
  symbolicLink: "2",
  characterDevice: "3",
  blockDevice: "4",
  directory: "5",
  fifo: "6",
  contiguousFile: "7",
} as const;

export const tarBlock = 512;
/** Where a block has its checksum, which counts as blanks in itself. */
const checksum = { start: 148, end: 156 };
const blank = 32;

/** A header's block, or undefined for one of zeros. @throws Error for anything else */
export function readTarHeader(block: Buffer): TarHeader | undefined {
  const sum = checksumOf(block);
  if (sum === blank * (checksum.end - checksum.start)) return undefined;
  if (sum !== numberAt(block, checksum.start, checksum.end))
    throw new Error("no tar header: its checksum is another");
  const form = block.toString("latin1", 257, 263);
  if (form !== "ustar\0" && form !== "ustar ") throw new Error("no tar header: its form is unknown");
  const name = textAt(block, 0, 100);
  const prefix = form === "ustar\0" ? textAt(block, 345, 500) : "";
  const type = block[156] === 0 ? tarType.file : block.toString("latin1", 156, 157);
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    // Old programs say by a slash that it is a directory.
    type: type === tarType.file && name.endsWith("/") ? tarType.directory : type,
    mode: numberAt(block, 100, 108),
    uid: numberAt(block, 108, 116),
    gid: numberAt(block, 116, 124),
    size: numberAt(block, 124, 136),
    mtime: numberAt(block, 136, 148),
    linkname: textAt(block, 157, 257),
    devmajor: numberAt(block, 329, 337),
    devminor: numberAt(block, 337, 345),
  };
}

/** The records of an extended header: `17 path=usr/bin/x\n`. What is no record ends them. */
export function readPaxRecords(bytes: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(" ", at);
    const length = space < 0 ? Number.NaN : Number(bytes.toString("latin1", at, space));
    const end = at + length;
    const equals = bytes.indexOf("=", space);
    if (!Number.isInteger(length) || end > bytes.length || equals < 0 || equals >= end) break;
    records.set(bytes.toString("utf8", space + 1, equals), bytes.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** The text of a field: up to its first zero. */
export function textAt(bytes: Buffer, start: number, end: number): string {
  const zero = bytes.indexOf(0, start);
  return bytes.toString("utf8", start, zero < 0 || zero > end ? end : zero);
}

function checksumOf(block: Buffer): number {
  let sum = 0;
  for (const [at, byte] of block.entries()) sum += at >= checksum.start && at < checksum.end ? blank : byte;
  return sum;
}

/** Octal, or bytes where the first has its highest bit set. */
function numberAt(block: Buffer, start: number, end: number): number {
  const first = block[start] ?? 0;
  if ((first & 0x80) === 0) {
    const digits = /^[ \0]*([0-7]*)/.exec(block.toString("latin1", start, end))?.[1] ?? "";
    return digits === "" ? 0 : Number.parseInt(digits, 8);
  }
  let value = first === 0xff ? -1 : first & 0x7f;
  for (const byte of block.subarray(start + 1, end)) value = value * 256 + byte;
  return value;
}
