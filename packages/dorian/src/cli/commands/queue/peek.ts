import { defineCommand } from "../../command.ts";
import { visibleText } from "../../output/visible-text.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { givenPartition, partitionOption } from "../../item/partition.ts";
import { requireQueue } from "../../lookup/require-collection.ts";
import { storedJson, storedText, storedValue, type StoredValue } from "../../item/stored-value.ts";

const usualItems = 10;

export const command = defineCommand<StoredValue[]>({
  arguments: [
    { name: "queue", description: "Name of the queue" },
    { name: "items", description: "How many; else 10", optional: true },
  ],
  options: [...serverOptions, partitionOption],
  notes: ["The items that come next, a line each. They stay in the queue. JSON has them whole."],
  json: (items) => items.map(storedJson),

  async run(input, { config, signal }) {
    const most = input.wholeArgument("items", 1) ?? usualItems;
    using server = new ServerConnection(config);
    const queueId = await requireQueue(server, input.argument("queue"), { signal });
    const partitionKey = givenPartition(input);
    const found: StoredValue[] = [];
    for (let lastEntryId = ""; found.length < most;) {
      const { items } = await server.modal.queueNextItems({ queueId, partitionKey, lastEntryId }, { signal });
      found.push(...items.slice(0, most - found.length).map(({ value }) => storedValue(value)));
      lastEntryId = items.at(-1)?.entryId ?? "";
      if (items.length === 0) break;
    }
    return found;
  },

  render(items, output) {
    if (items.length === 0) output.note("The partition is empty.");
    for (const item of items) output.print(visibleText(storedText(item, Math.max(output.columns - 20, 40))));
  },
});
