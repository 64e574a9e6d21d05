import { stat } from "node:fs/promises";
import { errnoOf } from "@dorian/base/app-error";
import { leftOutWarning } from "@dorian/sdk/local/left-out";
import type { LeftOut } from "@dorian/sdk/local/walk-local-tree";
import { VolumeFiles } from "@dorian/sdk/volume/volume-files";
import { defineCommand } from "../../command.ts";
import { UsageError } from "../../input.ts";
import { formatBytes } from "../../../format-bytes.ts";
import { formatDuration } from "../../output/duration.ts";
import { StatusLine } from "../../output/status-line.ts";
import { TransferView } from "../../output/transfer-view.ts";
import { ServerConnection } from "../../server-connection.ts";
import { quietOption, serverOptions } from "../../server-options.ts";
import { requireVolume } from "../../lookup/require-volume.ts";

interface Uploaded {
  source: string;
  target: string;
  files: number;
  bytes: number;
  leftOut: LeftOut[];
  milliseconds: number;
}

export const command = defineCommand<Uploaded>({
  arguments: [
    { name: "volume", description: "Name of the volume" },
    { name: "local-path", description: "File or directory to upload; - reads standard input" },
    { name: "remote-path", description: "Where to put it; below the root when left out", optional: true },
  ],
  options: [
    ...serverOptions,
    quietOption,
    { name: "force", short: "f", description: "Overwrite files that exist" },
  ],
  notes: [
    "A file goes into a remote path that ends with a slash; what is in a directory goes below the remote path.",
    "All files appear at once, in one new version. Content that the server has is not sent again.",
  ],

  async run(input, { config, output, signal, stdin }) {
    const source = input.argument("local-path");
    const target = input.optionalArgument("remote-path") ?? "/";
    if (source === "-" && target.endsWith("/")) {
      throw new UsageError(
        "Standard input needs the name of the file to make of it.",
        "add a remote path after the dash.",
      );
    }
    using server = new ServerConnection(config);
    const volumeId = await requireVolume(server, input.argument("volume"), { signal });
    const files = new VolumeFiles(server.modal, volumeId, server.handover);
    using status = await StatusLine.open(output);
    const { onProgress } = new TransferView(output, status);
    const settings = { overwrite: input.flag("force"), onProgress, signal };
    const startedAtMs = performance.now();
    const moved = (await isDirectory(source))
      ? await files.putDirectory(source, target, settings)
      : await files.putFile(source === "-" ? stdin : source, target, settings);
    return { source, target, ...moved, milliseconds: performance.now() - startedAtMs };
  },

  render({ source, target, files, bytes, leftOut, milliseconds }, output) {
    const { green, yellow, dim } = output.noteColors;
    const one = source === "-" ? "standard input" : `file '${source}'`;
    const what = files === 1 ? one : `${files} files of '${source}'`;
    const numbers = `${formatBytes(bytes)} in ${formatDuration(milliseconds)}`;
    output.progress(`${green("✓")} Uploaded ${what} to '${target}' ${dim(`(${numbers})`)}.`);
    const warning = leftOutWarning(source, leftOut);
    if (warning !== undefined) output.note(`${yellow("Warning:")} ${warning}`);
  },
});

// What is missing is left for the upload to refuse, in its own words.
async function isDirectory(path: string): Promise<boolean> {
  try {
    return path !== "-" && (await stat(path)).isDirectory();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}
