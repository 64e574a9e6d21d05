import { AppError } from "@dorian/base/app-error";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { requireOurs } from "@dorian/control-plane/database/origin";
import { removeTree } from "@dorian/linux/remove-tree";
import { measureTree } from "@dorian/storage/copy-tree";
import { flushDirectory } from "@dorian/storage/flush-tree";
import { storing } from "@dorian/storage/storage-error";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { makeDataDirectory, restoringFile } from "../process/data-directory.ts";
import { isWithin, realPlace } from "./backup-directory.ts";
import { blobPlace, layerPlace, stateFile } from "./backup-places.ts";
import { type BackupRecord, readRecord } from "./backup-record.ts";
import { type ByteProgress, copyContent } from "./content-copy.ts";
import { copyDurably, sha256Of } from "./small-files.ts";

export interface RestoreOptions {
  directory: string;
  dataDirectory: string;
  /** This Dorian's. */
  version: string;
  onProgress: (progress: ByteProgress) => void;
  signal: AbortSignal;
}

/**
 * Makes an empty directory what a backup says the data directory was. Everything is looked at on the way; on failure the directory is
 * empty again.
 *
 * @throws AppError BACKUP_NOT_WHOLE, BACKUP_DAMAGED, DATABASE_TOO_NEW, DATA_DIRECTORY_NOT_EMPTY
 */
export async function restoreBackup(options: RestoreOptions): Promise<BackupRecord> {
  const { version } = options;
  const directory = await realPlace(options.directory);
  const target = await realPlace(options.dataDirectory);
  const record = await readRecord(directory);
  if (!record) throw notWhole(directory);
  await requireFiles(directory, record);
  {
    const path = join(directory, "states", record.state, stateFile);
    using state = new DatabaseSync(path, { readOnly: true });
    requireOurs(state, path, { version });
  }
  await requireEmpty(target, directory);
  makeDataDirectory(target);
  await writeFile(join(target, restoringFile), `${directory}\n`, { mode: 0o600, flush: true });
  try {
    await storing(target, () => fill(target, directory, { ...options, record }));
  } catch (error) {
    for (const name of await readdir(target)) if (name !== "lost+found") await removeTree(join(target, name));
    throw error;
  }
  await removeTree(join(target, restoringFile));
  await flushDirectory(target);
  return record;
}

async function fill(
  target: string,
  directory: string,
  { record, onProgress, signal }: Pick<RestoreOptions, "onProgress" | "signal"> & { record: BackupRecord },
): Promise<void> {
  const incoming = join(target, "scratch");
  for (const folder of [incoming, join(target, "layers"), join(target, "blocks")]) await mkdir(folder);
  const { layers, blobs } = record;
  const copied = await copyContent(
    { layerIds: Object.keys(layers), blobs: Object.keys(blobs) },
    { from: directory, to: target, incoming },
    { known: { layers: {}, blobs: {} }, onProgress, signal },
  );
  if (copied.missing.length > 0) throw damaged(directory, `${copied.missing[0]} is not there`);
  for (const [layerId, { files, bytes }] of Object.entries(layers)) {
    const found = await measureTree(layerPlace(target, layerId), { signal });
    if (found.files !== files || found.bytes !== bytes) {
      const words = `the layer ${layerId} has ${found.files} files with ${found.bytes} bytes, not ${files} with ${bytes}`;
      throw damaged(directory, words);
    }
  }
  for (const sha of Object.keys(blobs)) {
    signal.throwIfAborted();
    if ((await sha256Of(blobPlace(target, sha))) !== sha)
      throw damaged(directory, `the blob ${sha} is another`);
  }
  for (const path of Object.keys(record.files))
    await copyDurably(join(directory, "states", record.state, path), join(target, path));
  forgetSnapshots(join(target, stateFile));
  for (const folder of [incoming, target]) await flushDirectory(folder);
  signal.throwIfAborted();
}

/** Memory of containers is in no backup: what would be brought back from it starts anew. */
function forgetSnapshots(path: string): void {
  using state = new DatabaseSync(path);
  const has = state.prepare("select 1 from sqlite_master where name = 'memory_snapshot'").get();
  if (has) state.exec("delete from memory_snapshot");
}

async function requireFiles(directory: string, record: BackupRecord): Promise<void> {
  for (const [path, sum] of Object.entries(record.files)) {
    const found = await unlessAbsent(sha256Of(join(directory, "states", record.state, path)));
    if (found !== sum)
      throw damaged(directory, `${path} is ${found === undefined ? "not there" : "not what was written"}`);
  }
}

async function requireEmpty(target: string, directory: string): Promise<void> {
  const entries = ((await unlessAbsent(readdir(target))) ?? []).filter((name) => name !== "lost+found");
  if (entries.length === 0 && !isWithin(target, directory)) return;
  throw new AppError(
    "DATA_DIRECTORY_NOT_EMPTY",
    `${target} ${entries.length === 0 ? "lies in the backup" : `holds ${entries.slice(0, 3).join(", ")}${entries.length > 3 ? ", …" : ""}`}: a backup is restored to an empty directory.`,
    { remedy: "Give another with --data, or move what is there away. Nothing was changed." },
  );
}

function notWhole(directory: string): AppError {
  return new AppError("BACKUP_NOT_WHOLE", `${directory} holds no whole backup: it has no backup.json.`, {
    remedy:
      "A backup writes that file last. Give the directory of one that ended well, or make one with `dorian backup`.",
  });
}

function damaged(directory: string, words: string): AppError {
  return new AppError("BACKUP_DAMAGED", `The backup in ${directory} is damaged: ${words}.`, {
    status: "DATA_LOSS",
    remedy: "Restore another one. Nothing was left in the data directory.",
  });
}
