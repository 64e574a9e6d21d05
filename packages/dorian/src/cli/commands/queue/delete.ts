import { defineCommand } from "../../command.ts";
import { confirm } from "../../question/confirm.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { requireQueue } from "../../lookup/require-collection.ts";

export const command = defineCommand<{ deleted: boolean }>({
  arguments: [{ name: "queue", description: "Name of the queue" }],
  options: [...serverOptions, { name: "yes", short: "y", description: "Do not ask" }],

  async run(input, context) {
    const { config, signal } = context;
    const name = input.argument("queue");
    using server = new ServerConnection(config);
    const queueId = await requireQueue(server, name, { signal });
    if (!input.flag("yes")) {
      const question = `Delete queue ${name} and all that is in it? This cannot be undone.`;
      if (!(await confirm(question, context))) return { deleted: false };
    }
    await server.modal.queueDelete({ queueId }, { signal });
    return { deleted: true };
  },

  render({ deleted }, output, input) {
    const { green } = output.noteColors;
    output.note(deleted ? `${green("✓")} Deleted queue ${input.argument("queue")}.` : "Nothing was deleted.");
  },
});
