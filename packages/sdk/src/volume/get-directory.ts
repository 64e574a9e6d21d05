import { mkdir, mkdtemp, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { concurrently } from "@dorian/base/concurrently";
import { checkTarget, receiveFile } from "./get-file.ts";
import { withLocalFile } from "../local/local-file-error.ts";
import { requireRemoteFile } from "./read-content.ts";
import { TransferCounter } from "./transfer-progress.ts";
import { listEntries, type VolumeEntry } from "./volume-entry.ts";
import type { TransferSettings, VolumeWire } from "./volume-wire.ts";

const filesAtOnce = 4;

/** What the download of a directory brought. */
export interface DirectoryDownload {
  /** How many files came. */
  files: number;
  /** Their size, in bytes. */
  bytes: number;
  /** What has no content to download: pipes, sockets, and symbolic links that lead to no file. */
  skipped: string[];
}

/**
 * Downloads what a volume's directory holds into a directory of this machine, which is made when it is missing. Files
 * come into their places only once all have arrived; a symbolic link becomes the file that it leads to.
 *
 * @throws AppError VOLUME_PATH_NOT_FOUND, PATH_IS_NOT_A_DIRECTORY, LOCAL_FILE_EXISTS, LOCAL_DISK_FULL, TRANSFER_FAILED
 */
export async function getDirectory(
  wire: VolumeWire,
  remotePath: string,
  localDirectory: string,
  { overwrite = false, onProgress, signal }: TransferSettings,
): Promise<DirectoryDownload> {
  const root = posix.join("/", remotePath).replace(/\/$/, "");
  const entries: (VolumeEntry & { localPath: string })[] = [];
  for await (const entry of listEntries(wire, remotePath, { recursive: true, signal })) {
    entries.push(placed(entry, root, localDirectory));
  }
  const files = entries.filter(({ type }) => type === "file" || type === "symlink");
  for (const { localPath } of files) await checkTarget(localPath, overwrite);
  const counter = new TransferCounter(
    "receiving",
    files.filter(({ type }) => type === "file"),
    onProgress,
  );
  const skipped = entries.filter(({ type }) => type === "fifo" || type === "socket" || type === "other");
  await using staging = await openStaging(localDirectory);
  const arrived: { from: string; to: string; size: number }[] = [];
  await concurrently([...files.entries()], { limit: filesAtOnce, signal }, async ([index, entry], signal) => {
    const { path, type, localPath } = entry;
    try {
      const file = await requireRemoteFile(wire, path, signal);
      if (type === "symlink") counter.include(path, file.size);
      const from = join(staging.path, String(index));
      const onReceived = (bytes: number) => counter.add(path, bytes);
      await withLocalFile(localPath, "written", () => receiveFile(file, from, { signal, onReceived }));
      arrived.push({ from, to: localPath, size: file.size });
    } catch (error) {
      if (type !== "symlink" || !AppError.is(error) || !leadsToNoFile.has(error.code)) throw error;
      skipped.push(entry);
    }
  });
  for (const { localPath, type } of entries) {
    if (type !== "directory") continue;
    await withLocalFile(localPath, "written", () => mkdir(localPath, { recursive: true }));
  }
  for (const { from, to } of arrived) {
    await withLocalFile(to, "written", async () => {
      await mkdir(dirname(to), { recursive: true });
      await rename(from, to);
    });
  }
  staging.keep();
  return {
    files: arrived.length,
    bytes: arrived.reduce((sum, { size }) => sum + size, 0),
    skipped: skipped.map(({ path }) => path),
  };
}

const leadsToNoFile = new Set(["VOLUME_PATH_NOT_FOUND", "PATH_IS_NOT_A_FILE", "PATH_LEAVES_STACK"]);

function placed(
  entry: VolumeEntry,
  root: string,
  localDirectory: string,
): VolumeEntry & { localPath: string } {
  const inside = posix.relative(root === "" ? "/" : root, posix.join("/", entry.path));
  if (inside === "") {
    throw new AppError("PATH_IS_NOT_A_DIRECTORY", `${JSON.stringify(entry.path)} is not a directory.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Download it as a file.",
    });
  }
  if (inside.startsWith("../") || entry.path.includes("\0")) {
    throw new AppError(
      "VOLUME_PATH_INVALID",
      `The server listed ${JSON.stringify(entry.path)} below "${root}/".`,
      {
        status: "DATA_LOSS",
        remedy: "Do not trust this server: a download from it could overwrite files elsewhere.",
      },
    );
  }
  return { ...entry, localPath: join(localDirectory, inside) };
}

/** A place for files that arrive, on the same file system as where they go. */
async function openStaging(
  localDirectory: string,
): Promise<{ path: string; keep(): void } & AsyncDisposable> {
  return await withLocalFile(localDirectory, "written", async () => {
    const made = await mkdir(localDirectory, { recursive: true });
    const path = await mkdtemp(join(localDirectory, ".dorian-get-"));
    let kept = made === undefined;
    return {
      path,
      keep: () => void (kept = true),
      async [Symbol.asyncDispose]() {
        await rm(path, { recursive: true, force: true });
        if (!kept) await removeEmpty(localDirectory, made ?? localDirectory);
      },
    };
  });
}

/** Removes directories from `directory` up to `top`, as long as nobody has put anything into them. */
async function removeEmpty(directory: string, top: string): Promise<void> {
  try {
    for (let at = directory; ; at = dirname(at)) {
      await rmdir(at);
      if (at.length <= top.length) return;
    }
  } catch (error) {
    if (errnoOf(error) !== "ENOTEMPTY") throw error;
  }
}
