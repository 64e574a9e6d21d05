import { readdir, realpath, stat } from "node:fs/promises";
import { join, posix } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { withLocalFile } from "./local-file-error.ts";
import type { UploadSource } from "./local-file.ts";

/**
 * The files of a directory and below, by name. Symbolic links stand for what they lead to.
 *
 * @throws AppError LOCAL_FILE_MISSING, LOCAL_DIRECTORY_INVALID, LOCAL_FILE_UNREADABLE
 */
export async function localTree(localDirectory: string, remoteDirectory: string): Promise<UploadSource[]> {
  const found = await withLocalFile(localDirectory, "read", () => stat(localDirectory));
  if (!found.isDirectory()) {
    throw new AppError("LOCAL_DIRECTORY_INVALID", `${JSON.stringify(localDirectory)} is not a directory.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Upload a file as such.",
    });
  }
  const files: UploadSource[] = [];
  for await (const file of walk(localDirectory, remoteDirectory, [])) files.push(file);
  return files;
}

async function* walk(
  localDirectory: string,
  remoteDirectory: string,
  above: readonly string[],
): AsyncGenerator<UploadSource> {
  const { real, names } = await withLocalFile(localDirectory, "read", async () => ({
    real: await realpath(localDirectory),
    names: (await readdir(localDirectory)).toSorted(),
  }));
  if (above.includes(real)) {
    throw new AppError(
      "LOCAL_DIRECTORY_INVALID",
      `${JSON.stringify(localDirectory)} leads back to ${real}.`,
      {
        status: "INVALID_ARGUMENT",
        remedy: "Remove the symbolic link that leads in circles.",
      },
    );
  }
  for (const name of names) {
    const localPath = join(localDirectory, name);
    const remotePath = posix.join(remoteDirectory, name);
    const found = await withLocalFile(localPath, "read", () => stat(localPath));
    if (found.isDirectory()) yield* walk(localPath, remotePath, [...above, real]);
    else yield { localPath, remotePath };
  }
}
