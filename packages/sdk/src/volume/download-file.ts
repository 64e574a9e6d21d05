import { AppError } from "@dorian/base/app-error";
import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import { transfer } from "./byte-transfer.ts";
import { blockBytes } from "./file-block.ts";

const transfersAhead = 4;

/**
 * The bytes of a file in a volume, in order, up to 8 MiB at a time; some are fetched ahead of the reader.
 *
 * @throws AppError VOLUME_PATH_NOT_FOUND, TRANSFER_FAILED
 */
export async function* downloadFile(
  modal: Pick<ServiceClient<typeof ModalClient>, "volumeGetFile2">,
  volumeId: string,
  path: string,
  options: { signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Uint8Array> {
  const ended = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, ended.signal]) : ended.signal;
  const { getUrls, size } = await modal.volumeGetFile2({ volumeId, path }, { signal });
  const fetched: Promise<Uint8Array>[] = [];
  const fetchNext = () => {
    const url = getUrls[fetched.length];
    if (url === undefined) return;
    const part = transfer(`"${path}"`, url, { method: "GET" }, { signal });
    // Whoever leaves early does not come back for it.
    part.catch(() => undefined);
    fetched.push(part);
  };
  try {
    for (let index = 0; index < transfersAhead; index++) fetchNext();
    for (let index = 0; index < getUrls.length; index++) {
      const part = await fetched[index];
      const expected = Math.min(blockBytes, Number(size) - index * blockBytes);
      if (part?.length !== expected) throw incomplete(path, index, part?.length ?? 0, expected);
      fetched[index] = Promise.resolve(new Uint8Array());
      fetchNext();
      yield part;
    }
  } finally {
    ended.abort();
  }
}

function incomplete(path: string, index: number, got: number, expected: number): AppError {
  return new AppError(
    "DOWNLOAD_INCOMPLETE",
    `Part ${index} of "${path}" has ${got} bytes instead of ${expected}.`,
    {
      status: "DATA_LOSS",
      remedy: "Try again.",
    },
  );
}
