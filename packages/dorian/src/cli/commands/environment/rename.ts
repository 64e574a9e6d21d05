import { defineCommand } from "../../command.ts";
import { ServerConnection } from "../../server-connection.ts";
import { connectionOptions } from "../../server-options.ts";

export const command = defineCommand<void>({
  arguments: [
    { name: "environment", description: "Name of the environment" },
    { name: "new-name", description: "Name that it gets" },
  ],
  options: connectionOptions,
  notes: ["What is in it stays in it, and apps go on. Settings that name it have to be changed."],

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const currentName = input.argument("environment");
    await server.modal.environmentUpdate({ currentName, name: input.argument("new-name") }, { signal });
  },

  render(_result, output, input) {
    const { green } = output.noteColors;
    output.note(
      `${green("✓")} Renamed environment ${input.argument("environment")} to ${input.argument("new-name")}.`,
    );
  },
});
