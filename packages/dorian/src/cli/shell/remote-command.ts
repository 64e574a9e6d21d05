import { AsyncQueue } from "@dorian/base/async-queue";
import type { ContainerExecRequest, OperatorService } from "@dorian/protocol/operator";
import type { ServiceClient } from "@dorian/protocol/service";
import type { CommandContext } from "../context.ts";

type ExecMessage = Partial<Omit<ContainerExecRequest, "$typeName" | "$unknown">>;

export interface RemoteCommand {
  taskId: string;
  command: string[];
  /** It runs at a terminal, which is this one. */
  terminal: boolean;
  /** Its container is there: what is typed is its own from here on. */
  onStarted?: () => Promise<void>;
}

/** Runs a command in a container with this program's input and output. Returns its exit code. */
export async function runRemotely(
  operator: Pick<ServiceClient<typeof OperatorService>, "containerExec">,
  { taskId, command, terminal, onStarted }: RemoteCommand,
  { output, signal, stdin }: Pick<CommandContext, "output" | "signal" | "stdin">,
): Promise<number> {
  const requests = new AsyncQueue<ExecMessage>();
  requests.push({ taskId, command, terminal, ...(terminal ? terminalSize() : {}) });
  using connected = new DisposableStack();
  const connect = () => connected.use(connectInput(stdin, requests, terminal));
  if (!terminal) connect();
  let isStarted = false;
  for await (const response of operator.containerExec(requests, { signal })) {
    if (!isStarted) {
      isStarted = true;
      await onStarted?.();
      // Not before: until there is a command that gets it, Ctrl-C ends this one.
      if (terminal) connect();
    }
    if (response.stdout.length > 0) output.pass("stdout", response.stdout);
    if (response.stderr.length > 0) output.pass("stderr", response.stderr);
    if (response.exitCode !== undefined) return response.exitCode;
  }
  return 0;
}

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
