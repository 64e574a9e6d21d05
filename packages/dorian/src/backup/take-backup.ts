import { contentOfState, layersNamedIn } from "@dorian/control-plane/gc/kept-content";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { wallClockMs } from "@dorian/base/wall-clock";
import { removeTree } from "@dorian/linux/remove-tree";
import { flushDirectory } from "@dorian/storage/flush-tree";
import { storing } from "@dorian/storage/storage-error";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openBackupDirectory, type BackupDirectory } from "./backup-directory.ts";
import { blobPlace, layerPlace, stateFile } from "./backup-places.ts";
import { type BackupRecord, readRecord, writeRecord } from "./backup-record.ts";
import { type ByteProgress, copyContent } from "./content-copy.ts";
import type { HeldState } from "./held-state.ts";
import { copyDurably, sha256Of, smallFilesOf } from "./small-files.ts";

export interface TakeBackupOptions {
  dataDirectory: string;
  directory: string;
  version: string;
  /** Holds the state of the data directory. */
  hold: (options: { signal: AbortSignal }) => Promise<HeldState>;
  onProgress: (progress: ByteProgress) => void;
  signal: AbortSignal;
}

export interface TakenBackup {
  record: BackupRecord;
  newBytes: number;
  isLinked: boolean;
}

/**
 * Makes a directory a backup of a data directory, or brings the backup in it up to date. Until the very end it is the backup
 * that it was; what is not part of the new one goes after that.
 */
export async function takeBackup(options: TakeBackupOptions): Promise<TakenBackup> {
  const { dataDirectory, version } = options;
  using directory = await openBackupDirectory(options.directory, dataDirectory);
  const before = await readRecord(directory.path);
  await removeStates(directory, before);
  const state = randomBytes(8).toString("hex");
  try {
    return await storing(directory.path, async () => {
      using held = await options.hold({ signal: options.signal });
      const signal = AbortSignal.any([options.signal, held.signal]);
      const takenAt = new Date(wallClockMs()).toISOString();
      const files = await copyState(held, { from: dataDirectory, to: join(directory.states, state) });
      const { missing, newBytes, isLinked, ...content } = await copyContent(
        await contentOf(join(directory.states, state)),
        { from: dataDirectory, to: directory.path, incoming: directory.incoming },
        { known: before ?? { layers: {}, blobs: {} }, onProgress: options.onProgress, signal },
      );
      await flushDirectory(directory.states);
      signal.throwIfAborted();
      const record = {
        format: 1,
        version,
        takenAt,
        source: dataDirectory,
        state,
        files,
        ...content,
        missing,
      } as const;
      await writeRecord(directory.path, record);
      await removeOthers(directory, record);
      return { record, newBytes, isLinked };
    });
  } catch (error) {
    if ((await readRecord(directory.path))?.state !== state) await removeTree(join(directory.states, state));
    throw error;
  } finally {
    await removeTree(directory.incoming);
  }
}

/** SHA-256 of each file copied, by its path. */
async function copyState(
  held: HeldState,
  { from, to }: { from: string; to: string },
): Promise<Record<string, string>> {
  await mkdir(to, { mode: 0o700 });
  await held.copyTo(join(to, stateFile));
  const paths = await smallFilesOf(from);
  for (const path of paths) await copyDurably(join(from, path), join(to, path));
  const sums: Record<string, string> = {};
  for (const path of [stateFile, ...paths]) sums[path] = await sha256Of(join(to, path));
  await flushDirectory(to);
  return sums;
}

async function contentOf(folder: string): Promise<{ layerIds: Set<string>; blobs: Set<string> }> {
  using state = new DatabaseSync(join(folder, stateFile), { readOnly: true });
  const { layerIds, blobs } = contentOfState(state);
  const bases = (await unlessAbsent(readFile(join(folder, "bases.json"), "utf8"))) ?? "";
  return { layerIds: new Set([...layerIds, ...layersNamedIn(bases)]), blobs };
}

async function removeStates(directory: BackupDirectory, record: BackupRecord | undefined): Promise<void> {
  for (const name of await readdir(directory.states))
    if (name !== record?.state) await removeTree(join(directory.states, name));
}

async function removeOthers(directory: BackupDirectory, record: BackupRecord): Promise<void> {
  await removeStates(directory, record);
  const { path } = directory;
  for (const layerId of await readdir(join(path, "layers")))
    if (!(layerId in record.layers)) await removeTree(layerPlace(path, layerId));
  for (const folder of await readdir(join(path, "blocks")))
    for (const sha of await readdir(join(path, "blocks", folder)))
      if (!(sha in record.blobs)) await removeTree(blobPlace(path, sha));
}
