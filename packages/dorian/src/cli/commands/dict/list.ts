import { wallClockMs } from "@dorian/base/wall-clock";
import { defineCommand } from "../../command.ts";
import { formatAgo } from "../../output/duration.ts";
import { isoTime } from "../../output/iso-time.ts";
import { renderTable } from "../../output/table.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { allPages } from "@dorian/sdk/named/all-pages";

interface DictRow {
  name: string;
  dictId: string;
  createdAt: number;
}

export const command = defineCommand<DictRow[]>({
  options: serverOptions,
  json: (rows) => rows.map((row) => ({ ...row, createdAt: isoTime(row.createdAt) })),

  async run(_input, { config, signal }) {
    using server = new ServerConnection(config);
    const dicts = await allPages(async (pagination) => {
      const page = await server.modal.dictList({ pagination }, { signal });
      return page.dicts;
    });
    return dicts.map(({ name, dictId, createdAt }) => ({ name, dictId, createdAt }));
  },

  render(rows, output) {
    if (rows.length === 0) {
      output.note("There are no dicts. Create one with `dorian dict create my-dict`.");
      return;
    }
    const nowMs = wallClockMs();
    output.print(
      renderTable<DictRow>(
        [
          { title: "Name", value: (row) => row.name },
          { title: "Dict", value: (row) => row.dictId },
          { title: "Created", value: (row) => formatAgo(row.createdAt, nowMs) },
        ],
        rows,
        output.colors,
      ),
    );
  },
});
