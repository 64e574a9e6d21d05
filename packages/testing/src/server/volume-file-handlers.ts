import { cp, mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join, posix, relative } from "node:path";
import type { Stats } from "node:fs";
import { AppError } from "@dorian/base/app-error";
import {
  FileEntry_FileType as Type,
  type ModalClient,
  type VolumePutFiles2Request_File as PutFile,
} from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { BlockServer } from "./block-server.ts";

const blockBytes = 8 * 1024 * 1024;

/** The files of volumes, for who has them mounted nowhere. */
export function volumeFileHandlers(options: {
  directoryOf: (volumeId: string) => string;
  blocks: BlockServer;
}) {
  const { directoryOf, blocks } = options;
  const placeOf = (volumeId: string, path: string) => join(directoryOf(volumeId), posix.join("/", path));
  return {
    async *volumeListFiles2({ volumeId, path, recursive }) {
      const root = directoryOf(volumeId);
      const place = placeOf(volumeId, path);
      const found = await statOf(place, path);
      const names = found.isDirectory() ? await readdir(place, { recursive }) : [""];
      const entries = await Promise.all(
        names.map(async (name) => entryOf(relative(root, join(place, name)), await stat(join(place, name)))),
      );
      yield { entries };
    },
    async volumeGetFile2({ volumeId, path, start, len }) {
      const place = placeOf(volumeId, path);
      const { size } = await statOf(place, path);
      const end = len === 0n ? size : Math.min(size, Number(start + len));
      const getUrls: string[] = [];
      for (let at = Number(start); at < end; at += blockBytes)
        getUrls.push(await blocks.getUrl({ path: place, start: at, length: Math.min(blockBytes, end - at) }));
      return { getUrls, size: BigInt(size), start, len: BigInt(Math.max(0, end - Number(start))) };
    },
    async volumePutFiles2({ volumeId, files, disallowOverwriteExistingFiles }) {
      if (disallowOverwriteExistingFiles)
        for (const { path } of files) await refuseExisting(placeOf(volumeId, path), path);
      const missing = files.flatMap((file, fileIndex) =>
        digestsOf(file)
          .map((digest, blockIndex) => ({ digest, fileIndex, blockIndex }))
          .filter(({ digest }) => !blocks.received.has(digest)),
      );
      const missingBlocks = await Promise.all(
        missing.map(async ({ digest, fileIndex, blockIndex }) => ({
          fileIndex: BigInt(fileIndex),
          blockIndex: BigInt(blockIndex),
          putUrl: await blocks.putUrl(digest),
        })),
      );
      if (missingBlocks.length === 0)
        for (const file of files) await write(placeOf(volumeId, file.path), file, blocks);
      return { missingBlocks };
    },
    async volumeRemoveFile2({ volumeId, path, recursive }) {
      const place = placeOf(volumeId, path);
      if ((await statOf(place, path)).isDirectory() && !recursive) throw isDirectory(path, "removed");
      await rm(place, { recursive });
      return {};
    },
    async volumeCopyFiles2({ volumeId, srcPaths, dstPath, recursive }) {
      const target = placeOf(volumeId, dstPath);
      const isInto = srcPaths.length > 1 || dstPath.endsWith("/") || (await isDirectoryAt(target));
      for (const path of srcPaths) {
        const place = placeOf(volumeId, path);
        if ((await statOf(place, path)).isDirectory() && !recursive) throw isDirectory(path, "copied");
        await cp(place, isInto ? join(target, basename(place)) : target, { recursive });
      }
      return {};
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}

function digestsOf({ blocks }: PutFile): string[] {
  return blocks.map(({ contentsSha256 }) => Buffer.from(contentsSha256).toString("hex"));
}

/** Zeros at a block's end are not sent: the file has them by its length. */
async function write(place: string, file: PutFile, { received }: BlockServer): Promise<void> {
  await mkdir(dirname(place), { recursive: true });
  await rm(place, { force: true });
  await using opened = await open(place, "wx", file.mode ?? 0o644);
  for (const [index, digest] of digestsOf(file).entries()) {
    const content = received.get(digest);
    if (content) await opened.write(content, 0, content.length, index * blockBytes);
  }
  await opened.truncate(Number(file.size));
}

function entryOf(path: string, stats: Stats) {
  const type = stats.isDirectory() ? Type.DIRECTORY : Type.FILE;
  const size = stats.isDirectory() ? 0n : BigInt(stats.size);
  return { path, type, size, mtime: BigInt(Math.floor(stats.mtimeMs / 1000)) };
}

async function statOf(place: string, path: string): Promise<Stats> {
  return await stat(place).catch(() => {
    throw new AppError("VOLUME_PATH_NOT_FOUND", `There is no ${JSON.stringify(path)} in the volume.`, {
      status: "NOT_FOUND",
      remedy: "List what is there with `dorian volume ls <volume>`.",
    });
  });
}

async function isDirectoryAt(place: string): Promise<boolean> {
  return await stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function refuseExisting(place: string, path: string): Promise<void> {
  const found = await stat(place).catch(() => undefined);
  if (!found) return;
  throw new AppError(
    "VOLUME_FILE_EXISTS",
    `There is a ${JSON.stringify(path.replace(/^\/+/, ""))} in the volume already.`,
    {
      status: "ALREADY_EXISTS",
      remedy: "Choose another path, or say that it may be overwritten (--force).",
    },
  );
}

function isDirectory(path: string, verb: string): AppError {
  return new AppError("PATH_IS_A_DIRECTORY", `${JSON.stringify(path)} is a directory and was not ${verb}.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Say that what is in it is meant, too (--recursive).",
  });
}
