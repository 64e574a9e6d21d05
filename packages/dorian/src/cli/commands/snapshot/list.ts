import { wallClockMs } from "@dorian/base/wall-clock";
import { defineCommand } from "../../command.ts";
import { formatBytes } from "../../../format-bytes.ts";
import { formatAgo, formatDuration } from "../../output/duration.ts";
import { isoTime } from "../../output/iso-time.ts";
import { renderTable } from "../../output/table.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";

interface SnapshotRow {
  snapshotId: string;
  appId: string;
  /** Name of the function or class. */
  function: string;
  bytes: number;
  /** Milliseconds that its container stood still for it. */
  tookMs: number;
  createdAt: number;
  /** Containers that could not be brought back from it. */
  failures: number;
}

export const command = defineCommand<SnapshotRow[]>({
  options: serverOptions,
  json: (rows) => rows.map((row) => ({ ...row, createdAt: isoTime(row.createdAt) })),

  async run(_input, { config, signal }) {
    using server = new ServerConnection(config);
    const { snapshots } = await server.operator.snapshotList({}, { signal });
    return snapshots.map(({ snapshotId, appId, tag, bytes, tookMs, createdAt, failures }) => ({
      snapshotId,
      appId,
      function: tag,
      bytes: Number(bytes),
      tookMs,
      createdAt,
      failures,
    }));
  },

  render(rows, output) {
    if (rows.length === 0) {
      output.note("There are no memory snapshots. Deployed classes with enableMemorySnapshot have them.");
      return;
    }
    const nowMs = wallClockMs();
    output.print(
      renderTable<SnapshotRow>(
        [
          { title: "Snapshot", value: (row) => row.snapshotId },
          { title: "App", value: (row) => row.appId },
          { title: "Function", value: (row) => row.function },
          { title: "Size", value: (row) => formatBytes(row.bytes), align: "right" },
          { title: "Taken in", value: (row) => formatDuration(row.tookMs), align: "right" },
          { title: "Failed", value: (row) => String(row.failures), align: "right" },
          { title: "Created", value: (row) => formatAgo(row.createdAt, nowMs) },
        ],
        rows,
        output.colors,
      ),
    );
  },
});
