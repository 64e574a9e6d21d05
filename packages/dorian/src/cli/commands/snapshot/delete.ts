import { defineCommand } from "../../command.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";

export const command = defineCommand<{ snapshotId: string }>({
  arguments: [{ name: "snapshot", description: "Id of the snapshot (ly-…)" }],
  options: serverOptions,
  json: (deleted) => deleted,
  notes: ["The next container of its function starts as ever, and another one is taken."],

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const snapshotId = input.argument("snapshot");
    await server.operator.snapshotDelete({ snapshotId }, { signal });
    return { snapshotId };
  },

  render({ snapshotId }, output) {
    const { green } = output.noteColors;
    output.note(`${green("✓")} Deleted the memory snapshot ${snapshotId}.`);
  },
});
