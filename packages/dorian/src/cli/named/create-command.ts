import { ObjectCreationType } from "@dorian/protocol/modal";
import { type AnyCommand, defineCommand } from "../command.ts";
import { ServerConnection } from "../server-connection.ts";
import { serverOptions } from "../server-options.ts";

export interface CreatedKind {
  /** What it is called. */
  noun: string;
  /** Makes it, and gives its id. */
  make: (
    server: ServerConnection,
    request: { deploymentName: string; objectCreationType: ObjectCreationType },
    options: { signal: AbortSignal },
  ) => Promise<string>;
  /** Where it is used, and how: lines of code. */
  use: { where: string; lines: (name: string) => string[] };
}

/** Makes what has a name, and fails where there is one. */
export function createCommand({ noun, make, use }: CreatedKind): AnyCommand {
  return defineCommand<{ id: string; name: string }>({
    arguments: [{ name: "name", description: "Letters, digits, dashes, dots and underscores, at most 64" }],
    options: serverOptions,
    json: ({ id, name }) => ({ [`${noun}Id`]: id, name }),

    async run(input, { config, signal }) {
      using server = new ServerConnection(config);
      const name = input.argument("name");
      const request = {
        deploymentName: name,
        objectCreationType: ObjectCreationType.CREATE_FAIL_IF_EXISTS,
      };
      return { id: await make(server, request, { signal }), name };
    },

    render({ id, name }, output) {
      const { green, dim } = output.noteColors;
      output.note(`${green("✓")} Created ${noun} ${name} (${id}). Use it in ${use.where}:`);
      output.note("");
      for (const line of use.lines(name)) output.note(dim(`  ${line}`));
    },
  });
}
