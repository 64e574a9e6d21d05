import { defineCommand } from "../../command.ts";
import { ServerConnection } from "../../server-connection.ts";
import { connectionOptions } from "../../server-options.ts";

export const command = defineCommand<{ taskId: string; alreadyStopped: boolean }>({
  arguments: [{ name: "container", description: "Id of the container (ta-…)" }],
  options: [
    ...connectionOptions,
    { name: "kill", description: "Kill it instead of letting its exit hooks run" },
  ],

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const taskId = input.argument("container");
    const { info } = await server.modal.taskGetInfo({ taskId }, { signal });
    if (info && info.finishedAt !== 0) return { taskId, alreadyStopped: true };
    await server.modal.containerStop({ taskId, kill: input.flag("kill") }, { signal });
    return { taskId, alreadyStopped: false };
  },

  render({ taskId, alreadyStopped }, output) {
    const { green } = output.noteColors;
    output.note(`${green("✓")} ${alreadyStopped ? "Already stopped" : "Stopping"} container ${taskId}.`);
  },
});
