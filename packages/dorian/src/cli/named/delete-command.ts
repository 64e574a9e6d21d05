import { type AnyCommand, defineCommand } from "../command.ts";
import { confirm } from "../question/confirm.ts";
import { ServerConnection } from "../server-connection.ts";
import { serverOptions } from "../server-options.ts";

export interface DeletedKind {
  /** What it is called. */
  noun: string;
  /** The rest of the question behind its name, which says what goes with it: " and all that is in it?" */
  loss: string;
  /** Its id. @throws AppError for a name that nothing has */
  find: (server: ServerConnection, name: string, options: { signal: AbortSignal }) => Promise<string>;
  remove: (server: ServerConnection, id: string, options: { signal: AbortSignal }) => Promise<unknown>;
}

/** Deletes what has a name, and asks before. */
export function deleteCommand({ noun, loss, find, remove }: DeletedKind): AnyCommand {
  return defineCommand<{ deleted: boolean }>({
    arguments: [{ name: noun, description: `Name of the ${noun}` }],
    options: [...serverOptions, { name: "yes", short: "y", description: "Do not ask" }],

    async run(input, context) {
      const { config, signal } = context;
      const name = input.argument(noun);
      using server = new ServerConnection(config);
      const id = await find(server, name, { signal });
      if (!input.flag("yes")) {
        const question = `Delete ${noun} ${name}${loss} This cannot be undone.`;
        if (!(await confirm(question, context))) return { deleted: false };
      }
      await remove(server, id, { signal });
      return { deleted: true };
    },

    render({ deleted }, output, input) {
      const { green } = output.noteColors;
      output.note(
        deleted ? `${green("✓")} Deleted ${noun} ${input.argument(noun)}.` : "Nothing was deleted.",
      );
    },
  });
}
