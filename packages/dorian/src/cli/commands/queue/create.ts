import { ObjectCreationType } from "@dorian/protocol/modal";
import { defineCommand } from "../../command.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";

export const command = defineCommand<{ queueId: string; name: string }>({
  arguments: [{ name: "name", description: "Letters, digits, dashes, dots and underscores, at most 64" }],
  options: serverOptions,
  json: (queue) => queue,

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const name = input.argument("name");
    const { queueId } = await server.modal.queueGetOrCreate(
      { deploymentName: name, objectCreationType: ObjectCreationType.CREATE_FAIL_IF_EXISTS },
      { signal },
    );
    return { queueId, name };
  },

  render({ queueId, name }, output) {
    const { green, dim } = output.noteColors;
    output.note(`${green("✓")} Created queue ${name} (${queueId}). Use it in Python:`);
    output.note("");
    output.note(dim(`  queue = modal.Queue.from_name(${JSON.stringify(name)})`));
  },
});
