import { Stopwatch } from "@dorian/base/stopwatch";
import type { LineOwner } from "../log/output-log.ts";

/**
 * Milliseconds in which what is read of a container's output is still that of the input which ended last: the engine passes output on,
 * and a busy machine lets it wait, while the end of an input comes straight from the container.
 */
const echoMs = 200;

/** Inputs that a container works on, as seen in its calls. */
export class RunningInputs {
  #byId = new Map<string, string>();
  #succeeded = false;
  #last: LineOwner | undefined;
  #sinceEnd: Stopwatch;

  /** `elapsedMs`: a clock that nobody sets. */
  constructor(elapsedMs?: () => number) {
    this.#sinceEnd = new Stopwatch(elapsedMs);
  }

  started(input: { inputId: string; functionCallId: string }): void {
    this.#byId.set(input.inputId, input.functionCallId);
  }

  ended(input: { inputId: string; succeeded: boolean }): void {
    this.#last = this.only;
    this.#sinceEnd.restart();
    this.#byId.delete(input.inputId);
    this.#succeeded = input.succeeded;
  }

  /** True when the last input that ended did so well. */
  get lastSucceeded(): boolean {
    return this.#succeeded;
  }

  get ids(): string[] {
    return [...this.#byId.keys()];
  }

  /**
   * The running input, when there is exactly one: only then is it clear whose output a line is. The one that ended just now, when there
   * is none.
   */
  get only(): LineOwner | undefined {
    if (this.#byId.size > 1) return undefined;
    for (const [inputId, functionCallId] of this.#byId) return { inputId, functionCallId };
    return this.#sinceEnd.ms < echoMs ? this.#last : undefined;
  }
}
