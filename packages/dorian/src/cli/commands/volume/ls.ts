import { wallClockMs } from "@dorian/base/wall-clock";
import { FileEntry_FileType as FileType } from "@dorian/protocol/modal";
import { defineCommand } from "../../command.ts";
import { formatBytes } from "../../../format-bytes.ts";
import { visibleText } from "../../output/visible-text.ts";
import { formatAgo } from "../../output/duration.ts";
import { isoTime } from "../../output/iso-time.ts";
import { renderTable } from "../../output/table.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { requireVolume } from "../../lookup/require-volume.ts";

interface FileRow {
  path: string;
  type: string;
  size: number;
  modifiedAt: number;
}

const typeTexts: Record<FileType, string> = {
  [FileType.UNSPECIFIED]: "unknown",
  [FileType.FILE]: "file",
  [FileType.DIRECTORY]: "directory",
  [FileType.SYMLINK]: "symlink",
  [FileType.FIFO]: "fifo",
  [FileType.SOCKET]: "socket",
};

export const command = defineCommand<FileRow[]>({
  arguments: [
    { name: "volume", description: "Name of the volume" },
    { name: "path", description: "File or directory in it; its root when left out", optional: true },
  ],
  options: [...serverOptions, { name: "recursive", short: "r", description: "Go into directories, too" }],
  json: (files) => files.map((file) => ({ ...file, modifiedAt: isoTime(file.modifiedAt) })),

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const volumeId = await requireVolume(server, input.argument("volume"), { signal });
    const path = input.optionalArgument("path") ?? "/";
    const files: FileRow[] = [];
    const batches = server.modal.volumeListFiles2(
      { volumeId, path, recursive: input.flag("recursive") },
      { signal },
    );
    for await (const { entries } of batches) {
      for (const entry of entries) {
        files.push({
          path: entry.path,
          type: typeTexts[entry.type] ?? "unknown",
          size: Number(entry.size),
          modifiedAt: Number(entry.mtime),
        });
      }
    }
    return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  },

  render(files, output) {
    if (files.length === 0) {
      output.note("Nothing is there.");
      return;
    }
    const nowMs = wallClockMs();
    output.print(
      renderTable<FileRow>(
        [
          {
            title: "Path",
            value: (file) => visibleText(file.type === "directory" ? `${file.path}/` : file.path),
          },
          { title: "Type", value: (file) => file.type },
          {
            title: "Size",
            value: (file) => (file.type === "file" ? formatBytes(file.size) : ""),
            align: "right",
          },
          { title: "Modified", value: (file) => formatAgo(file.modifiedAt, nowMs) },
        ],
        files,
        output.colors,
      ),
    );
  },
});
