import { ObjectCreationType } from "@dorian/protocol/modal";
import { defineCommand } from "../../command.ts";
import { confirm } from "../../question/confirm.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";

export const command = defineCommand<{ deleted: boolean }>({
  arguments: [{ name: "secret", description: "Name of the secret" }],
  options: [...serverOptions, { name: "yes", short: "y", description: "Do not ask" }],

  async run(input, context) {
    const { config, signal } = context;
    const deploymentName = input.argument("secret");
    using server = new ServerConnection(config);
    const { secretId } = await server.modal.secretGetOrCreate(
      { deploymentName, objectCreationType: ObjectCreationType.UNSPECIFIED },
      { signal },
    );
    if (!input.flag("yes")) {
      const question = `Delete secret ${deploymentName}? Functions that use it can start no container any more. This cannot be undone.`;
      if (!(await confirm(question, context))) return { deleted: false };
    }
    await server.modal.secretDelete({ secretId }, { signal });
    return { deleted: true };
  },

  render({ deleted }, output, input) {
    const { green } = output.noteColors;
    output.note(
      deleted ? `${green("✓")} Deleted secret ${input.argument("secret")}.` : "Nothing was deleted.",
    );
  },
});
