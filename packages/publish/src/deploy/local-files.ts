import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { posix } from "node:path";
import { AppError } from "@dorian/base/app-error";
import type { LocalSource } from "@dorian/sdk/image/local-source";
import { leftOutWarning } from "@dorian/sdk/local/left-out";
import { packageNameIn } from "../bundle/packages-in-image.ts";
import type { LocalDigests } from "./local-digests.ts";
import { type LeftOut, type LocalEntry, walkLocalTree } from "@dorian/sdk/local/walk-local-tree";
import { concurrently } from "@dorian/base/concurrently";
import { withLocalFile } from "@dorian/sdk/local/local-file-error";
import { TransferCounter } from "@dorian/sdk/volume/transfer-progress";
import type { DeploySession } from "./deploy-session.ts";

/** A file that goes into a mount: content of its own, or where to read it. */
export interface MountContent {
  /** Absolute path in the container; with a slash at its end that of a directory, which has no content. */
  filename: string;
  mode: number;
  sha256: string;
  size: number;
  content: Uint8Array | { path: string };
}

const readsAtOnce = 4;

export function contentFile(filename: string, content: Uint8Array): MountContent {
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { filename, mode: 0o644, sha256, size: content.length, content };
}

/**
 * The files of local sources with their digests.
 *
 * @throws AppError LOCAL_FILE_MISSING, LOCAL_FILE_INVALID, LOCAL_FILE_CHANGED, LOCAL_LINK_CYCLE
 */
export async function localFiles(
  sources: readonly LocalSource[],
  session: Pick<DeploySession, "onProgress" | "signal"> & { digests: LocalDigests },
): Promise<MountContent[]> {
  const { digests, onProgress, signal } = session;
  const found: { filename: string; entry: LocalEntry }[] = [];
  for (const source of sources) {
    const leftOut: LeftOut[] = [];
    const root = source.isPackage
      ? posix.join(source.remotePath, await packageNameIn(source.localPath))
      : source.remotePath;
    for await (const entry of entriesOf(source, leftOut)) {
      const place = posix.join(root, entry.inside);
      found.push({ filename: entry.kind === "file" ? place : posix.join(place, "/"), entry });
    }
    const warning = leftOutWarning(source.localPath, leftOut);
    if (warning !== undefined) onProgress({ kind: "warning", message: warning });
  }
  const files = await Promise.all(
    found.map(async ({ filename, entry }) => ({
      filename,
      mode: Number(entry.stats.mode & 0o777n),
      sha256: entry.kind === "file" ? await digests.remembered(entry.path, entry.stats) : "",
      size: sizeOf(entry),
      content: entry.kind === "file" ? { path: entry.path } : new Uint8Array(),
    })),
  );
  const unread = files.flatMap((file, index) => {
    const entry = found[index]?.entry;
    return entry && file.sha256 === undefined ? [{ file, entry }] : [];
  });
  const counter = new TransferCounter(
    "reading",
    unread.map(({ file: { filename, size } }) => ({ path: filename, size })),
    (progress) => onProgress({ kind: "files-reading", ...progress }),
  );
  await concurrently(unread, { limit: readsAtOnce, signal }, async ({ file, entry }, signal) => {
    const onRead = (bytes: number) => counter.add(file.filename, bytes);
    file.sha256 = await digests.read(entry.path, entry.stats, { onRead, signal });
  });
  return files as MountContent[];
}

function sizeOf({ kind, stats }: LocalEntry): number {
  return kind === "file" ? Number(stats.size) : 0;
}

async function* entriesOf(source: LocalSource, leftOut: LeftOut[]): AsyncGenerator<LocalEntry> {
  const { localPath, kind, ignore } = source;
  const stats = await withLocalFile(localPath, "read", () => stat(localPath, { bigint: true }));
  if (kind === "file") {
    if (!stats.isFile()) throw notA(localPath, "file", "Use addLocalDir for a directory.");
    yield { kind: "file", path: localPath, inside: "", stats };
    return;
  }
  if (!stats.isDirectory()) throw notA(localPath, "directory", "Use addLocalFile for a file.");
  yield* walkLocalTree(localPath, { ignore, onLeftOut: (entry) => leftOut.push(entry) });
}

function notA(path: string, kind: string, remedy: string): AppError {
  return new AppError("LOCAL_FILE_INVALID", `"${path}" is not a ${kind}.`, {
    status: "INVALID_ARGUMENT",
    remedy,
  });
}
