import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { dorianCommand } from "./checkout.ts";
import { temporaryDirectory, type TemporaryDirectory } from "./temporary-directory.ts";

/** A directory for a shell's PATH, in which `dorian` is the program that tests start. */
export async function commandDirectory(): Promise<TemporaryDirectory> {
  const [node, program] = dorianCommand;
  const directory = await temporaryDirectory({ dorian: `#!/bin/sh\nexec "${node}" "${program}" "$@"\n` });
  await chmod(join(directory.path, "dorian"), 0o755);
  return directory;
}
