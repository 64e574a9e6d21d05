import { wallClockMs } from "@dorian/base/wall-clock";
import { defineCommand } from "../../command.ts";
import { formatAgo } from "../../output/duration.ts";
import { isoTime } from "../../output/iso-time.ts";
import { renderTable } from "../../output/table.ts";
import { ServerConnection } from "../../server-connection.ts";
import { connectionOptions } from "../../server-options.ts";

interface EnvironmentRow {
  name: string;
  environmentId: string;
  /** What the addresses of its web functions end with. */
  webSuffix: string;
  isDefault: boolean;
  /** Whether commands are about it that name none. */
  isCurrent: boolean;
  createdAt: number;
}

export const command = defineCommand<EnvironmentRow[]>({
  options: connectionOptions,
  json: (rows) => rows.map((row) => ({ ...row, createdAt: isoTime(row.createdAt) })),

  async run(_input, { config, signal }) {
    using server = new ServerConnection(config);
    const { items } = await server.modal.environmentList({}, { signal });
    return items.map((item) => ({
      name: item.name,
      environmentId: item.environmentId,
      webSuffix: item.webhookSuffix,
      isDefault: item.default,
      isCurrent: config.environment === undefined ? item.default : item.name === config.environment,
      createdAt: item.createdAt,
    }));
  },

  render(rows, output) {
    const nowMs = wallClockMs();
    output.print(
      renderTable<EnvironmentRow>(
        [
          { title: "Environment", value: (row) => row.name },
          { title: "Web suffix", value: (row) => row.webSuffix },
          { title: "Created", value: (row) => formatAgo(row.createdAt, nowMs) },
          {
            title: "Used",
            value: (row) =>
              [row.isDefault && "default", row.isCurrent && "by commands here"].filter(Boolean).join(", "),
          },
        ],
        rows,
        output.colors,
      ),
    );
  },
});
