import { defineCommand } from "../../command.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { givenItem, givenKey, keyOption, textOption } from "../../item/given-item.ts";
import { requireDict } from "../../lookup/require-collection.ts";

export const command = defineCommand<void>({
  arguments: [
    { name: "dict", description: "Name of the dict" },
    { name: "key", description: "Under which the value is found" },
    { name: "value", description: "JSON, or else text; - reads standard input" },
  ],
  options: [...serverOptions, keyOption, textOption],
  notes: [
    "  dorian dict put settings color blue",
    "  dorian dict put settings sizes '[1, 2, 3]'",
    "  dorian dict put settings motto - < motto.txt",
    "Python finds the value by dict[key], and gets a str, int, float, bool, None, list or dict.",
  ],

  async run(input, context) {
    const { config, signal } = context;
    const key = givenKey(input);
    const value = await givenItem(input.argument("value"), input, context);
    using server = new ServerConnection(config);
    const dictId = await requireDict(server, input.argument("dict"), { signal });
    await server.modal.dictUpdate({ dictId, updates: [{ key, value }] }, { signal });
  },

  render(_result, output, input) {
    const { green } = output.noteColors;
    output.note(`${green("✓")} Put ${input.argument("key")} into dict ${input.argument("dict")}.`);
  },
});
