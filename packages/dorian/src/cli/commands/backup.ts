import { AppError } from "@dorian/base/app-error";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { stateFile } from "../../backup/backup-places.ts";
import { holdState } from "../../backup/held-state.ts";
import { takeBackup } from "../../backup/take-backup.ts";
import { formatBytes } from "../../format-bytes.ts";
import { defineCommand } from "../command.ts";
import { ByteView } from "../output/byte-view.ts";
import { formatDuration } from "../output/duration.ts";
import { StatusLine } from "../output/status-line.ts";
import { ServerConnection } from "../server-connection.ts";
import { dataOption } from "../server-options.ts";
import { dorianVersion } from "../version.ts";

interface Backup {
  directory: string;
  dataDirectory: string;
  version: string;
  takenAt: string;
  layers: number;
  bytes: number;
  /** Of these, what was not in the directory before. */
  newBytes: number;
  /** On one file system the files are further names of those in the data directory. */
  sharesFiles: boolean;
  missing: string[];
  milliseconds: number;
}

export const command = defineCommand<Backup>({
  arguments: [
    {
      name: "directory",
      description: "Where to put it; what an earlier backup has there is not copied again",
    },
  ],
  options: [dataOption],
  notes: [
    "It holds everything, secrets and tokens among it: only its owner may enter the directory.",
    "On the file system of the data directory it shares files with it, which saves from mistakes and not from the end of the disk.",
  ],
  json: (backup) => backup,

  async run(input, { config, output, signal }) {
    const { dataDirectory } = config;
    const directory = input.argument("directory");
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
          // The server of this data directory, whatever else the environment names.
          connect: () =>
            new ServerConnection({
              ...config,
              server: undefined,
              tokenId: undefined,
              tokenSecret: undefined,
            }),
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
  },

  render(backup, output) {
    const { green, yellow, dim } = output.noteColors;
    const { directory, dataDirectory, layers, bytes, newBytes, missing, milliseconds } = backup;
    const numbers = `${layers} layers, ${formatBytes(bytes)}, ${formatBytes(newBytes)} of it new, in ${formatDuration(milliseconds)}`;
    output.note(`${green("✓")} Backed up ${dataDirectory} to ${directory} ${dim(`(${numbers})`)}.`);
    if (backup.sharesFiles)
      output.note(`${yellow("Warning:")} It is on the disk of the data directory, and does not outlive it.`);
    if (missing.length > 0) {
      const some = missing.slice(0, 3).join(", ") + (missing.length > 3 ? ", …" : "");
      output.note(
        `${yellow("Warning:")} The data directory lacks ${missing.length} of what its state names: ${some}.`,
      );
    }
  },
});

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
