import type { Readable } from "node:stream";

/** How often a stream may read its share anew. */
const periodMs = 50;
/**
 * Read in a period at most, of all streams together: 32 MiB in a second, more than anybody looks at, little work for the process
 * that reads, and no more than its connection to the server carries beside everything else.
 */
const bytesPerPeriod = 1.6 * 1024 * 1024;

/** Streams of this process that have read within the last period, or more than their share before. */
let reading = 0;

/**
 * Listens to what a container writes, at a pace that leaves the process time for others. Whoever writes faster waits for
 * its pipe; those who write at once share what there is.
 */
export function readAtPace(stream: Readable, onData: (chunk: Buffer) => void): void {
  let read = 0;
  let timer: NodeJS.Timeout | undefined;
  const share = () => bytesPerPeriod / reading;
  const endPeriod = () => {
    read = Math.max(0, read - share());
    if (read < share()) stream.resume();
    timer = read > 0 ? setTimeout(endPeriod, periodMs) : undefined;
    if (!timer) reading -= 1;
  };
  stream.on("data", (chunk: Buffer) => {
    onData(chunk);
    read += chunk.length;
    if (!timer) {
      reading += 1;
      timer = setTimeout(endPeriod, periodMs);
    }
    if (read >= share()) stream.pause();
  });
}
