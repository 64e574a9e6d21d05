import { AppError, explanationOf } from "@dorian/base/app-error";
import { AsyncQueue } from "@dorian/base/async-queue";
import type { TerminalSize } from "@dorian/linux/pseudo-terminal";
import type { ExecInput, ExecStart } from "@dorian/protocol/worker";
import type { Container } from "./runtime.ts";

export interface ExecReport {
  execId: string;
  /** From 1, without a gap; absent for a command that is not known here. */
  index?: bigint;
  stdout?: Uint8Array;
  stderr?: Uint8Array;
  exitCode?: number;
  error?: string;
}

interface RunningExec {
  stdin: AsyncQueue<Uint8Array>;
  resizes: AsyncQueue<TerminalSize>;
  abort: AbortController;
}

/** Commands that users run in containers, from the moment when the container runs. */
export class Execs {
  #running = new Map<string, RunningExec>();
  #report: (report: ExecReport) => void;

  constructor(report: (report: ExecReport) => void) {
    this.#report = report;
  }

  async start(
    request: ExecStart,
    containerOf: (taskId: string, options: { signal: AbortSignal }) => Promise<Container>,
  ): Promise<void> {
    const { execId } = request;
    const stdin = new AsyncQueue<Uint8Array>();
    const resizes = new AsyncQueue<TerminalSize>();
    const abort = new AbortController();
    this.#running.set(execId, { stdin, resizes, abort });
    let index = 0n;
    const report = (what: Omit<ExecReport, "execId">) => this.#report({ execId, index: ++index, ...what });
    const { rows, columns } = request;
    try {
      const container = await containerOf(request.taskId, { signal: abort.signal });
      const exitCode = await container.exec(request.command, {
        stdin,
        env: request.env,
        ...(request.workdir === "" ? {} : { cwd: request.workdir }),
        ...(request.terminal ? { terminal: { rows, columns, resizes } } : {}),
        onOutput: (stream, chunk) => report({ [stream]: chunk }),
        signal: abort.signal,
      });
      report({ exitCode });
    } catch (error) {
      report({ error: explanationOf(error), exitCode: 126 });
    } finally {
      this.#running.delete(execId);
    }
  }

  /** After a broken connection: ends what the server has forgotten, and says what has ended meanwhile. */
  reconcile(execIds: readonly string[]): void {
    for (const [execId, { abort }] of this.#running)
      if (!execIds.includes(execId)) abort.abort(cancelled("The server has restarted."));
    for (const execId of execIds) {
      if (this.#running.has(execId)) continue;
      const error = "The command ended while the worker was not connected to the server.";
      this.#report({ execId, error, exitCode: 126 });
    }
  }

  input(message: ExecInput): void {
    const exec = this.#running.get(message.execId);
    if (!exec) return;
    if (message.stdin.length > 0) exec.stdin.push(message.stdin);
    if (message.end) exec.stdin.end();
    const { rows, columns } = message;
    if (rows > 0 && columns > 0) exec.resizes.push({ rows, columns });
    if (message.cancel) exec.abort.abort(cancelled("The caller has gone."));
  }
}

function cancelled(reason: string): AppError {
  return new AppError("EXEC_CANCELLED", reason, { status: "CANCELLED", remedy: "" });
}
