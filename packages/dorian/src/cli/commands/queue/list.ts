import { wallClockMs } from "@dorian/base/wall-clock";
import { defineCommand } from "../../command.ts";
import { formatAgo } from "../../output/duration.ts";
import { isoTime } from "../../output/iso-time.ts";
import { renderTable } from "../../output/table.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { allPages } from "@dorian/sdk/named/all-pages";

interface QueueRow {
  name: string;
  queueId: string;
  partitions: number;
  items: number;
  createdAt: number;
}

export const command = defineCommand<QueueRow[]>({
  options: serverOptions,
  json: (rows) => rows.map((row) => ({ ...row, createdAt: isoTime(row.createdAt) })),

  async run(_input, { config, signal }) {
    using server = new ServerConnection(config);
    const queues = await allPages(async (pagination) => {
      const page = await server.modal.queueList({ pagination }, { signal });
      return page.queues;
    });
    return queues.map((queue) => ({
      name: queue.name,
      queueId: queue.queueId,
      partitions: queue.numPartitions,
      items: queue.totalSize,
      createdAt: queue.createdAt,
    }));
  },

  render(rows, output) {
    if (rows.length === 0) {
      output.note("There are no queues. Create one with `dorian queue create my-queue`.");
      return;
    }
    const nowMs = wallClockMs();
    output.print(
      renderTable<QueueRow>(
        [
          { title: "Name", value: (row) => row.name },
          { title: "Queue", value: (row) => row.queueId },
          { title: "Partitions", value: (row) => String(row.partitions), align: "right" },
          { title: "Items", value: (row) => String(row.items), align: "right" },
          { title: "Created", value: (row) => formatAgo(row.createdAt, nowMs) },
        ],
        rows,
        output.colors,
      ),
    );
  },
});
