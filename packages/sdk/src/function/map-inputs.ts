import type { MessageInitShape } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { backoff } from "@dorian/base/backoff";
import { Deadline } from "@dorian/base/deadline";
import { Notifier } from "@dorian/base/notifier";
import { orAborted } from "@dorian/base/or-aborted";
import { sleep } from "@dorian/base/sleep";
import type { FunctionPutInputsItemSchema } from "@dorian/protocol/modal";
import type { Transport } from "../client/transport.ts";
import { encodeInput } from "./encode-input.ts";
import type { Target } from "./invocation.ts";

const batchInputs = 49;
const batchBytes = 4 * 1024 * 1024;
/** A disk of the server that is full may be freed by somebody: a map waits so long in milliseconds before it says so. */
const fullDiskPatienceMs = 60_000;

type InputItem = MessageInitShape<typeof FunctionPutInputsItemSchema> & { idx: number };

/** The inputs of a map on their way to the server. */
export class MapInputs {
  #wire: Transport;
  #target: Target;
  #functionCallId: string;
  #maxOutstanding: number;
  /** Items taken from the source. */
  #taken = 0;
  /** Those of them that have no result yet; empty where nobody looks for results. */
  #unanswered = new Set<number>();
  #received = 0;
  /** Results that the caller is done with. */
  #done = 0;
  #ended = false;
  /** Until a full disk is no more waited for. Undefined while it takes inputs. */
  #full: Deadline | undefined;
  #failure = new AbortController();
  #sent = 0;
  #changed = new Notifier();

  constructor(wire: Transport, target: Target, functionCallId: string, maxOutstanding: number) {
    this.#wire = wire;
    this.#target = target;
    this.#functionCallId = functionCallId;
    this.#maxOutstanding = maxOutstanding;
  }

  async send(items: Iterable<unknown[]> | AsyncIterable<unknown[]>, signal: AbortSignal): Promise<void> {
    try {
      let batch: InputItem[] = [];
      let bytes = 0;
      const flush = async () => {
        await this.#put(batch, signal);
        [batch, bytes] = [[], 0];
      };
      // Items that come one by one must not wait for a full batch: what is there is sent when the next has to be waited for.
      for await (const args of eager(items, { idle: flush, signal })) {
        const { methodName, inputFormats } = this.#target;
        const input = encodeInput(methodName, args, inputFormats, ` of the map's items[${this.#taken}]`);
        const size = input.argsOneof.case === "args" ? input.argsOneof.value.length : 0;
        if (batch.length >= batchInputs || (batch.length > 0 && bytes + size > batchBytes)) await flush();
        if (this.#maxOutstanding < Infinity) this.#unanswered.add(this.#taken);
        batch.push({ idx: this.#taken++, input });
        bytes += size;
        while (this.#taken - this.#done >= this.#maxOutstanding) {
          await flush();
          // Results may have come, and been taken, while the last items were sent.
          if (this.#taken - this.#done < this.#maxOutstanding) break;
          await this.#changed.wait({ signal });
        }
      }
      await flush();
      await this.#wire.modal.functionFinishInputs(
        { functionId: this.#target.functionId, functionCallId: this.#functionCallId, numInputs: this.#taken },
        { signal },
      );
      this.#ended = true;
    } catch (error) {
      this.#failure.abort(error);
    }
    this.#changed.notify();
  }

  /** False for a result that came before. */
  noteResult(index: number): boolean {
    if (!this.#unanswered.delete(index)) return false;
    this.#received += 1;
    this.#changed.notify();
    return true;
  }

  /** Notes that the caller is done with a result: as many items as that may be taken anew. */
  noteTaken(): void {
    this.#done += 1;
    this.#changed.notify();
  }

  /** Resolves true when there is a result to wait for, false when there will be no more. */
  async someOutstanding(signal: AbortSignal): Promise<boolean> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#sent > this.#received) return true;
      if (this.#ended) return false;
      await this.#changed.wait({ signal });
    }
  }

  /** Aborts when an item cannot be had or sent, with that error as the reason. */
  get failure(): AbortSignal {
    return this.#failure.signal;
  }

  async #put(batch: InputItem[], signal: AbortSignal): Promise<void> {
    const delays = backoff({ firstMs: 100, maxMs: 5_000 });
    let rest = batch;
    while (rest.length > 0) {
      const accepted = await this.#offer(rest, signal);
      rest = rest.filter(({ idx }) => !accepted.has(idx));
      this.#sent += accepted.size;
      this.#changed.notify();
      if (accepted.size > 0) delays.reset();
      if (rest.length > 0) await sleep(delays.next(), { signal });
    }
  }

  /**
   * Indexes of what the server took. A full queue takes nothing: the containers need time, not the caller an error. Nor does
   * a full disk, which may be freed soon.
   */
  async #offer(inputs: InputItem[], signal: AbortSignal): Promise<Set<number>> {
    try {
      const { functionId } = this.#target;
      const request = { functionId, functionCallId: this.#functionCallId, inputs };
      const response = await this.#wire.modal.functionPutInputs(request, { signal });
      this.#full = undefined;
      return new Set(response.inputs.map(({ idx }) => idx));
    } catch (error) {
      if (!AppError.is(error) || error.status !== "RESOURCE_EXHAUSTED") throw error;
      if (error.code !== "STORAGE_FULL") return new Set();
      this.#full ??= new Deadline(fullDiskPatienceMs);
      if (this.#full.isOver) throw error;
      return new Set();
    }
  }
}

/** The items, with a call of `idle` before each that is not there at once. On abort, none is waited for any more. */
async function* eager<T>(
  items: Iterable<T> | AsyncIterable<T>,
  { idle, signal }: { idle: () => Promise<void>; signal: AbortSignal },
): AsyncGenerator<T> {
  if (!(Symbol.asyncIterator in items)) {
    yield* items;
    return;
  }
  const iterator = items[Symbol.asyncIterator]();
  let completed = false;
  try {
    for (;;) {
      const next = iterator.next();
      const first = await Promise.race([next, afterThisTick()]);
      if (first === undefined) {
        // The item may fail while the rest is being sent.
        next.catch(() => undefined);
        await idle();
      }
      const { done, value } = await orAborted(next, signal);
      completed = done ?? false;
      if (completed) return;
      yield value as T;
    }
  } finally {
    const closed = completed ? undefined : iterator.return?.();
    // A source that is in the middle of something closes when it is done with it, if ever.
    if (signal.aborted) closed?.catch(() => undefined);
    else await closed;
  }
}

function afterThisTick(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(resolve, undefined));
}
