import { ObjectCreationType } from "@dorian/protocol/modal";
import { defineCommand } from "../../command.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";

export const command = defineCommand<{ dictId: string; name: string }>({
  arguments: [{ name: "name", description: "Letters, digits, dashes, dots and underscores, at most 64" }],
  options: serverOptions,
  json: (dict) => dict,

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const name = input.argument("name");
    const { dictId } = await server.modal.dictGetOrCreate(
      { deploymentName: name, objectCreationType: ObjectCreationType.CREATE_FAIL_IF_EXISTS },
      { signal },
    );
    return { dictId, name };
  },

  render({ dictId, name }, output) {
    const { green, dim } = output.noteColors;
    output.note(`${green("✓")} Created dict ${name} (${dictId}). Use it in Python:`);
    output.note("");
    output.note(dim(`  dict = modal.Dict.from_name(${JSON.stringify(name)})`));
  },
});
