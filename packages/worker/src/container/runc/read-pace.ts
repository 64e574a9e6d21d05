import type { Readable } from "node:stream";

/** How often a stream may read its share anew. */
const periodMs = 50;
/** Read in a period at most, 32 MiB in a second: more than anybody looks at, and little work for the process that reads. */
const bytesPerPeriod = 1.6 * 1024 * 1024;

/**
 * Listens to what a container writes, at a pace that leaves the process time for others. Whoever writes faster waits for
 * its pipe.
 */
export function readAtPace(stream: Readable, onData: (chunk: Buffer) => void): void {
  let left = bytesPerPeriod;
  let timer: NodeJS.Timeout | undefined;
  stream.on("data", (chunk: Buffer) => {
    onData(chunk);
    left -= chunk.length;
    timer ??= setTimeout(() => {
      timer = undefined;
      left = bytesPerPeriod;
      stream.resume();
    }, periodMs);
    if (left <= 0) stream.pause();
  });
}
