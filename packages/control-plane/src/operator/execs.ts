import type { MessageInitShape } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { AsyncQueue } from "@dorian/base/async-queue";
import { newId } from "@dorian/base/ids";
import type { ContainerExecRequest, ContainerExecResponseSchema } from "@dorian/protocol/operator";
import type { CallContext } from "@dorian/protocol/service";
import type { ExecOutput } from "@dorian/protocol/worker";
import type { Logger } from "pino";
import { taskNotFound } from "../task/task-handlers.ts";
import type { Tasks } from "../task/tasks.ts";
import type { Workers } from "../worker/workers.ts";

type Response = MessageInitShape<typeof ContainerExecResponseSchema>;

export interface ExecsOptions {
  tasks: Tasks;
  workers: Workers;
  logger: Logger;
}

/** Commands that people run in containers, between their terminal and the worker. */
export class Execs {
  #options: ExecsOptions;
  #running = new Map<string, { workerId: string; outputs: AsyncQueue<ExecOutput> }>();

  constructor(options: ExecsOptions) {
    this.#options = options;
  }

  output(report: ExecOutput): void {
    this.#running.get(report.execId)?.outputs.push(report);
  }

  workerLost(workerId: string, name: string): void {
    for (const exec of this.#running.values()) {
      if (exec.workerId !== workerId) continue;
      exec.outputs.fail(
        new AppError("WORKER_LOST", `Worker ${name} was lost.`, {
          status: "UNAVAILABLE",
          remedy: "Its containers are gone; `dorian container list` shows those that run.",
        }),
      );
    }
  }

  async *run(requests: AsyncIterable<ContainerExecRequest>, context: CallContext): AsyncGenerator<Response> {
    const { workers, logger } = this.#options;
    const iterator = requests[Symbol.asyncIterator]();
    const first = await iterator.next();
    if (first.done) return;
    const workerId = this.#workerOf(first.value.taskId);
    const execId = newId("ex");
    const outputs = new AsyncQueue<ExecOutput>();
    this.#running.set(execId, { workerId, outputs });
    const gone = () => {
      workers.send(workerId, { case: "execInput", value: { execId, cancel: true } });
      outputs.end();
    };
    context.signal.addEventListener("abort", gone, { once: true });
    try {
      const { taskId, command, terminal, rows, columns } = first.value;
      workers.send(workerId, {
        case: "execStart",
        value: { execId, taskId, command, terminal, rows, columns },
      });
      this.#forwardInput(workerId, execId, first.value, iterator, context.signal).catch((error: unknown) =>
        logger.debug({ err: error, execId }, "the input of an exec ended"),
      );
      for await (const output of outputs) {
        if (output.error !== "") {
          throw new AppError("EXEC_FAILED", output.error, {
            remedy: "Check the command, and that the container still runs.",
          });
        }
        const { stdout, stderr, exitCode } = output;
        yield exitCode === undefined ? { stdout, stderr } : { stdout, stderr, exitCode };
        if (exitCode !== undefined) return;
      }
    } finally {
      context.signal.removeEventListener("abort", gone);
      this.#running.delete(execId);
    }
  }

  async #forwardInput(
    workerId: string,
    execId: string,
    first: ContainerExecRequest,
    iterator: AsyncIterator<ContainerExecRequest>,
    signal: AbortSignal,
  ): Promise<void> {
    const send = ({ stdin, end, rows, columns }: ContainerExecRequest) =>
      this.#options.workers.send(workerId, {
        case: "execInput",
        value: { execId, stdin, end, rows, columns },
      });
    if (first.stdin.length > 0 || first.end) send(first);
    while (!signal.aborted && this.#running.has(execId)) {
      const next = await iterator.next();
      if (next.done) return;
      send(next.value);
    }
  }

  #workerOf(taskId: string): string {
    const task = this.#options.tasks.get(taskId);
    if (!task) throw taskNotFound(taskId);
    if (task.workerId !== undefined && this.#options.workers.isConnected(task.workerId)) return task.workerId;
    throw new AppError("TASK_NOT_RUNNING", `Container ${taskId} is not running yet.`, {
      remedy: task.pendingReason === "" ? "Try again in a moment." : `It waits: ${task.pendingReason}.`,
    });
  }
}
