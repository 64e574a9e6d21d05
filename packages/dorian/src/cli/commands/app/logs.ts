import { defineCommand } from "../../command.ts";
import { LogView } from "../../log/log-view.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { readAppLog } from "@dorian/sdk/log/app-log";
import { logOptions, logQuery } from "../../log/log-options.ts";
import { requireApp } from "../../lookup/require-app.ts";
import { requireFunction } from "../../lookup/require-function.ts";

export const command = defineCommand<void>({
  arguments: [{ name: "app", description: "Name or id of the app" }],
  options: [
    ...serverOptions,
    {
      name: "follow",
      short: "f",
      description: "Keep showing what is written, until the app or call is done",
    },
    ...logOptions,
    { name: "function", value: "name", description: "What containers of this function or class wrote" },
    { name: "container", value: "id", description: "What this container wrote (ta-…)" },
  ],

  async run(input, { config, output, signal }) {
    const { filter, format, ...rest } = logQuery(input);
    using server = new ServerConnection(config);
    const appId = await requireApp(server, input.argument("app"), { signal, stopped: true });
    const name = input.option("function");
    const functionId = name === undefined ? "" : await requireFunction(server, appId, name, { signal });
    const taskId = input.option("container") ?? "";
    const request = { appId, filter: { ...filter, functionId, taskId }, ...rest };
    const view = new LogView(output, format);
    for await (const batch of readAppLog(server.modal, request, { signal })) view.show(batch);
  },

  render() {},
});
