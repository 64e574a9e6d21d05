import { sleep } from "@dorian/base/sleep";
import {
  DataFormat,
  GenericResult_GenericStatus,
  type CancelInputEvent,
  type FunctionGetInputsItem,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import type { AllowedInputs } from "./allowed-inputs.ts";
import { putOutput } from "./output-writer.ts";
import { patiently } from "./patiently.ts";
import { failureOf } from "./remote-error.ts";
import type { InputResult } from "./input-result.ts";
import {
  ContainerStopping,
  InputCancelled,
  RunningInputs,
  type OwnInput,
  type RunningInput,
} from "./running-inputs.ts";

export interface InputLoopOptions {
  modal: ServiceClient<typeof ModalClient>;
  functionId: string;
  /** How many inputs, or batches of them, are worked on at once. */
  allowed: AllowedInputs;
  /** How inputs are gathered, where user code gets several at a time. */
  batching?: { maxSize: number; lingerMs: bigint } | undefined;
  /** How many inputs this container takes in all; 0 for any number. */
  maxInputs: number;
  /** Runs user code on an input, or on a batch of them, and gives an output for each; never rejects. */
  run: (inputs: readonly RunningInput[]) => Promise<readonly InputResult[]>;
  /** Runs code so that it finds out which input it belongs to. */
  within: <T>(input: OwnInput, run: () => T) => T;
  nowMs: () => number;
}

/** An output on its way. `accepted` resolves when the server has it for good. */
interface Answer {
  accepted: Promise<void>;
}

/**
 * Fetches inputs and answers them, one outstanding request per free slot, until the server says that no more will come, a
 * limit is reached or `drain` is called.
 */
export class InputLoop {
  #options: InputLoopOptions;
  #inputs = new RunningInputs();
  #stopFetching = new AbortController();
  #taken = 0;
  #questions = 0;
  /** Rejects when an output cannot be handed over at all. */
  #failed = Promise.withResolvers<never>();
  // Outputs outlive everything that may be stopped.
  #never = new AbortController().signal;

  constructor(options: InputLoopOptions) {
    this.#options = options;
  }

  /** Resolves when fetching has ended and every input was answered. */
  async serve(): Promise<void> {
    const { allowed, modal, functionId } = this.#options;
    void allowed.follow(modal, functionId, this.#stopFetching.signal);
    const slots = Array.from({ length: allowed.most }, (_, slot) => this.#serveSlot(slot));
    try {
      await Promise.race([Promise.all(slots), this.#failed.promise]);
    } finally {
      this.drain();
    }
  }

  /** Takes no more inputs; running ones go on. */
  drain(): void {
    this.#stopFetching.abort();
  }

  /**
   * Takes no more inputs and tells the running ones to stop. Resolves when they have, or after `limitMs` milliseconds;
   * inputs that are cancelled get `cancelledMs` from then.
   */
  async interrupt(options: { limitMs: number; cancelledMs: number }): Promise<void> {
    const { limitMs, cancelledMs } = options;
    this.drain();
    const reason = new ContainerStopping("The container is being stopped.");
    for (const running of this.#inputs.all) this.#stop(running, reason);
    const signal = AbortSignal.timeout(limitMs);
    await this.#inputs.settled({ cancelledMs, signal }).catch(() => undefined);
  }

  /** Tells user code to stop, and the caller at once that it was: user code may take its time, or not listen. */
  cancel(event: CancelInputEvent): void {
    const reason = new InputCancelled(event.cancellationReason || "The input was cancelled.");
    for (const inputId of event.inputIds) {
      const running = this.#inputs.get(inputId);
      if (!running) continue;
      this.#inputs.cancelled(running);
      this.#stop(running, reason);
      void this.#answer(running, {
        result: failureOf(reason, GenericResult_GenericStatus.TERMINATED),
        dataFormat: DataFormat.CBOR,
      });
    }
  }

  /** Tells user code that the caller of a running input has gone. */
  callerLeft(inputId: string): void {
    const running = this.#inputs.get(inputId);
    if (running) this.#options.within(running, () => running.onCallerLeft?.());
  }

  /** Answers a running input, and its batch, with an error that its code did not catch. False when it does not run any more. */
  fail(inputId: string, error: unknown): boolean {
    const waiting = this.#inputs.get(inputId)?.batch.filter(({ answered }) => !answered) ?? [];
    for (const running of waiting)
      void this.#answer(running, { result: failureOf(error), dataFormat: DataFormat.CBOR });
    return waiting.length > 0;
  }

  // Listeners of the signal are the input's code.
  #stop(running: RunningInput, reason: InputCancelled | ContainerStopping): void {
    this.#options.within(running, () => running.stop(reason));
  }

  // The next input is asked for while the output of the one before is still on its way.
  async #serveSlot(slot: number): Promise<void> {
    const signal = this.#stopFetching.signal;
    let last: Answer = { accepted: Promise.resolve() };
    while (!signal.aborted) {
      const items: FunctionGetInputsItem[] = [];
      for (const item of await this.#fetch(slot, signal)) {
        if (item.killSwitch) {
          this.drain();
          break;
        }
        this.#taken += 1;
        if (item.input?.finalInput || this.#taken === this.#options.maxInputs) this.drain();
        if (this.#options.batching) items.push(item);
        else last = await this.#work([item], last);
      }
      if (items.length > 0) last = await this.#work(items, last);
    }
    await last.accepted;
  }

  async #fetch(slot: number, signal: AbortSignal): Promise<FunctionGetInputsItem[]> {
    const { modal, functionId, allowed, batching } = this.#options;
    try {
      await allowed.until(slot, signal);
      const gathered = batching ? { batchMaxSize: batching.maxSize, batchLingerMs: batching.lingerMs } : {};
      const request = { functionId, inputConcurrency: allowed.most, ...gathered };
      // The same until it has been answered: inputs whose answer got lost are given again.
      const idempotencyKey = `inputs-${++this.#questions}`;
      const ask = () => modal.functionGetInputs(request, { signal, idempotencyKey });
      const response = await patiently(ask, { signal });
      if (response.rateLimitSleepDuration > 0)
        await sleep(response.rateLimitSleepDuration * 1000, { signal });
      return response.inputs;
    } catch (error) {
      if (signal.aborted) return [];
      throw error;
    }
  }

  async #work(items: readonly FunctionGetInputsItem[], before: Answer): Promise<Answer> {
    const startedAt = this.#options.nowMs() / 1000;
    const inputs = items.flatMap((item) => this.#inputs.begin(item, startedAt) ?? []);
    if (inputs.length === 0) return before;
    for (const input of inputs) input.batch = inputs;
    const results = await this.#options.run(inputs);
    // One output on its way is enough: a server that has no room for it holds back the work.
    await before.accepted;
    const accepted = Promise.all(
      inputs.map((input, index) =>
        this.#answerUnlessStopped(input, results[index]).finally(() => this.#inputs.end(input)),
      ),
    ).then(() => undefined);
    accepted.catch(this.#failed.reject);
    return { accepted };
  }

  async #answerUnlessStopped(running: RunningInput, result: InputResult | undefined): Promise<void> {
    if (!result) throw new Error("Bug: an input was left without a result.");
    // Interrupted with the container: without an output the input is run again elsewhere.
    const interrupted = running.signal.reason instanceof ContainerStopping;
    if (interrupted && result.result.status !== GenericResult_GenericStatus.SUCCESS) return;
    await this.#answer(running, result);
  }

  async #answer(running: RunningInput, output: InputResult): Promise<void> {
    if (!running.claimAnswer()) return;
    const put = (answer: InputResult) =>
      putOutput(
        this.#options.modal,
        {
          item: running.item,
          startedAt: running.startedAt,
          createdAt: this.#options.nowMs() / 1000,
          ...answer,
        },
        { signal: this.#never },
      );
    // What the server will never take is told in its place: nobody would know of it otherwise.
    await put(output).catch((error: unknown) =>
      put({ result: failureOf(error), dataFormat: DataFormat.CBOR }),
    );
  }
}
