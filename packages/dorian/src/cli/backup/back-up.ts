import { AppError } from "@dorian/base/app-error";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { stateFile } from "../../backup/backup-places.ts";
import { holdState } from "../../backup/held-state.ts";
import { takeBackup } from "../../backup/take-backup.ts";
import type { CommandContext } from "../context.ts";
import { ByteView } from "../output/byte-view.ts";
import { StatusLine } from "../output/status-line.ts";
import { ServerConnection } from "../server-connection.ts";
import { dorianVersion } from "../version.ts";

export interface Backup {
  directory: string;
  dataDirectory: string;
  version: string;
  takenAt: string;
  layers: number;
  bytes: number;
  /** What was not in the directory before. */
  newBytes: number;
  /** On one file system the files are further names of those in the data directory. */
  sharesFiles: boolean;
  missing: string[];
  milliseconds: number;
}

/** Backs the data directory up, and shows how far it is. @throws AppError */
export async function backUp(
  directory: string,
  { config, output, signal }: Pick<CommandContext, "config" | "output" | "signal">,
): Promise<Backup> {
  const { dataDirectory } = config;
  if (!existsSync(join(dataDirectory, stateFile))) throw noData(dataDirectory);
  const startedAtMs = performance.now();
  const version = dorianVersion();
  using status = await StatusLine.open(output);
  status.set(`Backing up ${dataDirectory}`);
  const { record, newBytes, isLinked } = await takeBackup({
    dataDirectory,
    directory,
    version,
    hold: ({ signal: until }) =>
      holdState(dataDirectory, {
        version,
        connect: () => ServerConnection.ofData(config),
        signal: until,
      }),
    onProgress: new ByteView(output, status).onProgress,
    signal,
  });
  const sizes = [...Object.values(record.layers).map(({ bytes }) => bytes), ...Object.values(record.blobs)];
  return {
    directory,
    dataDirectory,
    version,
    takenAt: record.takenAt,
    layers: Object.keys(record.layers).length,
    bytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
    newBytes,
    sharesFiles: isLinked,
    missing: record.missing,
    milliseconds: performance.now() - startedAtMs,
  };
}

function noData(dataDirectory: string): AppError {
  return new AppError(
    "BACKUP_NOTHING",
    `There is no Dorian's state in ${dataDirectory}, or it may not be read.`,
    {
      status: "NOT_FOUND",
      remedy:
        "Name the server's data directory with --data, and run this as the user that the server runs as, root.",
    },
  );
}
