import { must } from "@dorian/base/must";
import { blockRanges } from "./block.ts";
import { receiveBytes } from "./transfer.ts";
import { callOptions, type VolumeWire } from "./volume-wire.ts";

const blocksAhead = 4;

/** A volume's file as it is now, in pieces that can be fetched. */
export interface RemoteFile {
  path: string;
  size: number;
  pieces: { url: string; start: number; length: number }[];
}

/** @throws AppError VOLUME_PATH_NOT_FOUND, PATH_IS_NOT_A_FILE */
export async function findRemoteFile(
  { modal, volumeId }: VolumeWire,
  path: string,
  signal: AbortSignal | undefined,
): Promise<RemoteFile> {
  const found = await modal.volumeGetFile2({ volumeId, path }, callOptions(signal));
  const size = Number(found.size);
  const pieces = [...blockRanges(size)].map((range, index) => ({
    ...range,
    url: must(found.getUrls[index], "the address of each piece of the file"),
  }));
  return { path, size, pieces };
}

/** A file's content from its beginning. Some pieces ahead are fetched while one is worked on. */
export async function* readContent(
  file: RemoteFile,
  options: { signal?: AbortSignal | undefined; onReceived?: (bytes: number) => void } = {},
): AsyncGenerator<Uint8Array> {
  const left = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal;
  const fetchPiece = async ({ url, length }: RemoteFile["pieces"][number]) => {
    return await receiveBytes(url, length, { file: file.path, signal });
  };
  const todo = file.pieces.values();
  const fetching: Promise<Uint8Array>[] = [];
  const ahead = () => {
    const next = todo.next();
    if (next.done) return;
    const piece = fetchPiece(next.value);
    // Its failure is thrown when its turn comes, if it comes.
    piece.catch(() => undefined);
    fetching.push(piece);
  };
  for (let count = 0; count < blocksAhead; count++) ahead();
  try {
    for (let piece = fetching.shift(); piece !== undefined; piece = fetching.shift()) {
      const bytes = await piece;
      ahead();
      options.onReceived?.(bytes.length);
      yield bytes;
    }
  } finally {
    left.abort();
    await Promise.allSettled(fetching);
  }
}
