import { AppError } from "@dorian/base/app-error";
import { assertNever } from "@dorian/base/must";
import {
  TaskExecStderrConfig,
  TaskExecStdioFileDescriptor,
  TaskExecStdoutConfig,
  type TaskCommandRouter,
  type TaskExecStartRequest,
  type TaskExecStdioReadRequest,
} from "@dorian/protocol/task-command-router";
import type { CallContext, ServiceHandlers } from "@dorian/protocol/service";
import type { Exec } from "./exec.ts";
import { tokenIdOf } from "./exec-caller.ts";
import type { OutputStream } from "./exec-output.ts";
import { terminalOf } from "./exec-terminal.ts";
import type { ContainerExecOptions } from "./container-exec-handlers.ts";

/** Changes nothing on a screen. Clients wait for a terminal's first bytes before they take any input. */
const hereIAm = Buffer.from("\x1b[0m");

/** Commands in containers as clients from 1.4.3 on run them. The caller's token is for one container. */
export function commandRouterHandlers({
  execs,
  secretEnv,
}: ContainerExecOptions): Required<ServiceHandlers<typeof TaskCommandRouter>> {
  const execOf = (request: { taskId: string; execId: string }, context: CallContext): Exec => {
    checkTask(request.taskId, context);
    const exec = execs.require(request.execId);
    checkTask(exec.facts.taskId, context);
    return exec;
  };
  return {
    async taskExecStart(request, context) {
      checkTask(request.taskId, context);
      const { terminal, env } = terminalOf(request.ptyInfo);
      const exec = await execs.start(
        {
          execId: request.execId,
          taskId: request.taskId,
          tokenId: tokenIdOf(context),
          command: request.commandArgs,
          env: { ...secretEnv(request.secretIds), ...request.env, ...env },
          workdir: request.workdir ?? "",
          ...(terminal ? { terminal } : {}),
          timeoutMs: (request.timeoutSecs ?? 0) * 1000,
          streams: streamsOf(request),
          failure: "as output",
        },
        { signal: context.signal },
      );
      if (terminal && exec.output.isEmpty) exec.write("stdout", hereIAm);
      return {};
    },

    async taskExecStdinWrite(request, context) {
      const exec = execOf(request, context);
      await exec.whenRoomForInput(context);
      const offset = Number(request.offset);
      if (offset > exec.inputBytes) {
        throw new AppError(
          "EXEC_INPUT_GAP",
          `Input from byte ${offset} on came when only ${exec.inputBytes} bytes had come before.`,
          { status: "OUT_OF_RANGE", remedy: "Send the input in order." },
        );
      }
      const stdin = request.data.subarray(exec.inputBytes - offset);
      if (stdin.length > 0 || request.eof) execs.input(exec, { stdin, end: request.eof });
      return {};
    },

    taskExecStdioRead: (request, context) => read(execOf(request, context), request, context),

    async taskExecPoll(request, context) {
      return statusOf(execOf(request, context));
    },

    async taskExecWait(request, context) {
      const exec = execOf(request, context);
      await exec.output.whenOver({ signal: context.signal });
      return statusOf(exec);
    },
  };
}

function statusOf(exec: Exec): { exitStatus?: { case: "code"; value: number } } {
  return exec.exitCode === undefined ? {} : { exitStatus: { case: "code", value: exec.exitCode } };
}

async function* read(
  exec: Exec,
  request: TaskExecStdioReadRequest,
  { signal }: CallContext,
): AsyncGenerator<{ data: Uint8Array }> {
  const stream = request.fileDescriptor === TaskExecStdioFileDescriptor.STDOUT ? "stdout" : "stderr";
  const offset = Number(request.offset);
  for await (const data of exec.output.bytesOf(stream, { offset, signal })) yield { data };
}

function streamsOf(request: TaskExecStartRequest): Record<OutputStream, OutputStream | undefined> {
  const stdout = request.stdoutConfig === TaskExecStdoutConfig.PIPE ? "stdout" : undefined;
  switch (request.stderrConfig) {
    case TaskExecStderrConfig.PIPE:
      return { stdout, stderr: "stderr" };
    case TaskExecStderrConfig.STDOUT:
      return { stdout, stderr: stdout };
    case TaskExecStderrConfig.DEVNULL:
      return { stdout, stderr: undefined };
    default:
      return assertNever(request.stderrConfig);
  }
}

function checkTask(taskId: string, { identity }: CallContext): void {
  if (identity.kind === "command" && identity.taskId === taskId) return;
  throw new AppError("EXEC_TASK_OTHER", `The token is not for container ${taskId}.`, {
    status: "PERMISSION_DENIED",
    remedy: "Ask for access to the container that the command is to run in.",
  });
}
