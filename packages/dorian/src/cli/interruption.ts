import type { SignalSource } from "../process/signal-source.ts";

/** Reason of the signal that the first Ctrl-C aborts. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly signalName: NodeJS.Signals;

  constructor(signalName: NodeJS.Signals) {
    super(`Interrupted by ${signalName}.`);
    this.signalName = signalName;
  }
}

/** A terminal and a parent such as npm may both pass on one Ctrl-C: what follows this soon is the same one. */
const sameMs = 200;

/**
 * Two-stage stop: the first SIGINT or SIGTERM aborts `signal`, so that work ends in order; the second calls
 * `onSecond`, which is expected to end the process at once.
 */
export class Interruption implements Disposable {
  readonly signal: AbortSignal;
  #source: SignalSource;
  #first = new Set<() => void>();
  #second: (() => void) | undefined;
  #listeners = new Map<NodeJS.Signals, () => void>();

  constructor(source: SignalSource, onSecond: (signalName: NodeJS.Signals) => void) {
    const controller = new AbortController();
    this.signal = controller.signal;
    this.#source = source;
    let lastAtMs = -Infinity;
    for (const signalName of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      const listener = () => {
        const repeated = performance.now() - lastAtMs < sameMs;
        lastAtMs = performance.now();
        if (repeated) return;
        if (controller.signal.aborted) {
          const replaced = this.#second;
          this.#second = undefined;
          if (replaced) replaced();
          else onSecond(signalName);
          return;
        }
        for (const tell of this.#first) tell();
        this.#first.clear();
        controller.abort(new Interrupted(signalName));
      };
      this.#listeners.set(signalName, listener);
      source.on(signalName, listener);
    }
  }

  /** Runs `tell` at the first interruption, before the signal aborts, unless it was disposed of. */
  onFirst(tell: () => void): Disposable {
    this.#first.add(tell);
    return { [Symbol.dispose]: () => void this.#first.delete(tell) };
  }

  /** Has the second interruption run `act` instead, and only the third end the process at once. */
  onSecond(act: () => void): void {
    this.#second = act;
  }

  [Symbol.dispose](): void {
    for (const [signalName, listener] of this.#listeners) this.#source.off(signalName, listener);
  }
}
