import { removeTree } from "@dorian/linux/remove-tree";
import type { EngineRun } from "./engine-run.ts";

/** Milliseconds until the next one is started ahead: not while containers start, from which it would take the processor. */
const refillDelayMs = 300;

/** Keeps one engine started ahead, so that its own start is no part of the next container's. */
export class EngineAhead implements AsyncDisposable {
  #start: () => EngineRun;
  #waiting: EngineRun | undefined;
  #refillTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(start: () => EngineRun) {
    this.#start = start;
    this.#refill();
  }

  /** The engine that waits, configured; undefined when there is none, or `config` is not for it. */
  take(config: string): EngineRun | undefined {
    const waiting = this.#waiting;
    this.#refillLater();
    if (!waiting) return undefined;
    this.#waiting = undefined;
    if (waiting.configure(config)) return waiting;
    void discard(waiting);
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#refillTimer);
    if (this.#waiting) await discard(this.#waiting);
    this.#waiting = undefined;
  }

  #refillLater(): void {
    clearTimeout(this.#refillTimer);
    this.#refillTimer = setTimeout(() => this.#refill(), refillDelayMs);
    this.#refillTimer.unref();
  }

  #refill(): void {
    if (this.#closed || this.#waiting) return;
    try {
      this.#waiting = this.#start();
    } catch {
      // A failure shows again, to somebody who waits, when a container is started without it.
    }
  }
}

async function discard(run: EngineRun): Promise<void> {
  run[Symbol.dispose]();
  run.process.kill("SIGKILL");
  run.process.stdout.resume();
  run.process.stderr.resume();
  await run.closed.catch(() => undefined);
  await removeTree(run.bundle).catch(() => undefined);
}
