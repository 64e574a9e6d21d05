import { randomUUID } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { realpath, statfs, symlink, unlink } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import type { OperatorService } from "@dorian/protocol/operator";
import type { ServiceClient } from "@dorian/protocol/service";
import type { Transport } from "../client/transport.ts";
import { blockBytes } from "./block.ts";
import {
  isChanged,
  openUploadFile,
  type ReadOptions,
  type UploadFile,
  type UploadSource,
} from "./local-file.ts";
import { callOptions } from "../client/wait-options.ts";
import { localFileChanged, withLocalFile } from "../local/local-file-error.ts";

/** The way to have a server of this machine copy files itself. */
export interface Handover {
  operator: Pick<ServiceClient<typeof OperatorService>, "volumeHandOver">;
  /** Where it looks for links to them. */
  directory: string;
}

/** Undefined for a server that was not found by its data directory. */
export function handoverOf({ operator, handover }: Transport): Handover | undefined {
  return operator && handover !== undefined ? { operator, directory: handover } : undefined;
}

/** Disks of this machine (ext, XFS, Btrfs, F2FS, ZFS, tmpfs, overlay): none of them makes the server wait for others. */
const localFileSystems: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0x01021994, 0x794c7630,
]);

/**
 * Has the server copy a file, which takes less than half of the time of sending it, and learns from it what blocks there are. Undefined for
 * what it does not take: a file of one block, or of which it may have some.
 *
 * @throws AppError LOCAL_FILE_MISSING, LOCAL_FILE_INVALID, LOCAL_FILE_UNREADABLE, LOCAL_FILE_CHANGED, STORAGE_FULL
 */
export async function handOver(
  source: UploadSource,
  handover: Handover,
  options: Pick<ReadOptions, "signal" | "onRead"> & { volumeId: string },
): Promise<UploadFile | undefined> {
  const { localPath } = source;
  await using upload = await openUploadFile(localPath);
  const { mode, mtimeNs } = upload.stats;
  const size = Number(upload.stats.size);
  if (size <= blockBytes || !(await isOnLocalDisk(localPath))) return undefined;
  const blocks = await blocksOfCopy(upload.stats, localPath, handover, options);
  // Who read another content now would put what nobody has meant.
  if (await isChanged(upload.file, { size, mtimeNs })) throw localFileChanged(localPath);
  return blocks && { ...source, size, mode: permissionsOf(mode), mtimeNs, blocks };
}

/** Undefined where the server has made no copy. */
async function blocksOfCopy(
  { size, mode, mtimeNs, dev, ino }: BigIntStats,
  localPath: string,
  { operator, directory }: Handover,
  { volumeId, signal, onRead }: Pick<ReadOptions, "signal" | "onRead"> & { volumeId: string },
): Promise<string[] | undefined> {
  const link = randomUUID();
  await using made = await linkTo(localPath, join(directory, link));
  if (!made) return undefined;
  let read = 0;
  const request = { volumeId, link, size, mtimeNs, device: dev, inode: ino, mode: permissionsOf(mode) };
  try {
    for await (const { bytes, blocksSha256 } of operator.volumeHandOver(request, callOptions(signal))) {
      read += Number(bytes);
      onRead?.(Number(bytes));
      if (blocksSha256.length > 0) return blocksSha256.map((digest) => Buffer.from(digest).toString("hex"));
    }
  } catch (error) {
    if (signal?.aborted || !isRefusal(error)) throw error;
  }
  // All of it is read once more.
  onRead?.(-read);
  return undefined;
}

async function isOnLocalDisk(localPath: string): Promise<boolean> {
  const { type } = await withLocalFile(localPath, "read", () => statfs(localPath));
  return localFileSystems.has(type);
}

/** Undefined where none can be made: one who may not write to the directory is nobody to take files from. */
async function linkTo(localPath: string, path: string): Promise<AsyncDisposable | undefined> {
  try {
    await symlink(await realpath(localPath), path);
  } catch {
    return undefined;
  }
  return { [Symbol.asyncDispose]: () => unlink(path).catch(() => undefined) };
}

/** Whether the file can be sent all the same: a server may be older, or end. */
function isRefusal(error: unknown): boolean {
  if (!AppError.is(error)) return false;
  return error.code === "HANDOVER_REFUSED" || ["UNIMPLEMENTED", "UNAVAILABLE"].includes(error.status);
}

function permissionsOf(mode: bigint): number {
  return Number(mode & 0o777n);
}
