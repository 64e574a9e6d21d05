import { readFileSync } from "node:fs";
import { SilenceWatch } from "@dorian/base/silence-watch";
import type { Logger } from "pino";
import type { SupervisedReport, SupervisorOrder } from "./supervision.ts";

/** A process that answers when it is asked whether it is there. */
export interface AskedProcess {
  readonly name: string;
  /** Undefined while there is none. */
  readonly pid: number | undefined;
  send(order: SupervisorOrder): void;
  kill(): boolean;
}

export interface StuckWatchOptions {
  /** Milliseconds without an answer after which it is stuck. */
  limitMs: number;
  /**
   * What it may do before it is judged: nothing, or all that it does until it is ready, which may take as long as it
   * takes.
   */
  judgedFrom: "first answer" | "readiness";
  logger: Logger;
}

const mostEveryMs = 5_000;
/** An answer may be late a few times. */
const questionsInLimit = 4;

/**
 * Kills a process that is stuck, for others to start it again. Time in which this process did not run either (a machine that
 * was suspended, a terminal's Ctrl-Z) is not held against it.
 */
export class StuckWatch implements Disposable {
  #options: StuckWatchOptions;
  #answers: SilenceWatch<"it">;
  #process: AskedProcess | undefined;
  #isJudged = false;
  #asking: NodeJS.Timeout;

  constructor(options: StuckWatchOptions) {
    this.#options = options;
    const { limitMs } = options;
    const everyMs = Math.min(mostEveryMs, limitMs / questionsInLimit);
    this.#answers = new SilenceWatch({ limitMs, everyMs });
    this.#asking = setInterval(() => this.#ask(), everyMs);
  }

  /** There is a new one, which nothing is known of. */
  started(process: AskedProcess): void {
    this.#process = process;
    this.#answers.forget("it");
    this.#isJudged = this.#options.judgedFrom === "first answer";
  }

  heard(report: SupervisedReport): void {
    if (report.kind === "ready") this.#isJudged = true;
    if (this.#isJudged) this.#answers.heard("it");
  }

  [Symbol.dispose](): void {
    clearInterval(this.#asking);
  }

  #ask(): void {
    const { limitMs, logger } = this.#options;
    const process = this.#process;
    if (!process) return;
    if (this.#answers.sweep().length > 0) {
      this.#answers.forget("it");
      logger.error(
        process.pid === undefined ? {} : whatItDoes(process.pid),
        `the ${process.name} has not answered for ${limitMs / 1000} s: it is killed`,
      );
      process.kill();
      return;
    }
    process.send({ kind: "are you there" });
  }
}

/**
 * What the kernel says of a process that says nothing: R runs in code of its own, D waits for a disk, T was stopped by
 * somebody; how much processor time it used; in which of the kernel's functions it waits.
 */
function whatItDoes(pid: number): { state?: string; processorSeconds?: number; waitsIn?: string } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [state = "", ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(rest[10]) + Number(rest[11]);
    const waitsIn = readFileSync(`/proc/${pid}/wchan`, "latin1");
    return { state, processorSeconds: ticks / ticksInSecond, waitsIn };
  } catch {
    // It ends just now, or may not be looked at: what is done about it is the same.
    return {};
  }
}

/** As the kernel counts for processes, on all architectures. */
const ticksInSecond = 100;
