import type { MessageInitShape } from "@bufbuild/protobuf";
import { newId } from "@dorian/base/ids";
import { offAbort, onAbort } from "@dorian/base/on-abort";
import type { ContainerExecRequest, ContainerExecResponseSchema } from "@dorian/protocol/operator";
import type { CallContext } from "@dorian/protocol/service";
import type { Logger } from "pino";
import type { Exec } from "./exec.ts";
import type { Execs } from "./execs.ts";
import { tokenIdOf } from "./exec-caller.ts";

type Response = MessageInitShape<typeof ContainerExecResponseSchema>;

/** `dorian container exec`: one stream carries a command's input and output, and its end ends the command. */
export async function* operatorExec(
  requests: AsyncIterable<ContainerExecRequest>,
  options: { execs: Execs; context: CallContext; logger: Logger },
): AsyncGenerator<Response> {
  const { execs, context, logger } = options;
  const { signal } = context;
  const iterator = requests[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return;
  const { taskId, command, terminal, rows, columns } = first.value;
  const exec = await execs.start(
    {
      execId: newId("ex"),
      taskId,
      tokenId: tokenIdOf(context),
      command,
      failure: "as error",
      ...(terminal ? { terminal: { rows, columns } } : {}),
    },
    { signal },
  );
  const gone = () => execs.cancel(exec);
  onAbort(signal, gone);
  try {
    forwardInput(exec, execs, { first: first.value, iterator, signal }).catch((error: unknown) =>
      logger.debug({ err: error, execId: exec.facts.execId }, "the input of an exec ended"),
    );
    yield {};
    for await (const { stream, data } of exec.output.chunksAfter(0, { stream: undefined, signal }))
      yield { [stream]: data };
    if (exec.exitCode !== undefined) yield { exitCode: exec.exitCode };
  } finally {
    offAbort(signal, gone);
  }
}

async function forwardInput(
  exec: Exec,
  execs: Execs,
  input: {
    first: ContainerExecRequest;
    iterator: AsyncIterator<ContainerExecRequest>;
    signal: AbortSignal;
  },
): Promise<void> {
  const { first, iterator, signal } = input;
  if (first.stdin.length > 0 || first.end) execs.input(exec, { stdin: first.stdin, end: first.end });
  while (!signal.aborted && exec.exitCode === undefined) {
    await exec.whenRoomForInput({ signal });
    const next = await iterator.next();
    if (next.done) return;
    const { stdin, end, rows, columns } = next.value;
    execs.input(exec, { stdin, end, rows, columns });
  }
}
