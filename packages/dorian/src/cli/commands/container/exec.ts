import { Connection, createClient } from "@dorian/protocol/client/grpc-client";
import { OperatorService } from "@dorian/protocol/operator";
import { runRemotely } from "../../shell/remote-command.ts";
import { defineCommand } from "../../command.ts";
import { credentials } from "../../config/config.ts";
import { connectionOptions } from "../../server-options.ts";

export const command = defineCommand<number>({
  arguments: [
    { name: "container", description: "Id of the container (ta-…)" },
    {
      name: "command",
      description: "Program and its arguments; a shell when left out",
      optional: true,
      variadic: true,
    },
  ],
  options: [
    ...connectionOptions,
    { name: "no-terminal", description: "Connect pipes even when this is a terminal" },
  ],
  notes: ["Put -- before a command that has options of its own:", "  dorian container exec ta-… -- ls -l /"],

  async run(input, { config, output, signal, stdin }) {
    const { url, tokenId, tokenSecret, trust } = credentials(config);
    using connection = new Connection({
      url,
      authority: trust?.authority,
      metadata: { "x-modal-token-id": tokenId, "x-modal-token-secret": tokenSecret },
    });
    const operator = createClient(OperatorService, connection);
    const given = input.variadic("command");
    const terminal = stdin.isTTY && output.stdoutIsTerminal && !input.flag("no-terminal");
    const command = given.length === 0 ? ["/bin/sh", ...(terminal ? ["-i"] : [])] : given;
    const taskId = input.argument("container");
    return await runRemotely(operator, { taskId, command, terminal }, { output, signal, stdin });
  },

  render() {},
  // The program's own exit code, as ssh and docker exec pass it on.
  exitCode: (code) => code,
});
