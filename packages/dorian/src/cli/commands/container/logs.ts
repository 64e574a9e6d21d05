import { defineCommand } from "../../command.ts";
import { LogView } from "../../log/log-view.ts";
import { ServerConnection } from "../../server-connection.ts";
import { connectionOptions } from "../../server-options.ts";
import { readAppLog } from "@dorian/sdk/log/app-log";
import { logOptions, logQuery } from "../../log/log-options.ts";

export const command = defineCommand<void>({
  arguments: [{ name: "container", description: "Id of the container (ta-…)" }],
  options: [
    ...connectionOptions,
    { name: "follow", short: "f", description: "Keep showing what is written, until the container is done" },
    ...logOptions,
  ],

  async run(input, { config, output, signal }) {
    const { filter, format, ...rest } = logQuery(input);
    using server = new ServerConnection(config);
    const taskId = input.argument("container");
    const { appId } = await server.modal.taskGetInfo({ taskId }, { signal });
    const request = { appId, filter: { ...filter, taskId }, ...rest };
    const view = new LogView(output, format);
    for await (const batch of readAppLog(server.modal, request, { signal })) view.show(batch);
  },

  render() {},
});
