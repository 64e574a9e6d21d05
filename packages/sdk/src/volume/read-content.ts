import { must } from "@dorian/base/must";
import { blockBytes, blockRanges } from "./block.ts";
import { receiveBytes } from "./transfer.ts";
import { callOptions } from "../client/wait-options.ts";
import type { VolumeWire } from "./volume-wire.ts";

const blocksAhead = 4;

/** Bytes whose addresses are asked for at a time: a server gives out only so many, and they last only so long. */
const askBytes = 64 * 1024 ** 3;

interface Piece {
  url: string;
  start: number;
  length: number;
}

/** A volume's file as it is now, in pieces that can be fetched. */
export interface RemoteFile {
  path: string;
  size: number;
  /** From the beginning to the end; to be gone through once. */
  pieces: AsyncIterable<Piece>;
}

/** @throws AppError VOLUME_PATH_NOT_FOUND, PATH_IS_NOT_A_FILE */
export async function requireRemoteFile(
  { modal, volumeId }: VolumeWire,
  path: string,
  signal: AbortSignal | undefined,
): Promise<RemoteFile> {
  const ask = (start: number) =>
    modal.volumeGetFile2(
      { volumeId, path, start: BigInt(start), len: BigInt(askBytes) },
      callOptions(signal),
    );
  const first = await ask(0);
  const size = Number(first.size);
  return { path, size, pieces: piecesOf(size, first.getUrls, async (start) => (await ask(start)).getUrls) };
}

async function* piecesOf(
  size: number,
  first: string[],
  ask: (start: number) => Promise<string[]>,
): AsyncGenerator<Piece> {
  let urls = first;
  let asked = 0;
  for (const range of blockRanges(size)) {
    if (range.start === asked + askBytes) {
      asked = range.start;
      urls = await ask(asked);
    }
    const url = urls[(range.start - asked) / blockBytes];
    yield { ...range, url: must(url, "the address of each piece of the file") };
  }
}

/** A file's content from its beginning. Some pieces ahead are fetched while one is worked on. */
export async function* readContent(
  file: RemoteFile,
  options: { signal?: AbortSignal | undefined; onReceived?: (bytes: number) => void } = {},
): AsyncGenerator<Uint8Array> {
  const left = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal;
  const todo = file.pieces[Symbol.asyncIterator]();
  const fetchNext = async () => {
    const next = await todo.next();
    if (next.done) return undefined;
    const { url, length } = next.value;
    return await receiveBytes(url, length, { file: file.path, signal });
  };
  const fetching: Promise<Uint8Array | undefined>[] = [];
  const ahead = () => {
    const piece = fetchNext();
    // Its failure is thrown when its turn comes, if it comes.
    piece.catch(() => undefined);
    fetching.push(piece);
  };
  for (let count = 0; count < blocksAhead; count++) ahead();
  try {
    for (let piece = fetching.shift(); piece !== undefined; piece = fetching.shift()) {
      const bytes = await piece;
      if (bytes === undefined) return;
      ahead();
      options.onReceived?.(bytes.length);
      yield bytes;
    }
  } finally {
    left.abort();
    await Promise.allSettled(fetching);
  }
}
