import { defineCommand } from "../../command.ts";
import { StatusLine } from "../../output/status-line.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { requireApp } from "../../lookup/require-app.ts";

interface Rollover {
  appId: string;
  version: number;
}

export const command = defineCommand<Rollover>({
  arguments: [{ name: "app", description: "Name or id of the app" }],
  options: serverOptions,
  notes: ["New containers run the same code. Those that run serve until new ones are ready; no call fails."],
  json: (rollover) => rollover,

  async run(input, { config, output, signal }) {
    using server = new ServerConnection(config);
    const appId = await requireApp(server, input.argument("app"), { signal });
    using status = await StatusLine.open(output);
    status.set(`Replacing the containers of ${input.argument("app")}`);
    await server.modal.appRollover({ appId }, { signal });
    const { lifecycle } = await server.modal.appGetLifecycle({ appId }, { signal });
    return { appId, version: lifecycle?.version ?? 0 };
  },

  render({ appId, version }, output, input) {
    const { green } = output.noteColors;
    output.note(
      `${green("✓")} App ${input.argument("app")} (${appId}) gets new containers, as version ${version}.`,
    );
  },
});
