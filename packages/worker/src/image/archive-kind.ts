import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";

/** Where a tar archive says that it is one. */
const mark = { text: "ustar", start: 257, end: 262 };
const compressed = [
  { magic: "1f8b", decompress: createGunzip },
  { magic: "28b52ffd", decompress: createZstdDecompress },
] as const;
/** Compressed in ways that cannot be looked into from here: the name has to tell. */
const opaque = [
  { magic: "425a68", name: /\.(tar\.bz2|tbz2?)$/ },
  { magic: "fd377a585a00", name: /\.(tar\.xz|txz)$/ },
] as const;

/** Whether a file is a tar archive, compressed or not: by its content, as Docker has it. */
export async function isArchive(path: string, name: string): Promise<boolean> {
  const head = await headOf(path);
  if (isTar(head)) return true;
  const hex = head.toString("hex", 0, 8);
  if (opaque.some((kind) => hex.startsWith(kind.magic) && kind.name.test(name))) return true;
  const kind = compressed.find((each) => hex.startsWith(each.magic));
  return kind !== undefined && isTar(await decompressedHead(path, kind.decompress()));
}

async function headOf(path: string): Promise<Buffer> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(mark.end), 0, mark.end, 0);
  return buffer.subarray(0, bytesRead);
}

async function decompressedHead(
  path: string,
  decompress: ReturnType<typeof createGunzip | typeof createZstdDecompress>,
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    await pipeline(createReadStream(path), decompress, async (content: AsyncIterable<Buffer>) => {
      for await (const piece of content) {
        pieces.push(piece);
        size += piece.length;
        if (size >= mark.end) return;
      }
    });
  } catch {
    // What cannot be decompressed, or was left after its head, has shown what it has.
  }
  return Buffer.concat(pieces);
}

function isTar(head: Buffer): boolean {
  return head.toString("latin1", mark.start, mark.end) === mark.text;
}
