import { AsyncQueue } from "@dorian/base/async-queue";
import { Connection, createClient } from "@dorian/protocol/client/grpc-client";
import { type ContainerExecRequest, OperatorService } from "@dorian/protocol/operator";
import { defineCommand } from "../../command.ts";
import { credentials } from "../../config.ts";
import { connectionOptions } from "../../server-options.ts";

type ExecMessage = Partial<Omit<ContainerExecRequest, "$typeName" | "$unknown">>;

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
    const requests = new AsyncQueue<ExecMessage>();
    requests.push({
      taskId: input.argument("container"),
      command: given.length === 0 ? ["/bin/sh", ...(terminal ? ["-i"] : [])] : given,
      terminal,
      ...(terminal ? terminalSize() : {}),
    });
    using _input = connectInput(stdin, requests, terminal);
    for await (const response of operator.containerExec(requests, { signal })) {
      if (response.stdout.length > 0) output.pass("stdout", response.stdout);
      if (response.stderr.length > 0) output.pass("stderr", response.stderr);
      if (response.exitCode !== undefined) return response.exitCode;
    }
    return 0;
  },

  render() {},
  // The program's own exit code, as ssh and docker exec pass it on.
  exitCode: (code) => code,
});

function connectInput(
  stdin: NodeJS.ReadStream,
  requests: AsyncQueue<ExecMessage>,
  terminal: boolean,
): Disposable {
  const onData = (chunk: Buffer) => requests.push({ stdin: chunk });
  const onEnd = () => requests.push({ end: true });
  const onResize = () => requests.push(terminalSize());
  // Raw mode: Ctrl-C is a key for the program inside.
  if (terminal) stdin.setRawMode(true);
  stdin.on("data", onData).on("end", onEnd);
  if (terminal) process.stdout.on("resize", onResize);
  return {
    [Symbol.dispose]() {
      stdin.off("data", onData).off("end", onEnd).pause();
      process.stdout.off("resize", onResize);
      if (terminal) stdin.setRawMode(false);
      requests.end();
    },
  };
}

function terminalSize(): { rows: number; columns: number } {
  return { rows: process.stdout.rows, columns: process.stdout.columns };
}
