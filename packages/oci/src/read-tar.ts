import { readPaxRecords, readTarHeader, tarBlock, tarType, textAt, type TarHeader } from "./tar-header.ts";
import { invalidLayer } from "./invalid-layer.ts";

/** An entry, with what headers before it said of it. */
export interface TarEntry {
  header: TarHeader;
  /** By key; of the values that are text, the bytes of UTF-8. */
  extended: ReadonlyMap<string, Buffer>;
  /** To be read before the next entry is asked for. */
  content: AsyncIterable<Buffer>;
}

/** Two paths of the kernel's length, and attributes as large as any file system takes: what is read at one go. */
const maxExtendedBytes = 128 * 1024;

/**
 * The entries of a tar archive, as POSIX and GNU write them. Nothing is held of it but the headers of one entry.
 *
 * @throws AppError IMAGE_LAYER_INVALID, and Error for what is no archive or was cut off
 */
export async function* readTar(archive: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  await using bytes = new ByteReader(archive);
  let shared = new Map<string, Buffer>();
  let own = new Map<string, Buffer>();
  for (let block = await bytes.take(tarBlock); block !== undefined; block = await bytes.take(tarBlock)) {
    const header = readTarHeader(block);
    if (header === undefined) continue;
    const extension = extensionOf(header.type);
    if (extension !== undefined) {
      const text = await extendedHeader(bytes, header);
      if (extension === "records of all") shared = readPaxRecords(text);
      else if (extension === "records") own = new Map([...own, ...readPaxRecords(text)]);
      else own.set(extension, Buffer.from(textAt(text, 0, text.length)));
      continue;
    }
    const extended = shared.size === 0 ? own : new Map([...shared, ...own]);
    own = new Map();
    const entry = withExtended(header, extended);
    if (!Number.isSafeInteger(entry.size) || entry.size < 0)
      throw new Error("no tar header: its size is no number");
    // Directories have no content, whatever size some programs write there.
    const size = entry.type === tarType.directory ? 0 : entry.size;
    const content = bytes.next(size);
    yield { header: entry, extended, content };
    for await (const _ of content);
    await bytes.skip(padding(size));
  }
}

/** What an entry that is only there for the next one holds; undefined for any other. */
function extensionOf(type: string): "records" | "records of all" | "path" | "linkpath" | undefined {
  if (type === "x") return "records";
  if (type === "g") return "records of all";
  if (type === "L" || type === "N") return "path";
  return type === "K" ? "linkpath" : undefined;
}

async function extendedHeader(bytes: ByteReader, { size }: TarHeader): Promise<Buffer> {
  if (size > maxExtendedBytes) throw invalidLayer(`what it says of an entry has ${size} bytes`);
  const text = await bytes.take(size);
  await bytes.skip(padding(size));
  return text ?? Buffer.alloc(0);
}

function withExtended(header: TarHeader, extended: ReadonlyMap<string, Buffer>): TarHeader {
  const number = (key: string, otherwise: number) => {
    const text = extended.get(key)?.toString();
    return text !== undefined && text !== "" && Number.isFinite(Number(text)) ? Number(text) : otherwise;
  };
  return {
    ...header,
    name: extended.get("path")?.toString() ?? header.name,
    linkname: extended.get("linkpath")?.toString() ?? header.linkname,
    size: number("size", header.size),
    uid: number("uid", header.uid),
    gid: number("gid", header.gid),
    mtime: number("mtime", header.mtime),
  };
}

function padding(size: number): number {
  return (tarBlock - (size % tarBlock)) % tarBlock;
}

/** Bytes in the pieces that are asked for, from the pieces in which they come. */
class ByteReader implements AsyncDisposable {
  #pieces: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** Reads so many bytes at once; undefined at the end. */
  async take(count: number): Promise<Buffer | undefined> {
    if (count > 0 && this.#rest.length === 0 && !(await this.#fill())) return undefined;
    if (this.#rest.length < count) {
      const parts: Buffer[] = [];
      for await (const part of this.next(count)) parts.push(part);
      return Buffer.concat(parts);
    }
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return taken;
  }

  /** Reads so many bytes as they come. What was not read of them is read by who iterates again. */
  next(count: number): AsyncIterable<Buffer> {
    let left = count;
    const read = async (): Promise<IteratorResult<Buffer>> => {
      if (left === 0) return { done: true, value: undefined };
      if (this.#rest.length === 0 && !(await this.#fill())) throw new Error("the archive was cut off");
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      return { done: false, value: piece };
    };
    return { [Symbol.asyncIterator]: () => ({ next: read }) };
  }

  async skip(count: number): Promise<void> {
    for await (const _ of this.next(count));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pieces.return?.();
  }

  async #fill(): Promise<boolean> {
    for (;;) {
      const { done, value } = await this.#pieces.next();
      if (done === true) return false;
      if (value.length === 0) continue;
      this.#rest = Buffer.from(value.buffer, value.byteOffset, value.length);
      return true;
    }
  }
}
