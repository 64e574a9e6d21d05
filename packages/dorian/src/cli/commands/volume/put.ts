import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { uploadFiles } from "@dorian/sdk/volume/upload-files";
import { type UploadFile, uploadFilesOf } from "@dorian/sdk/volume/upload-source";
import { AppError } from "@dorian/base/app-error";
import { defineCommand } from "../../command.ts";
import { UsageError } from "../../input.ts";
import { formatBytes } from "../../output/bytes.ts";
import { formatDuration } from "../../output/duration.ts";
import { StatusLine } from "../../output/status-line.ts";
import { TransferView } from "../../output/transfer-view.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { findVolume } from "../../target/find-volume.ts";

interface Uploaded {
  source: string;
  target: string;
  files: number;
  totalBytes: number;
  sentBytes: number;
  milliseconds: number;
}

export const command = defineCommand<Uploaded>({
  arguments: [
    { name: "volume", description: "Name of the volume" },
    { name: "local-path", description: "File or directory to upload; - reads standard input" },
    { name: "remote-path", description: "Where to put it; below the root when left out", optional: true },
  ],
  options: [...serverOptions, { name: "force", short: "f", description: "Overwrite files that exist" }],
  notes: [
    "A file goes into a remote path that ends with a slash; what is in a directory goes below the remote path.",
    "All files appear at once, in one new version. Blocks that the server has are not sent again.",
  ],

  async run(input, { config, output, signal, stdin }) {
    const source = input.argument("local-path");
    const target = input.optionalArgument("remote-path") ?? "/";
    if (source === "-" && (target.endsWith("/") || target === "")) {
      throw new UsageError("Standard input needs the name of the file to make of it.", "add a remote path after the dash.");
    }
    await using resources = new AsyncDisposableStack();
    const files = await sourceFiles(source, target, { stdin, signal, resources });
    if (files.length === 0) {
      throw new AppError("NOTHING_TO_UPLOAD", `There are no files in "${source}".`, {
        status: "INVALID_ARGUMENT",
        remedy: "Give a file, or a directory with files in it.",
      });
    }
    using server = new ServerConnection(config);
    const volumeId = await findVolume(server, input.argument("volume"), { signal });
    using status = await StatusLine.open(output);
    const view = new TransferView(output, status, "Uploading");
    const sizes = files.map(({ path, sizeBytes }) => ({ path, totalBytes: sizeBytes }));
    let phase = "reading";
    view.begin("Reading", sizes);
    let sentBytes = 0;
    const startedAt = performance.now();
    const watched = files.map((file, index) => ({
      ...file,
      async readBlock(block: number) {
        const bytes = await file.readBlock(block);
        view.add(index, bytes.length);
        return bytes;
      },
    }));
    await uploadFiles(server.modal, volumeId, watched, {
      overwrite: input.flag("force"),
      onProgress(progress) {
        sentBytes = progress.sentBytes;
        if (progress.phase === phase) return;
        phase = progress.phase;
        view.begin("Uploading", sizes);
      },
      signal,
    });
    const totalBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    return { source, target, files: files.length, totalBytes, sentBytes, milliseconds: performance.now() - startedAt };
  },

  render({ source, target, files, totalBytes, sentBytes, milliseconds }, output) {
    const { green, dim } = output.noteColors;
    const what = files === 1 ? `file '${source}'` : `${files} files of '${source}'`;
    const numbers = `${formatBytes(totalBytes)}, ${formatBytes(sentBytes)} sent, in ${formatDuration(milliseconds)}`;
    output.note(`${green("✓")} Uploaded ${what} to '${posix.normalize(target)}' ${dim(`(${numbers})`)}.`);
  },
});

async function sourceFiles(
  source: string,
  target: string,
  options: { stdin: NodeJS.ReadStream; signal: AbortSignal; resources: AsyncDisposableStack },
): Promise<UploadFile[]> {
  if (source !== "-") return await uploadFilesOf(source, target);
  // Its length is known only at its end, and blocks are read twice: to hash them and to send what is missing.
  const directory = await mkdtemp(join(tmpdir(), "dorian-stdin-"));
  options.resources.defer(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, "content");
  await pipeline(options.stdin, createWriteStream(file, { mode: 0o600 }), { signal: options.signal });
  const [content] = await uploadFilesOf(file, target);
  return content ? [{ ...content, mode: 0o644, source: "standard input" }] : [];
}
