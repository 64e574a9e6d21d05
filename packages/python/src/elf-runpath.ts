interface Dynamic {
  /** Where the entry's tag lies in the file. */
  at: number;
  tag: bigint;
  value: bigint;
}

const tags = { rpath: 15n, runpath: 29n };
const dynamicType = 6;

/**
 * Changes in a program or library where it looks for its libraries, in place. With `forAll` it holds for what its
 * libraries need in turn as well. False when the file is no 64-bit little-endian ELF file, or has no room for it.
 */
export function setRunpath(content: Buffer, path: string, options: { forAll: boolean }): boolean {
  const magic = Buffer.from("\x7fELF\x02\x01", "latin1");
  if (content.length < 64 || !content.subarray(0, 6).equals(magic)) return false;
  const entries = dynamicEntries(content);
  const searched = entries.filter(({ tag }) => tag === tags.rpath || tag === tags.runpath);
  const strings = stringsOffset(content);
  if (strings === undefined || searched.length === 0) return false;
  for (const { at, value } of searched) {
    const start = strings + Number(value);
    const end = content.indexOf(0, start);
    if (end - start < path.length) return false;
    content.fill(0, start, end);
    content.write(path, start, "latin1");
    content.writeBigUInt64LE(options.forAll ? tags.rpath : tags.runpath, at);
  }
  return true;
}

/** Reads where a program or library looks for its libraries; undefined when it does not say. */
export function runpathOf(content: Buffer): string | undefined {
  if (content.length < 64 || content.readUInt32BE(0) !== 0x7f454c46) return undefined;
  const strings = stringsOffset(content);
  const entry = dynamicEntries(content).find(({ tag }) => tag === tags.rpath || tag === tags.runpath);
  if (strings === undefined || entry === undefined) return undefined;
  const start = strings + Number(entry.value);
  return content.toString("latin1", start, content.indexOf(0, start));
}

function dynamicEntries(content: Buffer): Dynamic[] {
  const section = sections(content).find(({ type }) => type === dynamicType);
  if (!section) return [];
  const entries: Dynamic[] = [];
  for (let at = section.offset; at + 16 <= section.offset + section.size; at += 16) {
    entries.push({ at, tag: content.readBigUInt64LE(at), value: content.readBigUInt64LE(at + 8) });
  }
  return entries;
}

/** Finds in the file the strings that the dynamic section's values point into. */
function stringsOffset(content: Buffer): number | undefined {
  const all = sections(content);
  const section = all.find(({ type }) => type === dynamicType);
  return section && all[section.link]?.offset;
}

function sections(content: Buffer): { type: number; offset: number; size: number; link: number }[] {
  const start = Number(content.readBigUInt64LE(40));
  const count = content.readUInt16LE(60);
  return Array.from({ length: count }, (_, index) => start + 64 * index)
    .filter((at) => at + 64 <= content.length)
    .map((at) => ({
      type: content.readUInt32LE(at + 4),
      offset: Number(content.readBigUInt64LE(at + 24)),
      size: Number(content.readBigUInt64LE(at + 32)),
      link: content.readUInt32LE(at + 40),
    }));
}
