import { defineCommand } from "../../command.ts";
import { renderTable } from "../../output/table.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { requireDict } from "../../lookup/require-collection.ts";
import { storedJson, storedText, storedValue, type StoredValue } from "../../item/stored-value.ts";

interface Items {
  items: { key: StoredValue; value: StoredValue }[];
  /** There are others that were not asked for. */
  hasMore: boolean;
}

const usualLimit = 20;
const keyColumns = 40;
const valueColumns = 80;

export const command = defineCommand<Items>({
  arguments: [{ name: "dict", description: "Name of the dict" }],
  options: [
    ...serverOptions,
    { name: "limit", value: "entries", description: "Show so many; else 20" },
    { name: "all", short: "a", description: "Show all" },
  ],
  notes: ["What only Python can read is shown as what it is. JSON has values whole."],
  json: ({ items }) => items.map(({ key, value }) => ({ key: storedJson(key), value: storedJson(value) })),

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const limit = input.flag("all") ? Infinity : (input.wholeNumber("limit", 1) ?? usualLimit);
    const dictId = await requireDict(server, input.argument("dict"), { signal });
    const items: Items["items"] = [];
    for await (const entry of server.modal.dictContents({ dictId, keys: true, values: true }, { signal })) {
      if (items.length >= limit) return { items, hasMore: true };
      items.push({ key: storedValue(entry.key), value: storedValue(entry.value) });
    }
    return { items, hasMore: false };
  },

  render({ items, hasMore }, output, input) {
    const name = input.argument("dict");
    if (items.length === 0) {
      output.note(`Dict ${name} is empty. Put something into it with \`dorian dict put ${name} key value\`.`);
      return;
    }
    output.print(
      renderTable<Items["items"][number]>(
        [
          { title: "Key", value: ({ key }) => storedText(key, keyColumns) },
          { title: "Value", value: ({ value }) => storedText(value, valueColumns) },
        ],
        items,
        output.colors,
      ),
    );
    if (hasMore) output.note("There are more: see --limit and --all.");
  },
});
