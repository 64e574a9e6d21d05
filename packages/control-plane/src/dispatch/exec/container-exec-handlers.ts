import type { MessageInitShape } from "@bufbuild/protobuf";
import { newId } from "@dorian/base/ids";
import {
  FileDescriptor,
  type ContainerExecGetOutputRequest,
  type ModalClient,
  type RuntimeOutputBatchSchema,
  type RuntimeOutputMessageSchema,
} from "@dorian/protocol/modal";
import type { CallContext, ServiceHandlers } from "@dorian/protocol/service";
import type { OutputChunk, OutputStream } from "./exec-output.ts";
import type { Exec } from "./exec.ts";
import { execNotFound } from "./exec-errors.ts";
import type { Execs } from "./execs.ts";
import { tokenIdOf } from "./exec-caller.ts";
import { terminalOf } from "./exec-terminal.ts";

export interface ContainerExecOptions {
  execs: Execs;
  secretEnv: (secretIds: readonly string[]) => Record<string, string>;
}

type Handlers = Required<
  Pick<
    ServiceHandlers<typeof ModalClient>,
    "containerExec" | "containerExecGetOutput" | "containerExecPutInput" | "containerExecWait"
  >
>;
type Batch = MessageInitShape<typeof RuntimeOutputBatchSchema>;
type Message = MessageInitShape<typeof RuntimeOutputMessageSchema>;

const descriptors = { stdout: FileDescriptor.STDOUT, stderr: FileDescriptor.STDERR } as const;

/** Commands in containers as clients up to 1.4.2 run them: with numbered pieces of input and output. */
export function containerExecHandlers({ execs, secretEnv }: ContainerExecOptions): Handlers {
  return {
    async containerExec(request, context) {
      const { terminal, env } = terminalOf(request.ptyInfo);
      const exec = await execs.start(
        {
          // A client that repeats the call must not run the command twice.
          execId: execIdOf(context),
          taskId: request.taskId,
          tokenId: tokenIdOf(context),
          command: request.command,
          env: { ...secretEnv(request.secretIds), ...env },
          workdir: request.workdir ?? "",
          ...(terminal ? { terminal } : {}),
          timeoutMs: request.timeoutSecs * 1000,
          failure: "as output",
        },
        { signal: context.signal },
      );
      return { execId: exec.facts.execId };
    },

    containerExecGetOutput: (request, context) => output(execs, request, context),

    async containerExecPutInput({ execId, input }, context) {
      const exec = ownExec(execs, execId, context);
      await exec.whenRoomForInput(context);
      const index = Number(input?.messageIndex ?? 0);
      // What is sent again was lost on the way back, not on the way here.
      if (!input || index <= exec.inputIndex) return {};
      exec.inputIndex = index;
      if (input.message.length > 0 || input.eof) execs.input(exec, { stdin: input.message, end: input.eof });
      return {};
    },

    async containerExecWait({ execId, timeout }, context) {
      const exec = ownExec(execs, execId, context);
      const limit = AbortSignal.timeout(timeout * 1000);
      const signal = AbortSignal.any([limit, context.signal]);
      await exec.output.whenOver({ signal }).catch((error: unknown) => {
        if (!limit.aborted) throw error;
      });
      return exec.exitCode === undefined ? {} : { completed: true, exitCode: exec.exitCode };
    },
  };
}

/** Whoever began a command goes on with it. @throws AppError EXEC_NOT_FOUND */
function ownExec(execs: Execs, execId: string, context: CallContext): Exec {
  const exec = execs.require(execId);
  if (exec.facts.tokenId !== tokenIdOf(context)) throw execNotFound(execId);
  return exec;
}

function execIdOf(context: CallContext): string {
  const { identity, idempotencyKey } = context;
  if (idempotencyKey === "" || identity.kind !== "client") return newId("ex");
  return `ex-${idempotencyKey}`;
}

async function* output(
  execs: Execs,
  request: ContainerExecGetOutputRequest,
  context: CallContext,
): AsyncGenerator<Batch> {
  const exec = ownExec(execs, request.execId, context);
  const stream = streamOf(request.fileDescriptor);
  let last = Number(request.lastBatchIndex);
  const text = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  const message = ({ stream: from, data }: Pick<OutputChunk, "stream" | "data">): Message => ({
    fileDescriptor: descriptors[from],
    // Of the two forms a client reads the one it knows.
    ...(request.getRawBytes
      ? { messageBytes: data }
      : { message: text[from].decode(data, { stream: true }) }),
  });
  // Clients take the first message for the sign that the command runs, whether it writes anything or not.
  if (last === 0) yield { items: [message({ stream: stream ?? "stdout", data: new Uint8Array() })] };
  const limit = AbortSignal.timeout(request.timeout * 1000);
  try {
    const signal = AbortSignal.any([limit, context.signal]);
    for await (const chunk of exec.output.chunksAfter(last, { stream, signal })) {
      last = chunk.index;
      yield { items: [message(chunk)], batchIndex: BigInt(last) };
    }
  } catch (error) {
    if (limit.aborted && !context.signal.aborted) return;
    throw error;
  }
  yield { exitCode: exec.exitCode ?? 0, batchIndex: BigInt(last) };
}

function streamOf(descriptor: FileDescriptor): OutputStream | undefined {
  if (descriptor === FileDescriptor.STDOUT) return "stdout";
  return descriptor === FileDescriptor.STDERR ? "stderr" : undefined;
}
