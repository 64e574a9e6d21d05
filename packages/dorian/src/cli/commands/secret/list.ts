import { wallClockMs } from "@dorian/base/wall-clock";
import { defineCommand } from "../../command.ts";
import { formatAgo } from "../../output/duration.ts";
import { isoTime } from "../../output/iso-time.ts";
import { renderTable } from "../../output/table.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { allPages } from "@dorian/sdk/named/all-pages";

interface SecretRow {
  name: string;
  secretId: string;
  keys: string[];
  createdAt: number;
  lastUsedAt: number;
}

export const command = defineCommand<SecretRow[]>({
  options: serverOptions,
  notes: ["A secret is used when a container or a build is given it. Its values cannot be read."],
  json: (rows) =>
    rows.map((row) => ({ ...row, createdAt: isoTime(row.createdAt), lastUsedAt: isoTime(row.lastUsedAt) })),

  async run(_input, { config, signal }) {
    using server = new ServerConnection(config);
    const items = await allPages(async (pagination) => {
      const page = await server.modal.secretList({ pagination }, { signal });
      return page.items;
    });
    return items.map((item) => ({
      name: item.label,
      secretId: item.secretId,
      keys: item.metadata?.keys ?? [],
      createdAt: item.createdAt,
      lastUsedAt: item.lastUsedAt,
    }));
  },

  render(rows, output) {
    if (rows.length === 0) {
      output.note("There are no secrets. Create one with `dorian secret create my-secret KEY`.");
      return;
    }
    const nowMs = wallClockMs();
    output.print(
      renderTable<SecretRow>(
        [
          { title: "Name", value: (row) => row.name },
          { title: "Keys", value: (row) => row.keys.join(", ") },
          { title: "Created", value: (row) => formatAgo(row.createdAt, nowMs) },
          { title: "Used", value: (row) => formatAgo(row.lastUsedAt, nowMs) },
        ],
        rows,
        output.colors,
      ),
    );
  },
});
