import { stat } from "node:fs/promises";
import { posix } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { type LeftOut, walkLocalTree } from "../local/walk-local-tree.ts";
import { withLocalFile } from "../local/local-file-error.ts";
import type { UploadSource } from "./local-file.ts";

/**
 * The files of a directory and below, by name. Symbolic links stand for what they lead to; what is no file is told to `onLeftOut`.
 *
 * @throws AppError LOCAL_FILE_MISSING, LOCAL_DIRECTORY_INVALID, LOCAL_FILE_UNREADABLE, LOCAL_LINK_CYCLE
 */
export async function localTree(
  localDirectory: string,
  remoteDirectory: string,
  onLeftOut: (entry: LeftOut) => void,
): Promise<UploadSource[]> {
  const found = await withLocalFile(localDirectory, "read", () => stat(localDirectory));
  if (!found.isDirectory()) {
    throw new AppError("LOCAL_DIRECTORY_INVALID", `${JSON.stringify(localDirectory)} is not a directory.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Upload a file as such.",
    });
  }
  const files: UploadSource[] = [];
  for await (const { kind, path, inside } of walkLocalTree(localDirectory, { onLeftOut })) {
    if (kind === "file") files.push({ localPath: path, remotePath: posix.join(remoteDirectory, inside) });
  }
  return files;
}
