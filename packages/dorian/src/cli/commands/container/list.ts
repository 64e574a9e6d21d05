import { wallClockMs } from "@dorian/base/wall-clock";
import { defineCommand } from "../../command.ts";
import { formatAgo } from "../../output/duration.ts";
import { isoTime } from "../../output/iso-time.ts";
import { renderTable } from "../../output/table.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { requireApp } from "../../lookup/require-app.ts";
import { taskStateText } from "../../state/task-state.ts";

interface ContainerRow {
  taskId: string;
  appId: string;
  app: string;
  function: string;
  state: string;
  /** Why it does not run yet; empty when it does. */
  pendingReason: string;
  worker: string;
  enqueuedAt: number;
  startedAt: number;
}

export const command = defineCommand<ContainerRow[]>({
  options: [
    ...serverOptions,
    { name: "app", value: "app", description: "Only those of this app (name or id)" },
  ],
  json: (rows) =>
    rows.map((row) => ({ ...row, enqueuedAt: isoTime(row.enqueuedAt), startedAt: isoTime(row.startedAt) })),

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const app = input.option("app");
    const appId = app === undefined ? "" : await requireApp(server, app, { signal });
    const { tasks } = await server.modal.taskList({ appId }, { signal });
    return tasks.map((task) => ({
      taskId: task.taskId,
      appId: task.appId,
      app: task.appDescription,
      function: task.functionTag,
      state: taskStateText(task.state),
      pendingReason: task.pendingReason,
      worker: task.workerName,
      enqueuedAt: task.enqueuedAt,
      startedAt: task.startedAt,
    }));
  },

  render(rows, output) {
    if (rows.length === 0) {
      output.note("No containers are running or waiting.");
      return;
    }
    const nowMs = wallClockMs();
    output.print(
      renderTable<ContainerRow>(
        [
          { title: "Container", value: (row) => row.taskId },
          { title: "App", value: (row) => row.app },
          { title: "Function", value: (row) => row.function },
          {
            title: "State",
            value: (row) => (row.pendingReason ? `${row.state}: ${row.pendingReason}` : row.state),
          },
          { title: "Worker", value: (row) => row.worker },
          { title: "Started", value: (row) => formatAgo(row.startedAt, nowMs) },
        ],
        rows,
        output.colors,
      ),
    );
  },
});
