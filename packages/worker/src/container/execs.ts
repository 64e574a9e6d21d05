import { AppError, explanationOf } from "@dorian/base/app-error";
import { AsyncQueue } from "@dorian/base/async-queue";
import { SentMessages } from "@dorian/base/sent-messages";
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
  inputTaken?: bigint;
}

interface KnownExec {
  stdin: AsyncQueue<Uint8Array>;
  resizes: AsyncQueue<TerminalSize>;
  abort: AbortController;
  reports: SentMessages<ExecReport>;
  /** Pieces of input that have come. */
  inputs: number;
  /** Bytes of input that the command has read; undefined before any came. */
  taken: number | undefined;
}

/** What is kept of what is said of a command: as much as may be on its way when a connection breaks. */
const keptBytes = 256 * 1024;
/** What a report has besides output. */
const reportBytes = 100;
/** So much is read of a command's input before the server is told: it lets some megabytes come before. */
const toldBytes = 256 * 1024;
/** How many that have ended are remembered, for a server that has not heard all of them. */
const rememberedEnds = 32;

/** Commands that users run in containers, from the moment when the container runs. */
export class Execs {
  #running = new Map<string, KnownExec>();
  /** What was said of those that have ended, oldest first. */
  #ended = new Map<string, SentMessages<ExecReport>>();
  #isConnected = false;
  #report: (report: ExecReport) => void;

  constructor(report: (report: ExecReport) => void) {
    this.#report = report;
  }

  /** How many pieces of input have come for each that runs. */
  get inputs(): Record<string, bigint> {
    return Object.fromEntries([...this.#running].map(([execId, { inputs }]) => [execId, BigInt(inputs)]));
  }

  async start(
    request: ExecStart,
    containerOf: (taskId: string, options: { signal: AbortSignal }) => Promise<Container>,
  ): Promise<void> {
    const { execId } = request;
    const stdin = new AsyncQueue<Uint8Array>();
    const resizes = new AsyncQueue<TerminalSize>();
    const abort = new AbortController();
    const reports = new SentMessages<ExecReport>({ mostBytes: keptBytes });
    const known: KnownExec = { stdin, resizes, abort, reports, inputs: 0, taken: undefined };
    this.#running.set(execId, known);
    const onTaken = (bytes: number) => {
      const before = known.taken ?? 0;
      known.taken = before + bytes;
      if (Math.floor(known.taken / toldBytes) > Math.floor(before / toldBytes))
        this.#tellTaken(execId, known);
    };
    const report = (what: Omit<ExecReport, "execId" | "index">) => {
      const bytes = reportBytes + (what.stdout?.length ?? 0) + (what.stderr?.length ?? 0);
      const said = reports.add(bytes, (number) => ({ execId, index: BigInt(number), ...what }));
      if (this.#isConnected) this.#report(said);
    };
    const { rows, columns } = request;
    try {
      const container = await containerOf(request.taskId, { signal: abort.signal });
      const exitCode = await container.exec(request.command, {
        stdin: counted(stdin, onTaken),
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
      this.#remember(execId, reports);
    }
  }

  /**
   * The server is there again, and counts on these commands, of which so many reports have come: it is told the rest. What it has
   * forgotten is ended.
   */
  connected(execIds: readonly string[], reportsOf: Readonly<Record<string, bigint>>): void {
    this.#isConnected = true;
    for (const [execId, { abort }] of this.#running)
      if (!execIds.includes(execId)) abort.abort(cancelled("The server has restarted."));
    for (const execId of execIds) {
      const reports = this.#running.get(execId)?.reports ?? this.#ended.get(execId);
      if (!reports) this.#report({ execId, error: notKnown, exitCode: 126 });
      for (const each of reports?.after(Number(reportsOf[execId] ?? 0n)) ?? []) this.#report(each);
      const running = this.#running.get(execId);
      if (running) this.#tellTaken(execId, running);
    }
  }

  /** What is said from now on waits until the server is there again. */
  disconnected(): void {
    this.#isConnected = false;
  }

  input(message: ExecInput): void {
    const exec = this.#running.get(message.execId);
    const index = Number(message.index);
    // Sent again, it has come already.
    if (!exec || index <= exec.inputs) return;
    if (index > exec.inputs + 1) exec.abort.abort(inputLost());
    exec.inputs = index;
    if (message.stdin.length > 0) this.#takeInput(message, exec);
    if (message.end) exec.stdin.end();
    const { rows, columns } = message;
    if (rows > 0 && columns > 0) exec.resizes.push({ rows, columns });
    if (message.cancel) exec.abort.abort(cancelled("The caller has gone."));
  }

  #takeInput({ execId, stdin }: ExecInput, exec: KnownExec): void {
    if (exec.taken === undefined) {
      // From now on the server waits for what is told.
      exec.taken = 0;
      this.#tellTaken(execId, exec);
    }
    exec.stdin.push(stdin);
  }

  #tellTaken(execId: string, { taken }: KnownExec): void {
    if (this.#isConnected && taken !== undefined) this.#report({ execId, inputTaken: BigInt(taken) });
  }

  #remember(execId: string, reports: SentMessages<ExecReport>): void {
    this.#ended.set(execId, reports);
    const oldest = this.#ended.keys().next().value;
    if (this.#ended.size > rememberedEnds && oldest !== undefined) this.#ended.delete(oldest);
  }
}

/** Passes input on, and tells how much of it was read: a piece was when the next is asked for. What nobody reads counts as well. */
async function* counted(
  pieces: AsyncQueue<Uint8Array>,
  onTaken: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let isOver = false;
  try {
    for await (const piece of pieces) {
      try {
        yield piece;
      } finally {
        onTaken(piece.length);
      }
    }
    isOver = true;
  } finally {
    if (!isOver) void discard(pieces, onTaken);
  }
}

async function discard(pieces: AsyncQueue<Uint8Array>, onTaken: (bytes: number) => void): Promise<void> {
  for await (const piece of pieces) onTaken(piece.length);
}

function inputLost(): AppError {
  return new AppError("EXEC_INPUT_LOST", "Part of the command's input was lost with a connection.", {
    status: "DATA_LOSS",
    remedy: "Run it again, or give it a file to read from.",
  });
}

const notKnown = "The command ended while the worker was not connected to the server.";

function cancelled(reason: string): AppError {
  return new AppError("EXEC_CANCELLED", reason, { status: "CANCELLED", remedy: "" });
}
