import { AppStopSource } from "@dorian/protocol/modal";
import { defineCommand } from "../../command.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { StatusLine } from "../../output/status-line.ts";
import { requireApp } from "../../lookup/require-app.ts";

export const command = defineCommand<{ appId: string }>({
  arguments: [{ name: "app", description: "Name or id of the app" }],
  options: serverOptions,

  async run(input, { config, output, signal }) {
    using server = new ServerConnection(config);
    const appId = await requireApp(server, input.argument("app"), { signal });
    using status = await StatusLine.open(output);
    status.set(`Stopping ${input.argument("app")} and its containers`);
    await server.modal.appStop({ appId, source: AppStopSource.CLI }, { signal });
    return { appId };
  },

  render({ appId }, output, input) {
    const { green } = output.noteColors;
    output.note(`${green("✓")} Stopped app ${input.argument("app")} (${appId}).`);
  },
});
