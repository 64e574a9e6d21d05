import { defineCommand } from "../../command.ts";
import { ServerConnection } from "../../server-connection.ts";
import { connectionOptions } from "../../server-options.ts";

export const command = defineCommand<{ name: string }>({
  arguments: [{ name: "name", description: "Letters, digits, dashes, dots and underscores, at most 64" }],
  options: connectionOptions,
  notes: [
    "Apps, volumes, secrets, dicts and queues of one environment know nothing of another's:",
    "  dorian environment create staging",
    "  dorian deploy app.ts --environment staging",
  ],
  json: (environment) => environment,

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const name = input.argument("name");
    await server.modal.environmentCreate({ name }, { signal });
    return { name };
  },

  render({ name }, output) {
    const { green } = output.noteColors;
    output.note(
      `${green("✓")} Created environment ${name}. Use it with --environment ${name} or MODAL_ENVIRONMENT=${name}.`,
    );
  },
});
