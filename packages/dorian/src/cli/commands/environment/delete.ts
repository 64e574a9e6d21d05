import { defineCommand } from "../../command.ts";
import { confirm } from "../../question/confirm.ts";
import { ServerConnection } from "../../server-connection.ts";
import { connectionOptions } from "../../server-options.ts";
import { contentsText, environmentContents } from "../../lookup/environment-contents.ts";

export const command = defineCommand<{ deleted: boolean; contents: string }>({
  arguments: [{ name: "environment", description: "Name of the environment" }],
  options: [...connectionOptions, { name: "yes", short: "y", description: "Do not ask" }],
  notes: ["Its apps are stopped; its volumes, secrets, dicts and queues are deleted. The default one stays."],

  async run(input, context) {
    const { config, signal } = context;
    const name = input.argument("environment");
    using server = new ServerConnection(config);
    const contents = contentsText(await environmentContents(server, name, { signal }));
    if (!input.flag("yes")) {
      const what = contents === "" ? "It is empty." : `It takes with it ${contents}.`;
      const question = `Delete environment ${name}? ${what} This cannot be undone.`;
      if (!(await confirm(question, context))) return { deleted: false, contents };
    }
    await server.modal.environmentDelete({ name }, { signal });
    return { deleted: true, contents };
  },

  render({ deleted, contents }, output, input) {
    const { green } = output.noteColors;
    const name = input.argument("environment");
    const rest = contents === "" ? "" : ` and with it ${contents}`;
    output.note(deleted ? `${green("✓")} Deleted environment ${name}${rest}.` : "Nothing was deleted.");
  },
});
