import { wallClockMs } from "@dorian/base/wall-clock";
import { defineCommand } from "../../command.ts";
import { formatBytes } from "../../../format-bytes.ts";
import { formatAgo } from "../../output/duration.ts";
import { isoTime } from "../../output/iso-time.ts";
import { renderTable } from "../../output/table.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { requireVolume } from "../../lookup/require-volume.ts";

interface VersionRow {
  version: number;
  createdAt: number;
  /** The container that committed it, or "client". */
  author: string;
  bytes: number;
}

export const command = defineCommand<VersionRow[]>({
  arguments: [{ name: "volume", description: "Name of the volume" }],
  options: serverOptions,
  json: (versions) => versions.map((version) => ({ ...version, createdAt: isoTime(version.createdAt) })),

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const volumeId = await requireVolume(server, input.argument("volume"), { signal });
    const { items } = await server.operator.volumeVersions({ volumeId }, { signal });
    return items
      .map((item) => ({
        version: Number(item.version),
        createdAt: item.createdAt,
        author: item.author,
        bytes: Number(item.bytes),
      }))
      .toSorted((a, b) => b.version - a.version);
  },

  render(versions, output) {
    if (versions.length === 0) {
      output.note("Nothing has been committed to this volume.");
      return;
    }
    const nowMs = wallClockMs();
    output.print(
      renderTable<VersionRow>(
        [
          { title: "Version", value: (row) => String(row.version), align: "right" },
          { title: "Committed", value: (row) => formatAgo(row.createdAt, nowMs) },
          { title: "By", value: (row) => row.author },
          { title: "Adds", value: (row) => formatBytes(row.bytes), align: "right" },
        ],
        versions,
        output.colors,
      ),
    );
  },
});
