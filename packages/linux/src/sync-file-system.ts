import { open } from "node:fs/promises";
import { check, inThread, libc } from "./libc.ts";

/** Returns when all that was written to the file system of `path` is on disk: many small files at once. */
export async function syncFileSystem(path: string): Promise<void> {
  await using file = await open(path);
  check(await inThread(libc.syncfs, file.fd), `flush the file system of ${path}`);
}
