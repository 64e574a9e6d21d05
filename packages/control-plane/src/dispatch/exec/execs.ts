import { whenAwakeFor } from "@dorian/base/awake-timer";
import { AppError } from "@dorian/base/app-error";
import type { ExecOutput as ExecReport } from "@dorian/protocol/worker";
import { taskNotFound } from "../task/task-handlers.ts";
import type { Task } from "../task/task.ts";
import type { Tasks } from "../task/tasks.ts";
import type { Workers } from "../fleet/workers.ts";
import { Exec } from "./exec.ts";
import { checkCommand, type ExecCommand } from "./exec-command.ts";
import {
  containerFull,
  execNotFound,
  idTaken,
  outputLost,
  outputUnread,
  tooManyKept,
} from "./exec-errors.ts";
import type { HeldOutput, OutputStream } from "./exec-output.ts";

export interface ExecsOptions {
  tasks: Tasks;
  workers: Workers;
  /** Milliseconds on a clock that nobody sets. */
  elapsedMs: () => number;
}

export interface ExecRequest extends ExecCommand {
  execId: string;
  taskId: string;
  /** The token of whoever runs it. */
  tokenId: string;
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
/** Output that nobody reads: of one command, and of all. */
const unreadBytes = 64 << 20;
const allUnreadBytes = 128 << 20;
/** Each takes some megabytes of the worker's machine beside what it takes of its container. */
const mostInContainer = 128;
const mostKnown = 4_096;
/** What ends by SIGKILL has it, as a shell counts. */
const killedExitCode = 137;
const ownStreams = { stdout: "stdout", stderr: "stderr" } as const;

/** Commands that people run in containers, between who asked for them and the worker. */
export class Execs implements Disposable {
  #options: ExecsOptions;
  #execs = new Map<string, Exec>();
  #held: HeldOutput = { bytes: 0 };

  constructor(options: ExecsOptions) {
    this.#options = options;
  }

  /** Starts a command once its container runs. The same id again is the same command: clients repeat what got lost. */
  async start(request: ExecRequest, options: { signal: AbortSignal }): Promise<Exec> {
    this.#forgetOld();
    const known = this.#repeated(request);
    if (known) return known;
    const { execId, taskId, tokenId, command, timeoutMs } = request;
    checkCommand(request);
    const workerId = await this.#workerOf(taskId, options);
    const repeated = this.#repeated(request);
    if (repeated) return repeated;
    this.#checkRoom(taskId);
    const { streams = ownStreams, failure } = request;
    const exec = new Exec({ execId, taskId, workerId, tokenId, streams, failure }, this.#held);
    this.#execs.set(execId, exec);
    this.#options.workers.send(workerId, {
      case: "execStart",
      value: {
        execId,
        taskId,
        command: [...command],
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
    if (report.inputTaken !== undefined) exec.tookInput(Number(report.inputTaken));
    const place = exec.place(report.index);
    if (place === "again") return;
    if (place === "after a gap") exec.output.fail(outputLost());
    exec.write("stdout", report.stdout);
    exec.write("stderr", report.stderr);
    if (exec.output.bytes > unreadBytes) {
      exec.output.fail(outputUnread(unreadBytes));
      this.cancel(exec);
    }
    if (this.#held.bytes > allUnreadBytes) this.#makeRoom();
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
    throw idTaken(execId);
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
    exec.tookInput(Number.POSITIVE_INFINITY);
    exec.exitCode = exitCode;
    exec.endedAtMs = this.#options.elapsedMs();
    exec.output.end();
  }

  /** For what is written: what was read is held for nobody else, and then the one that holds most makes room for all others. */
  #makeRoom(): void {
    for (const { output } of this.#execs.values()) output.forgetRead();
    while (this.#held.bytes > allUnreadBytes) {
      const [first, ...others] = this.#execs.values();
      if (!first) return;
      const largest = others.reduce((a, b) => (b.output.bytes > a.output.bytes ? b : a), first);
      largest.output.drop(outputUnread(largest.output.bytes));
      this.cancel(largest);
    }
  }

  /** @throws AppError EXECS_TOO_MANY */
  #checkRoom(taskId: string): void {
    let running = 0;
    for (const { facts, exitCode } of this.#execs.values())
      if (facts.taskId === taskId && exitCode === undefined) running += 1;
    if (running >= mostInContainer) throw containerFull(taskId, running);
    if (this.#execs.size >= mostKnown) throw tooManyKept(mostKnown);
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
    for (const exec of this.#execs.values()) {
      const isMuch = this.#execs.size >= mostKnown;
      if (exec.endedAtMs === undefined || (exec.endedAtMs >= before && !isMuch)) continue;
      this.#execs.delete(exec.facts.execId);
      exec.output.drop(execNotFound(exec.facts.execId));
    }
  }
}

function isBeingPlaced(task: Task): boolean {
  return task.state === "queued" || (task.state === "assigned" && !task.timeline.has("place"));
}
