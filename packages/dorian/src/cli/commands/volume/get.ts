import { posix } from "node:path";
import { VolumeFiles } from "@dorian/sdk/volume/volume-files";
import { defineCommand } from "../../command.ts";
import { formatBytes } from "../../../format-bytes.ts";
import { formatDuration } from "../../output/duration.ts";
import { StatusLine } from "../../output/status-line.ts";
import { TransferView } from "../../output/transfer-view.ts";
import { ServerConnection } from "../../server-connection.ts";
import { quietOption, serverOptions } from "../../server-options.ts";
import { requireVolume } from "../../lookup/require-volume.ts";

interface Downloaded {
  source: string;
  target: string;
  files: number;
  bytes: number;
  /** What has no content to download. */
  skipped: string[];
  milliseconds: number;
}

export const command = defineCommand<Downloaded>({
  arguments: [
    { name: "volume", description: "Name of the volume" },
    { name: "remote-path", description: "File or directory in it" },
    {
      name: "local-path",
      description: "Where to put it; here when left out; - writes to standard output",
      optional: true,
    },
  ],
  options: [
    ...serverOptions,
    quietOption,
    { name: "force", short: "f", description: "Overwrite files that exist" },
  ],
  notes: [
    "A file goes into a local directory that exists; what is in a remote directory goes below the local path.",
  ],

  async run(input, { config, output, signal }) {
    const source = input.argument("remote-path");
    const target = input.optionalArgument("local-path") ?? ".";
    const startedAtMs = performance.now();
    using server = new ServerConnection(config);
    const volumeId = await requireVolume(server, input.argument("volume"), { signal });
    const files = new VolumeFiles(server.modal, volumeId);
    using status = await StatusLine.open(output);
    const { onProgress } = new TransferView(output, status);
    const settings = { overwrite: input.flag("force"), onProgress, signal };
    if (target === "-") {
      let bytes = 0;
      for await (const piece of files.readPieces(source, { signal })) {
        await output.writeBytes(piece);
        bytes += piece.length;
      }
      return { source, target, files: 1, bytes, skipped: [], milliseconds: performance.now() - startedAtMs };
    }
    const moved = (await isFile(files, source, signal))
      ? { skipped: [], ...(await files.getFile(source, target, settings)) }
      : await files.getDirectory(source, target, settings);
    return { source, target, ...moved, milliseconds: performance.now() - startedAtMs };
  },

  render({ source, target, files, bytes, skipped, milliseconds }, output) {
    const { green, yellow, dim } = output.noteColors;
    const what = files === 1 ? `file '${source}'` : `${files} files of '${source}'`;
    const where = target === "-" ? "standard output" : `'${target}'`;
    const numbers = `${formatBytes(bytes)} in ${formatDuration(milliseconds)}`;
    output.progress(`${green("✓")} Downloaded ${what} to ${where} ${dim(`(${numbers})`)}.`);
    if (skipped.length > 0) {
      output.note(`${yellow("Warning:")} left out, because they lead to no file: ${skipped.join(", ")}.`);
    }
  },
});

/** A path that lists itself is no directory. A link is asked for as what it leads to, which is a file or an error. */
async function isFile(files: VolumeFiles, path: string, signal: AbortSignal): Promise<boolean> {
  const own = posix.join("/", path).replaceAll(/^\/+|\/+$/g, "");
  for await (const entry of files.list(path, { signal })) {
    if (entry.path === own) return true;
  }
  return false;
}
