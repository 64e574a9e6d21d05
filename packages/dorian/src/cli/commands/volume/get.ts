import { stat } from "node:fs/promises";
import { basename, join, posix } from "node:path";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { type VolumeEntry, VolumeFiles } from "@dorian/sdk/volume/volume-files";
import { defineCommand } from "../../command.ts";
import { formatBytes } from "../../output/bytes.ts";
import { formatDuration } from "../../output/duration.ts";
import type { Output } from "../../output/output.ts";
import { StatusLine } from "../../output/status-line.ts";
import { TransferView } from "../../output/transfer-view.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { findVolume } from "../../target/find-volume.ts";

interface Downloaded {
  source: string;
  target: string;
  files: number;
  totalBytes: number;
  /** Links that were left out. */
  skipped: number;
  milliseconds: number;
}

export const command = defineCommand<Downloaded>({
  arguments: [
    { name: "volume", description: "Name of the volume" },
    { name: "remote-path", description: "File or directory in it" },
    { name: "local-path", description: "Where to put it; here when left out; - writes to standard output", optional: true },
  ],
  options: [...serverOptions, { name: "force", short: "f", description: "Overwrite files that exist" }],
  notes: ["A file goes into a local directory that exists; what is in a remote directory goes below the local path."],

  async run(input, { config, output, signal }) {
    using server = new ServerConnection(config);
    const source = input.argument("remote-path");
    const volumeId = await findVolume(server, input.argument("volume"), { signal });
    const files = new VolumeFiles(server.modal, volumeId);
    const startedAt = performance.now();
    const target = input.optionalArgument("local-path") ?? ".";
    if (target === "-") {
      const totalBytes = await writeToStdout(files.read(source, { signal }), output);
      return { source, target, files: 1, totalBytes, skipped: 0, milliseconds: performance.now() - startedAt };
    }
    const entries: VolumeEntry[] = [];
    for await (const entry of files.list(source, { recursive: true, signal })) entries.push(entry);
    const plan = planDownload(source, entries, await localTarget(target));
    if (!input.flag("force")) await refuseExisting(plan.files.map(({ local }) => local));

    using status = await StatusLine.open(output);
    const view = new TransferView(output, status, "Downloading");
    const index = new Map(plan.files.map(({ path }, position) => [path, position]));
    view.begin("Downloading", plan.files.map(({ path, sizeBytes }) => ({ path, totalBytes: sizeBytes })));
    let before = 0;
    await files.get(source, plan.target, {
      onProgress({ path, doneBytes }) {
        view.add(index.get(path) ?? -1, doneBytes - before);
        before = doneBytes;
      },
      signal,
    });
    return {
      source,
      target,
      files: plan.files.length,
      totalBytes: plan.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      skipped: entries.filter(({ type }) => type === "symlink" || type === "other").length,
      milliseconds: performance.now() - startedAt,
    };
  },

  render({ source, target, files, totalBytes, skipped, milliseconds }, output) {
    const { green, yellow, dim } = output.noteColors;
    const what = files === 1 ? `file '${source}'` : `${files} files of '${source}'`;
    const where = target === "-" ? "standard output" : `'${target}'`;
    output.note(
      `${green("✓")} Downloaded ${what} to ${where} ${dim(`(${formatBytes(totalBytes)} in ${formatDuration(milliseconds)})`)}.`,
    );
    if (skipped > 0) output.note(`${yellow("Warning:")} ${skipped} links were left out.`);
  },
});

/** Where each file goes. `target.directory`: it exists and is one. */
export function planDownload(
  source: string,
  entries: Pick<VolumeEntry, "path" | "type" | "sizeBytes">[],
  target: { path: string; directory: boolean },
): { target: string; files: { path: string; local: string; sizeBytes: number }[] } {
  const root = posix.normalize(source).replaceAll(/^\/+|\/+$/g, "");
  const files = entries.filter(({ type }) => type === "file");
  const [only] = files;
  if (entries.length === 1 && only?.path === root) {
    const into = target.directory && !target.path.endsWith("/") ? `${target.path}/` : target.path;
    const local = into.endsWith("/") ? join(into, basename(only.path)) : into;
    return { target: into, files: [{ path: only.path, local, sizeBytes: only.sizeBytes }] };
  }
  return {
    target: target.path,
    files: files.map(({ path, sizeBytes }) => ({
      path,
      local: join(target.path, posix.relative(root === "." ? "" : root, path)),
      sizeBytes,
    })),
  };
}

async function localTarget(path: string): Promise<{ path: string; directory: boolean }> {
  return { path, directory: (await kindOf(path)) === "directory" };
}

async function refuseExisting(paths: string[]): Promise<void> {
  for (const path of paths) {
    if ((await kindOf(path)) === "missing") continue;
    throw new AppError("LOCAL_FILE_EXISTS", `"${path}" exists already.`, {
      status: "ALREADY_EXISTS",
      remedy: "Choose another local path, or add --force to overwrite it.",
    });
  }
}

async function kindOf(path: string): Promise<"directory" | "other" | "missing"> {
  try {
    return (await stat(path)).isDirectory() ? "directory" : "other";
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return "missing";
    throw error;
  }
}

async function writeToStdout(content: AsyncIterable<Uint8Array>, output: Output): Promise<number> {
  let bytes = 0;
  for await (const chunk of content) {
    await output.writeBytes(chunk);
    bytes += chunk.length;
  }
  return bytes;
}
