import type { IncomingMessage } from "node:http";

/** What a body is announced with, at most `maxBytes`: of one that says nothing, all of that may come. */
export function bodyBytes({ headers }: IncomingMessage, maxBytes: number): number {
  return Math.min(Number(headers["content-length"] ?? maxBytes), maxBytes);
}

/** The bytes of a body, of which whoever stops reading can still be answered: its connection stays. */
export function bodyOf(incoming: IncomingMessage): AsyncIterable<Uint8Array> {
  return incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
}

/** Passes bytes on, and throws `error()` once there are more than `maxBytes`. */
export async function* limitBytes(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
  error: () => Error,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > maxBytes) throw error();
    yield chunk;
  }
}
