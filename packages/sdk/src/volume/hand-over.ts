import { randomUUID } from "node:crypto";
import { realpath, statfs, symlink, unlink } from "node:fs/promises";
import { join } from "node:path";
import { AppError, errnoOf } from "@dorian/base/app-error";
import type { OperatorService } from "@dorian/protocol/operator";
import type { ServiceClient } from "@dorian/protocol/service";
import type { Transport } from "../client/transport.ts";
import { blockBytes } from "./block.ts";
import { openUploadFile, type ReadOptions, type UploadFile, type UploadSource } from "./local-file.ts";
import { callOptions } from "../client/wait-options.ts";

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
 * @throws AppError LOCAL_FILE_MISSING, LOCAL_FILE_INVALID, LOCAL_FILE_UNREADABLE, STORAGE_FULL
 */
export async function handOver(
  source: UploadSource,
  { operator, directory }: Handover,
  { volumeId, signal, onRead }: Pick<ReadOptions, "signal" | "onRead"> & { volumeId: string },
): Promise<UploadFile | undefined> {
  const { localPath } = source;
  await using upload = await openUploadFile(localPath);
  const { size, mode, mtimeNs, dev, ino } = upload.stats;
  if (Number(size) <= blockBytes || !localFileSystems.has((await statfs(localPath)).type)) return undefined;
  const link = randomUUID();
  let read = 0;
  try {
    await using _link = await linkTo(await realpath(localPath), join(directory, link));
    const permissions = Number(mode & 0o777n);
    const request = { volumeId, link, size, mtimeNs, device: dev, inode: ino, mode: permissions };
    for await (const { bytes, blocksSha256 } of operator.volumeHandOver(request, callOptions(signal))) {
      read += Number(bytes);
      onRead?.(Number(bytes));
      if (blocksSha256.length === 0) continue;
      const blocks = blocksSha256.map((digest) => Buffer.from(digest).toString("hex"));
      return { ...source, size: Number(size), mode: permissions, mtimeNs, blocks };
    }
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  // All of it is read once more.
  onRead?.(-read);
  return undefined;
}

async function linkTo(target: string, path: string): Promise<AsyncDisposable> {
  await symlink(target, path);
  return { [Symbol.asyncDispose]: () => unlink(path).catch(() => undefined) };
}

/** Whether the file can be sent all the same: one who may not write to the directory is nobody to take files from, and a server may be older, or end. */
function isRefusal(error: unknown): boolean {
  if (!AppError.is(error)) return errnoOf(error) !== undefined;
  return error.code === "HANDOVER_REFUSED" || ["UNIMPLEMENTED", "UNAVAILABLE"].includes(error.status);
}
