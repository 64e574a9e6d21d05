import { whenAwakeFor } from "@dorian/base/awake-timer";
import { AppError } from "@dorian/base/app-error";
import type { ExecOutput as ExecReport } from "@dorian/protocol/worker";
import { taskNotFound } from "../task/task-handlers.ts";
import type { Task } from "../task/task.ts";
import type { Tasks } from "../task/tasks.ts";
import type { Workers } from "../fleet/workers.ts";
import { Exec } from "./exec.ts";
import type { OutputStream } from "./exec-output.ts";

export interface ExecsOptions {
  tasks: Tasks;
  workers: Workers;
  /** Milliseconds on a clock that nobody sets. */
  elapsedMs: () => number;
}

export interface ExecRequest {
  execId: string;
  taskId: string;
  /** Of whoever runs it. */
  tokenId: string;
  command: string[];
  /** Beyond what the container has. */
  env?: Record<string, string>;
  workdir?: string;
  terminal?: { rows: number; columns: number };
  /** It is killed after so many milliseconds. */
  timeoutMs?: number;
  /** Where each stream goes; undefined: nowhere. Default: where it belongs. */
  streams?: Record<OutputStream, OutputStream | undefined>;
  /** How the reader learns that the command could not be run. */
  failure: "as error" | "as output";
}

/** How long the end of a command can be asked for. */
const keptMs = 10 * 60_000;
/** Output that nobody reads. */
const unreadBytes = 64 << 20;
/** Of what was ended by SIGKILL, as a shell counts. */
const killedExitCode = 137;
const ownStreams = { stdout: "stdout", stderr: "stderr" } as const;

/** Commands that people run in containers, between who asked for them and the worker. */
export class Execs implements Disposable {
  #options: ExecsOptions;
  #execs = new Map<string, Exec>();

  constructor(options: ExecsOptions) {
    this.#options = options;
  }

  /** Starts a command once its container runs. The same id again is the same command: clients repeat what got lost. */
  async start(request: ExecRequest, options: { signal: AbortSignal }): Promise<Exec> {
    this.#forgetOld();
    const known = this.#repeated(request);
    if (known) return known;
    const { execId, taskId, tokenId, command, timeoutMs } = request;
    if (command.length === 0) {
      throw new AppError("EXEC_COMMAND_EMPTY", "There is no command to run.", {
        status: "INVALID_ARGUMENT",
        remedy: "Name the program and its arguments.",
      });
    }
    const workerId = await this.#workerOf(taskId, options);
    const repeated = this.#repeated(request);
    if (repeated) return repeated;
    const { streams = ownStreams, failure } = request;
    const exec = new Exec({ execId, taskId, workerId, tokenId, streams, failure });
    this.#execs.set(execId, exec);
    this.#options.workers.send(workerId, {
      case: "execStart",
      value: {
        execId,
        taskId,
        command,
        env: request.env ?? {},
        workdir: request.workdir ?? "",
        terminal: request.terminal !== undefined,
        ...request.terminal,
      },
    });
    if (timeoutMs !== undefined && timeoutMs > 0)
      exec.timer = whenAwakeFor(timeoutMs, () => this.cancel(exec));
    return exec;
  }

  /** @throws AppError EXEC_NOT_FOUND */
  require(execId: string): Exec {
    const exec = this.#execs.get(execId);
    if (exec) return exec;
    throw execNotFound(execId);
  }

  input(exec: Exec, input: { stdin?: Uint8Array; end?: boolean; rows?: number; columns?: number }): void {
    if (exec.exitCode !== undefined) return;
    exec.inputBytes += input.stdin?.length ?? 0;
    this.#send(exec, input);
  }

  /** Kills the command. */
  cancel(exec: Exec): void {
    if (exec.exitCode !== undefined) return;
    exec.isCancelled = true;
    this.#send(exec, { cancel: true });
  }

  /** Kills what a token that has ended was used to run. */
  tokenEnded(tokenId: string): void {
    for (const exec of this.#execs.values()) if (exec.facts.tokenId === tokenId) this.cancel(exec);
  }

  reported(report: ExecReport): void {
    const exec = this.#execs.get(report.execId);
    if (!exec) return;
    const place = exec.place(report.index);
    if (place === "again") return;
    if (place === "after a gap") exec.output.fail(outputLost());
    exec.write("stdout", report.stdout);
    exec.write("stderr", report.stderr);
    if (exec.output.bytes > unreadBytes) this.#overflow(exec);
    if (report.exitCode === undefined) return;
    if (report.error !== "" && !exec.isCancelled) exec.couldNotRun(report.error);
    this.#end(exec, exec.isCancelled ? killedExitCode : report.exitCode);
  }

  /** Those that run there as far as is known, with how much of what the worker said of each has come. */
  onWorker(workerId: string): Record<string, bigint> {
    return Object.fromEntries(this.#runningOn(workerId).map((exec) => [exec.facts.execId, exec.reports]));
  }

  /** A worker is back, and says how much input has come of what runs there: it is sent the rest. */
  welcomed(workerId: string, inputs: Readonly<Record<string, bigint>>): void {
    for (const exec of this.#runningOn(workerId)) {
      const come = inputs[exec.facts.execId];
      if (come === undefined) continue;
      for (const value of exec.inputs.after(Number(come)))
        this.#options.workers.send(workerId, { case: "execInput", value });
    }
  }

  workerLost(workerId: string, name: string): void {
    for (const exec of this.#runningOn(workerId)) {
      exec.output.fail(
        new AppError("WORKER_LOST", `Worker ${name} was lost.`, {
          status: "NOT_FOUND",
          remedy: "Its containers are gone; `dorian container list` shows those that run.",
        }),
      );
      this.#end(exec, killedExitCode);
    }
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#execs.values()) timer?.clear();
  }

  /** @throws AppError EXEC_ID_TAKEN when it is another container's command, or another token's */
  #repeated({ execId, taskId, tokenId }: ExecRequest): Exec | undefined {
    const known = this.#execs.get(execId);
    if (!known || (known.facts.taskId === taskId && known.facts.tokenId === tokenId)) return known;
    throw new AppError("EXEC_ID_TAKEN", `There is another command ${execId}.`, {
      status: "ALREADY_EXISTS",
      remedy: "Choose an id of your own for each command.",
    });
  }

  #runningOn(workerId: string): Exec[] {
    return [...this.#execs.values()].filter(
      ({ facts, exitCode }) => facts.workerId === workerId && exitCode === undefined,
    );
  }

  #send(exec: Exec, input: Parameters<Exec["nextInput"]>[0]): void {
    const value = exec.nextInput(input);
    this.#options.workers.send(exec.facts.workerId, { case: "execInput", value });
  }

  #end(exec: Exec, exitCode: number): void {
    exec.timer?.clear();
    exec.exitCode = exitCode;
    exec.endedAtMs = this.#options.elapsedMs();
    exec.output.end();
  }

  #overflow(exec: Exec): void {
    exec.output.fail(
      new AppError("EXEC_OUTPUT_UNREAD", `The command wrote ${unreadBytes >> 20} MiB that nobody read.`, {
        status: "RESOURCE_EXHAUSTED",
        remedy: "Let it write to a file or a volume, and fetch that.",
      }),
    );
    this.cancel(exec);
  }

  /** A container's worker, once it has been told to start the container. */
  async #workerOf(taskId: string, options: { signal: AbortSignal }): Promise<string> {
    const task = this.#options.tasks.get(taskId);
    if (!task) throw taskNotFound(taskId);
    while (!task.isOver && isBeingPlaced(task)) await task.changed.wait(options);
    if (task.isOver) throw taskNotFound(taskId);
    if (task.workerId !== undefined && this.#options.workers.isConnected(task.workerId)) return task.workerId;
    throw new AppError("WORKER_AWAY", `The worker of container ${taskId} is not connected.`, {
      status: "UNAVAILABLE",
      remedy: "Try again in a moment.",
    });
  }

  #forgetOld(): void {
    const before = this.#options.elapsedMs() - keptMs;
    for (const exec of this.#execs.values())
      if (exec.endedAtMs !== undefined && exec.endedAtMs < before) this.#execs.delete(exec.facts.execId);
  }
}

export function execNotFound(execId: string): AppError {
  return new AppError("EXEC_NOT_FOUND", `There is no command ${execId}.`, {
    status: "NOT_FOUND",
    remedy: "It ended some time ago, or the server has restarted since.",
  });
}

function outputLost(): AppError {
  return new AppError("EXEC_OUTPUT_LOST", "Part of what the command wrote was lost with a connection.", {
    status: "DATA_LOSS",
    remedy: "Run it again, or let it write to a file or a volume, and fetch that.",
  });
}

function isBeingPlaced(task: Task): boolean {
  return task.state === "queued" || (task.state === "assigned" && !task.timeline.has("place"));
}
