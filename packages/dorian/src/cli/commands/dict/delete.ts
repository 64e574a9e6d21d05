import { defineCommand } from "../../command.ts";
import { confirm } from "../../question/confirm.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { requireDict } from "../../lookup/require-collection.ts";

export const command = defineCommand<{ deleted: boolean }>({
  arguments: [{ name: "dict", description: "Name of the dict" }],
  options: [...serverOptions, { name: "yes", short: "y", description: "Do not ask" }],

  async run(input, context) {
    const { config, signal } = context;
    const name = input.argument("dict");
    using server = new ServerConnection(config);
    const dictId = await requireDict(server, name, { signal });
    if (!input.flag("yes")) {
      const question = `Delete dict ${name} and all that is in it? This cannot be undone.`;
      if (!(await confirm(question, context))) return { deleted: false };
    }
    await server.modal.dictDelete({ dictId }, { signal });
    return { deleted: true };
  },

  render({ deleted }, output, input) {
    const { green } = output.noteColors;
    output.note(deleted ? `${green("✓")} Deleted dict ${input.argument("dict")}.` : "Nothing was deleted.");
  },
});
