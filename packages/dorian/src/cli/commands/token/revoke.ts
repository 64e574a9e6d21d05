import { defineCommand } from "../../command.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";

export const command = defineCommand<{ name: string }>({
  arguments: [{ name: "token", description: "Name or id (ak-…) of the token" }],
  options: serverOptions,

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const { token } = await server.operator.tokenRevoke({ token: input.argument("token") }, { signal });
    return { name: token?.name ?? "" };
  },

  render({ name }, output) {
    const { green } = output.noteColors;
    output.note(`${green("✓")} Revoked the token ${name}: nobody gets in with it any more.`);
  },
});
