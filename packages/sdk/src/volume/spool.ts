import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { withLocalFile } from "../local/local-file-error.ts";

/** Content that was written down. It is gone when its holder is. */
export interface SpooledFile extends AsyncDisposable {
  path: string;
}

/**
 * Writes content that can be read only once into a temporary file: blocks are named before it is known which of them
 * have to be sent.
 */
export async function spool(
  content: AsyncIterable<Uint8Array | string>,
  options: { signal?: AbortSignal | undefined },
): Promise<SpooledFile> {
  const directory = await withLocalFile(tmpdir(), "written", () => mkdtemp(join(tmpdir(), "dorian-put-")));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, "content");
  const write = async (chunks: AsyncIterable<Uint8Array | string>) => {
    await using file = await withLocalFile(path, "written", () => open(path, "wx", 0o600));
    for await (const chunk of chunks) await withLocalFile(path, "written", () => file.appendFile(chunk));
  };
  await pipeline(content, write, options.signal ? { signal: options.signal } : {});
  const kept = stack.move();
  return { path, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
