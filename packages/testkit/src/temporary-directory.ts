import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A directory that is gone when its holder is. */
export interface TemporaryDirectory extends AsyncDisposable {
  path: string;
}

/** Makes a temporary directory that holds `files` (relative path to content). */
export async function temporaryDirectory(
  files: Record<string, string | Uint8Array> = {},
): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), "dorian-test-"));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
