import { open } from "node:fs/promises";

/** What a program or library of Linux wants from others. */
export interface ElfNeeds {
  /** Names of shared libraries, such as "libssl.so.3". */
  libraries: string[];
  /** Versions of the C library, such as "2.34". */
  glibc: string[];
}

interface Section {
  type: number;
  offset: number;
  size: number;
  link: number;
}

const sectionType = { dynamic: 6, versionNeeds: 0x6ffffffe };
const tagNeeded = 1n;

/** Reads a file's needs. Undefined when it is no 64-bit little-endian ELF file. */
export async function elfNeeds(path: string): Promise<ElfNeeds | undefined> {
  await using file = await open(path);
  const read = async (position: number, length: number) => {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await file.read(buffer, 0, length, position);
    return buffer.subarray(0, bytesRead);
  };
  const header = await read(0, 64);
  if (header.length < 64 || !header.subarray(0, 6).equals(Buffer.from("\x7fELF\x02\x01", "latin1"))) {
    return undefined;
  }
  const count = header.readUInt16LE(60);
  const table = await read(Number(header.readBigUInt64LE(40)), 64 * count);
  const sections: Section[] = [];
  for (let at = 0; at + 64 <= table.length; at += 64) {
    sections.push({
      type: table.readUInt32LE(at + 4),
      offset: Number(table.readBigUInt64LE(at + 24)),
      size: Number(table.readBigUInt64LE(at + 32)),
      link: table.readUInt32LE(at + 40),
    });
  }
  const contentOf = (section: Section | undefined) =>
    section ? read(section.offset, section.size) : Promise.resolve(Buffer.alloc(0));

  const needs: ElfNeeds = { libraries: [], glibc: [] };
  for (const section of sections) {
    if (section.type !== sectionType.dynamic && section.type !== sectionType.versionNeeds) continue;
    const content = await contentOf(section);
    const strings = await contentOf(sections[section.link]);
    if (section.type === sectionType.dynamic) needs.libraries.push(...neededIn(content, strings));
    else needs.glibc.push(...versionsIn(content, strings));
  }
  return needs;
}

function neededIn(content: Buffer, strings: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; at + 16 <= content.length; at += 16) {
    if (content.readBigUInt64LE(at) === tagNeeded) {
      names.push(textAt(strings, Number(content.readBigUInt64LE(at + 8))));
    }
  }
  return names;
}

// A list of files, each with a list of versions, chained by their distances.
function versionsIn(content: Buffer, strings: Buffer): string[] {
  const versions: string[] = [];
  for (let file = 0; file + 16 <= content.length;) {
    let entry = file + content.readUInt32LE(file + 8);
    for (let left = content.readUInt16LE(file + 2); left > 0 && entry + 16 <= content.length; left--) {
      const version = /^GLIBC_(\d+\.\d+)/.exec(textAt(strings, content.readUInt32LE(entry + 8)))?.[1];
      if (version !== undefined) versions.push(version);
      entry += content.readUInt32LE(entry + 12);
    }
    const next = content.readUInt32LE(file + 12);
    if (next === 0) break;
    file += next;
  }
  return versions;
}

function textAt(strings: Buffer, offset: number): string {
  return strings.toString("latin1", offset, strings.indexOf(0, offset));
}
