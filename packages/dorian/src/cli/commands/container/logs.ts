import { defineCommand } from "../../command.ts";
import { printLogBatch } from "../../output/log-batch.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { readAppLog } from "../../target/app-log.ts";

export const command = defineCommand<void>({
  arguments: [{ name: "container", description: "Id of the container (ta-…)" }],
  options: [
    ...serverOptions,
    { name: "follow", short: "f", description: "Keep showing what is written, until the container is done" },
  ],

  async run(input, { config, output, signal }) {
    using server = new ServerConnection(config);
    const taskId = input.argument("container");
    const { appId } = await server.modal.taskGetInfo({ taskId }, { signal });
    const batches = readAppLog(server.modal, { appId, taskId, follow: input.flag("follow") }, { signal });
    for await (const batch of batches) printLogBatch(batch, output);
  },

  render() {},
});
