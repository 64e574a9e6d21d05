import { defineCommand } from "../../command.ts";
import { ServerConnection } from "../../server-connection.ts";
import { connectionOptions } from "../../server-options.ts";

export const command = defineCommand<{ name: string }>({
  arguments: [{ name: "code", description: "What `modal token new` shows" }],
  options: [
    ...connectionOptions,
    { name: "name", value: "name", description: "Name of the new token; else one after the client" },
  ],
  notes: [
    "Lets a client in that waits in `modal token new`. Approve only a code that you see there yourself.",
  ],

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const request = { code: input.argument("code"), name: input.option("name") ?? "" };
    const { token } = await server.operator.tokenApprove(request, { signal });
    return { name: token?.name ?? "" };
  },

  render({ name }, output) {
    const { green } = output.noteColors;
    output.note(
      `${green("✓")} The client has its token, ${name}. Take it back with \`dorian token revoke ${name}\`.`,
    );
  },
});
