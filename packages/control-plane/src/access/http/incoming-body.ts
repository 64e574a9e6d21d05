import type { IncomingMessage } from "node:http";

/** So much of a body is worked on at once, while as much waits in memory. */
const batchBytes = 512 * 1024;
/** A peer that sends its bytes one by one must not fill the memory with what each of them is wrapped in. */
const batchChunks = 64;

/** What a body is announced with, at most `maxBytes`: of one that says nothing, all of that may come. */
export function bodyBytes({ headers }: IncomingMessage, maxBytes: number): number {
  return Math.min(Number(headers["content-length"] ?? maxBytes), maxBytes);
}

/**
 * The bytes of a body, many at a time. Whoever stops reading, or is told by `tooLarge()` that there are
 * more than `maxBytes`, can still answer: the connection stays. The memory of a batch is given back when the next one is asked
 * for: left to the garbage collector, a fast sender has all of the heap looked through many times a second.
 */
export async function* bodyOf(
  incoming: IncomingMessage,
  { maxBytes, tooLarge }: { maxBytes: number; tooLarge: () => Error },
): AsyncGenerator<readonly Uint8Array[]> {
  let chunks: Buffer[] = [];
  let waiting = 0;
  let size = 0;
  let end: { error?: Error } | undefined;
  let changed = Promise.withResolvers<void>();
  const isBatch = () => waiting >= batchBytes || chunks.length >= batchChunks;
  const onData = (chunk: Buffer) => {
    size += chunk.length;
    waiting += chunk.length;
    if (size > maxBytes) end ??= { error: tooLarge() };
    else chunks.push(chunk);
    if (isBatch() || end) incoming.pause();
    changed.resolve();
  };
  const onEnd = (error?: Error) => {
    end ??= error ? { error } : {};
    changed.resolve();
  };
  const onClose = () => onEnd(incoming.readableEnded ? undefined : gone());
  incoming.on("data", onData).on("end", onEnd).on("error", onEnd).on("close", onClose);
  if (incoming.destroyed || incoming.readableEnded) onClose();
  try {
    for (;;) {
      if (end?.error) throw end.error;
      if (isBatch() || (end && chunks.length > 0)) {
        const batch = chunks;
        [chunks, waiting] = [[], 0];
        incoming.resume();
        yield batch;
        for (const chunk of batch) giveBack(chunk);
      } else if (end) {
        return;
      } else {
        await changed.promise;
        changed = Promise.withResolvers();
      }
    }
  } finally {
    incoming.pause();
    incoming.off("data", onData).off("end", onEnd).off("error", onEnd).off("close", onClose);
  }
}

function giveBack({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

function gone(): Error {
  return new Error("The connection was closed before all of the body was there.");
}
