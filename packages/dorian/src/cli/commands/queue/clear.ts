import { defineCommand } from "../../command.ts";
import { confirm } from "../../question/confirm.ts";
import { UsageError } from "../../input.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { givenPartition, partitionOption } from "../../item/partition.ts";
import { requireQueue } from "../../lookup/require-collection.ts";

export const command = defineCommand<{ removed: number | undefined }>({
  arguments: [{ name: "queue", description: "Name of the queue" }],
  options: [
    ...serverOptions,
    partitionOption,
    { name: "all", short: "a", description: "Clear all partitions" },
    { name: "yes", short: "y", description: "Do not ask" },
  ],

  async run(input, context) {
    const { config, signal } = context;
    const name = input.argument("queue");
    const partition = input.option("partition");
    const allPartitions = input.flag("all");
    if (allPartitions && partition !== undefined)
      throw new UsageError("--all clears all partitions, and --partition one.", "give one of them.");
    const partitionKey = givenPartition(input);
    using server = new ServerConnection(config);
    const queueId = await requireQueue(server, name, { signal });
    const { len } = await server.modal.queueLen({ queueId, partitionKey, total: allPartitions }, { signal });
    if (!input.flag("yes")) {
      const where = allPartitions ? "" : ` from the partition ${partition ?? "without a key"}`;
      const question = `Remove all ${len} items of queue ${name}${where}? This cannot be undone.`;
      if (!(await confirm(question, context))) return { removed: undefined };
    }
    await server.modal.queueClear({ queueId, partitionKey, allPartitions }, { signal });
    return { removed: len };
  },

  render({ removed }, output, input) {
    const { green } = output.noteColors;
    const done = `${green("✓")} Removed ${removed} items from queue ${input.argument("queue")}.`;
    output.note(removed === undefined ? "Nothing was removed." : done);
  },
});
