import { defineCommand } from "../../command.ts";
import { UsageError } from "../../input.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { givenItem, textOption } from "../../item/given-item.ts";
import { givenPartition, partitionOption } from "../../item/partition.ts";
import { requireQueue } from "../../lookup/require-collection.ts";

export const command = defineCommand<{ items: number }>({
  arguments: [
    { name: "queue", description: "Name of the queue" },
    { name: "values", description: "JSON, or else text; - reads standard input", variadic: true },
  ],
  options: [
    ...serverOptions,
    partitionOption,
    textOption,
    {
      name: "ttl",
      value: "time",
      description: "How long the partition keeps its items, such as 12h; else 24h",
    },
  ],
  notes: ['  dorian queue put jobs \'{"url": "https://example.com"}\'', "All items go in at once, or none."],

  async run(input, context) {
    const { config, signal } = context;
    const given = input.variadic("values");
    if (given.filter((text) => text === "-").length > 1)
      throw new UsageError("Standard input can be one item only.", "give one dash.");
    const values: Uint8Array[] = [];
    for (const text of given) values.push(await givenItem(text, input, context));
    using server = new ServerConnection(config);
    const queueId = await requireQueue(server, input.argument("queue"), { signal });
    await server.modal.queuePut(
      {
        queueId,
        values,
        partitionKey: givenPartition(input),
        partitionTtlSeconds: input.lengthOfTime("ttl") ?? 0,
      },
      { signal },
    );
    return { items: values.length };
  },

  render({ items }, output, input) {
    const { green } = output.noteColors;
    output.note(
      `${green("✓")} Put ${items} ${items === 1 ? "item" : "items"} into queue ${input.argument("queue")}.`,
    );
  },
});
