import { AppError, messageOf } from "@dorian/base/app-error";
import { unlessAbsent } from "@dorian/base/unless-absent";
import type { TreeSize } from "@dorian/storage/copy-tree";
import { flushDirectory } from "@dorian/storage/flush-tree";
import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";

/** What a backup holds. It is written last, so that a directory without it is no whole backup. */
export interface BackupRecord {
  format: 1;
  /** The Dorian that made it. */
  version: string;
  /** ISO 8601. */
  takenAt: string;
  /** The data directory that it is of. */
  source: string;
  /** Folder with the state and the files beside it. */
  state: string;
  /** SHA-256 of each file in that folder, by its path there. */
  files: Record<string, string>;
  layers: Record<string, TreeSize>;
  /** Bytes of each blob, by its SHA-256. */
  blobs: Record<string, number>;
  /** Layers and blobs that the state names and the data directory did not have. */
  missing: string[];
}

const name = "backup.json";

/** Undefined where there is no whole backup. @throws AppError BACKUP_UNKNOWN */
export async function readRecord(directory: string): Promise<BackupRecord | undefined> {
  const path = join(directory, name);
  const text = await unlessAbsent(readFile(path, "utf8"));
  if (text === undefined) return undefined;
  try {
    const record = JSON.parse(text) as BackupRecord;
    if (record.format !== 1) throw new Error(`its format is ${JSON.stringify(record.format)}, not 1`);
    return record;
  } catch (cause) {
    throw new AppError("BACKUP_UNKNOWN", `${path} is not what this version writes: ${messageOf(cause)}.`, {
      remedy: "Use the version of Dorian that wrote it, or a newer one. Nothing was changed.",
      cause,
    });
  }
}

/** In one step: until then the record that was there is the one that counts. */
export async function writeRecord(directory: string, record: BackupRecord): Promise<void> {
  const draft = join(directory, `${name}.new`);
  {
    await using file = await open(draft, "w", 0o600);
    await file.writeFile(`${JSON.stringify(record)}\n`);
    await file.sync();
  }
  await rename(draft, join(directory, name));
  await flushDirectory(directory);
}
