import { defineCommand } from "../../command.ts";
import { confirm } from "../../question/confirm.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { requireDict } from "../../lookup/require-collection.ts";

export const command = defineCommand<{ removed: number | undefined }>({
  arguments: [{ name: "dict", description: "Name of the dict" }],
  options: [...serverOptions, { name: "yes", short: "y", description: "Do not ask" }],

  async run(input, context) {
    const { config, signal } = context;
    const name = input.argument("dict");
    using server = new ServerConnection(config);
    const dictId = await requireDict(server, name, { signal });
    const { len } = await server.modal.dictLen({ dictId }, { signal });
    if (!input.flag("yes")) {
      const question = `Remove all ${len} entries of dict ${name}? This cannot be undone.`;
      if (!(await confirm(question, context))) return { removed: undefined };
    }
    await server.modal.dictClear({ dictId }, { signal });
    return { removed: len };
  },

  render({ removed }, output, input) {
    const { green } = output.noteColors;
    const done = `${green("✓")} Dict ${input.argument("dict")} is empty; it had ${removed} entries.`;
    output.note(removed === undefined ? "Nothing was removed." : done);
  },
});
