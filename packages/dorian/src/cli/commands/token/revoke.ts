import { defineCommand } from "../../command.ts";
import { ServerConnection } from "../../server-connection.ts";
import { connectionOptions } from "../../server-options.ts";

export const command = defineCommand<{ name: string; made: string[]; keepMade: boolean }>({
  arguments: [{ name: "token", description: "Name or id (ak-…) of the token" }],
  options: [
    ...connectionOptions,
    { name: "keep-made", description: "Keep the tokens that were made with it" },
  ],
  notes: [
    "What goes on with the token ends: calls, log streams, commands in containers, transfers of files,",
    "and the tokens and proxy tokens that were made with it.",
  ],

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const keepMade = input.flag("keep-made");
    const request = { token: input.argument("token"), keepMade };
    const { token, made } = await server.operator.tokenRevoke(request, { signal });
    return { name: token?.name ?? "", made: made.map(({ name }) => name), keepMade };
  },

  render({ name, made, keepMade }, output) {
    const { green } = output.noteColors;
    output.note(`${green("✓")} Revoked the token ${name}: nobody gets in with it any more.`);
    if (made.length === 0) return;
    output.note(
      keepMade
        ? `Made with it, and still good: ${made.join(", ")}. Revoke them too if they are not wanted.`
        : `Revoked those made with it as well: ${made.join(", ")}.`,
    );
  },
});
