import { defineCommand } from "../../command.ts";
import { printLogBatch } from "../../output/log-batch.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { readAppLog } from "../../target/app-log.ts";
import { requireApp } from "../../target/require-app.ts";

export const command = defineCommand<void>({
  arguments: [{ name: "app", description: "Name or id of the app" }],
  options: [
    ...serverOptions,
    { name: "follow", short: "f", description: "Keep showing what is written, until the app is done" },
  ],

  async run(input, { config, output, signal }) {
    using server = new ServerConnection(config);
    const appId = await requireApp(server, input.argument("app"), { signal });
    const batches = readAppLog(server.modal, { appId, follow: input.flag("follow") }, { signal });
    for await (const batch of batches) printLogBatch(batch, output);
  },

  render() {},
});
