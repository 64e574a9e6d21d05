/** A stretch of a task's start; times in Unix seconds. */
export interface Phase {
  phase: string;
  startedAt: number;
  endedAt: number;
}

/** One of which the server is told, with the bytes that were copied for the start until then. */
export interface ReportedPhase extends Phase {
  bytesCopied: number;
}

/**
 * Cuts a task's start into phases that follow each other without gaps, so that their lengths add up. Names end at most
 * once: later calls with the same name are ignored.
 */
export class PhaseClock {
  #last: number;
  #ended = new Set<string>();
  #nowMs: () => number;
  #emit: (phase: Phase) => void;

  constructor(options: { startedAt: number; nowMs: () => number; emit: (phase: Phase) => void }) {
    this.#last = options.startedAt;
    this.#nowMs = options.nowMs;
    this.#emit = options.emit;
  }

  end(phase: string, endedAt = this.#nowMs() / 1000): void {
    if (this.#ended.has(phase)) return;
    this.#ended.add(phase);
    const startedAt = this.#last;
    this.#last = Math.max(startedAt, endedAt);
    this.#emit({ phase, startedAt, endedAt: this.#last });
  }
}
