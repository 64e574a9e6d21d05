import { defineCommand } from "../../command.ts";
import { UsageError } from "../../input.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { givenPartition, partitionOption } from "../../item/partition.ts";
import { requireQueue } from "../../lookup/require-collection.ts";

export const command = defineCommand<number>({
  arguments: [{ name: "queue", description: "Name of the queue" }],
  options: [...serverOptions, partitionOption, { name: "total", description: "Of all partitions together" }],
  json: (items) => ({ items }),

  async run(input, { config, signal }) {
    const total = input.flag("total");
    if (total && input.option("partition") !== undefined)
      throw new UsageError("--total counts all partitions, and --partition one.", "give one of them.");
    using server = new ServerConnection(config);
    const queueId = await requireQueue(server, input.argument("queue"), { signal });
    const request = { queueId, partitionKey: givenPartition(input), total };
    return (await server.modal.queueLen(request, { signal })).len;
  },

  render(items, output) {
    output.print(String(items));
  },
});
