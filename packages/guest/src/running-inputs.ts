import { Notifier } from "@dorian/base/notifier";
import { Stopwatch } from "@dorian/base/stopwatch";
import type { FunctionGetInputsItem } from "@dorian/protocol/modal";

/** Why user code was told to stop. */
export class InputCancelled extends Error {
  override readonly name = "InputCancelled";
}

/** Why user code was told to stop when it is the container that ends, not the input. */
export class ContainerStopping extends Error {
  override readonly name = "ContainerStopping";
}

/** One delivery of an input to this container. */
export class RunningInput {
  readonly item: FunctionGetInputsItem;
  /** Unix seconds. */
  readonly startedAt: number;
  /** Runs since it was cancelled: nobody waits for it any more. */
  sinceCancelled: Stopwatch | undefined;
  /** All inputs that user code works on together with this one, which is among them. */
  batch: readonly RunningInput[] = [this];
  /** Told when its caller has gone. */
  onCallerLeft: (() => void) | undefined;
  #stop = new AbortController();
  #answered = false;

  constructor(item: FunctionGetInputsItem, startedAt: number) {
    this.item = item;
    this.startedAt = startedAt;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  stop(reason: InputCancelled | ContainerStopping): void {
    this.#stop.abort(reason);
  }

  /** True for the first who asks: an input has one output. */
  claimAnswer(): boolean {
    const first = !this.#answered;
    this.#answered = true;
    return first;
  }

  get answered(): boolean {
    return this.#answered;
  }
}

/** What user code finds out about the input that it works on. */
export type OwnInput = Pick<RunningInput, "item" | "signal">;

/** A batch as one input: the first of them, told to stop when the batch is. The server cancels a batch when nobody waits for any of it. */
export function asOne(batch: readonly RunningInput[]): OwnInput {
  const [first, second] = batch;
  if (!first) throw new Error("Bug: a batch without inputs.");
  if (!second) return first;
  return { item: first.item, signal: AbortSignal.any(batch.map(({ signal }) => signal)) };
}

/** The inputs that user code is working on. */
export class RunningInputs {
  #byId = new Map<string, RunningInput>();
  #changed = new Notifier();

  /**
   * Undefined for a second delivery of the attempt that is running, which is to be dropped. One that comes behind its answer is a
   * new beginning: the server that took the answer has forgotten it.
   */
  begin(item: FunctionGetInputsItem, startedAt: number): RunningInput | undefined {
    const before = this.#byId.get(item.inputId);
    if (before && !before.answered && before.item.retryCount === item.retryCount) return undefined;
    const input = new RunningInput(item, startedAt);
    this.#byId.set(item.inputId, input);
    this.#changed.notify();
    return input;
  }

  end(input: RunningInput): void {
    if (this.#byId.get(input.item.inputId) === input) this.#byId.delete(input.item.inputId);
    this.#changed.notify();
  }

  /** Nobody waits for it any more. */
  cancelled(input: RunningInput): void {
    input.sinceCancelled ??= new Stopwatch();
    this.#changed.notify();
  }

  get(inputId: string): RunningInput | undefined {
    return this.#byId.get(inputId);
  }

  get all(): Iterable<RunningInput> {
    return this.#byId.values();
  }

  /**
   * Resolves when nothing runs, or only what was cancelled at least `cancelledMs` milliseconds ago.
   *
   * @throws the reason of `signal`
   */
  async settled(options: { cancelledMs: number; signal: AbortSignal }): Promise<void> {
    for (;;) {
      const rests = [...this.#byId.values()].map(({ sinceCancelled }) =>
        sinceCancelled ? options.cancelledMs - sinceCancelled.ms : Infinity,
      );
      const restMs = Math.max(0, ...rests);
      if (restMs === 0) return;
      await this.#changed.wait({
        signal: options.signal,
        ...(restMs === Infinity ? {} : { timeoutMs: restMs }),
      });
    }
  }
}
