import { create, toBinary } from "@bufbuild/protobuf";
import { AsyncQueue } from "@dorian/base/async-queue";
import {
  ContainerTurnSchema,
  type ContainerTurn,
  type ExchangedOutput,
  type GuestService,
  type ServerTurn,
} from "@dorian/protocol/guest";
import { FunctionPutOutputsItemSchema } from "@dorian/protocol/modal";
import { decodeInner } from "@dorian/protocol/server/message-cost";
import { OpenNumbers } from "@dorian/protocol/server/open-numbers";
import { trimTurn } from "@dorian/protocol/server/trim-turn";
import { Notifier } from "@dorian/base/notifier";
import type { CallContext, ServiceClient } from "@dorian/protocol/service";
import { outputNotKept } from "./platform-failure.ts";
import type { TaskObserver } from "./task-observer.ts";

export interface ExchangeOptions {
  upstream: Pick<ServiceClient<typeof GuestService>, "exchangeInputs">;
  observer: Pick<TaskObserver, "onReady" | "onInputStarted" | "onInputEnded" | "beforeAnswer">;
  /** Resolves when what the container printed before has been read. */
  passing: () => Promise<void>;
  /** Questions and outputs of one stream that may be without an answer. */
  mostOpen: number;
}

/** Bytes of what a container said that wait for the server, or for a commit, before more is taken from the container. */
const mostWaitingBytes = 4 * 1024 * 1024;

/** Passes on what a container and the server say of inputs and outputs, and tells the observer what goes by. */
export async function* exchangeInputs(
  options: ExchangeOptions,
  turns: AsyncIterable<ContainerTurn>,
  context: CallContext,
): AsyncGenerator<ServerTurn> {
  const { upstream, observer } = options;
  const { signal } = context;
  const passage = new Passage(options, signal);
  void passage.take(turns);
  for await (const turn of upstream.exchangeInputs(passage.passed(), { signal })) {
    for (const { number, inputs } of turn.answers) {
      passage.answered(number);
      for (const { inputId, functionCallId } of inputs)
        if (inputId !== "") observer.onInputStarted({ inputId, functionCallId });
    }
    for (const number of turn.accepted) passage.answered(number);
    for (const number of turn.refused) passage.answered(number);
    yield turn;
  }
}

/** What a container says, on its way to the server. */
class Passage {
  #options: ExchangeOptions;
  #signal: AbortSignal;
  #open: OpenNumbers;
  /** Each with the bytes that it came with: a commit that fails makes other outputs of them. */
  #passed = new AsyncQueue<{ turn: ContainerTurn; bytes: number }>();
  #waitingBytes = 0;
  #changed = new Notifier();

  constructor(options: ExchangeOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#open = new OpenNumbers(options.mostOpen);
  }

  answered(number: number): void {
    this.#open.delete(number);
  }

  async *passed(): AsyncGenerator<ContainerTurn> {
    for await (const { turn, bytes } of this.#passed) {
      yield turn;
      // Whoever takes the next has sent this one.
      this.#waitingBytes -= bytes;
      this.#changed.notify();
    }
  }

  async take(turns: AsyncIterable<ContainerTurn>): Promise<void> {
    const keeping = new Set<Promise<void>>();
    try {
      for await (const turn of turns) {
        const kept = await this.#takeOne(turn);
        if (!kept) continue;
        const { waiting } = kept;
        keeping.add(waiting);
        void waiting.then(() => keeping.delete(waiting));
      }
      await Promise.all(keeping);
      this.#passed.end();
    } catch (error) {
      this.#passed.fail(error);
    }
  }

  /** Resolves when more may be taken, with what waits for a commit. */
  async #takeOne(turn: ContainerTurn): Promise<{ waiting: Promise<void> } | undefined> {
    const { observer, passing } = this.#options;
    const { outputs, questions } = turn;
    const bytes = trimTurn(turn);
    if (questions.length > 0) observer.onReady();
    for (const { number } of outputs) this.#open.add(number);
    for (const { number } of questions) this.#open.add(number);
    await passing();
    for (const { inputId, succeeded } of outputs) observer.onInputEnded({ inputId, succeeded });
    this.#waitingBytes += bytes;
    const kept = outputs.length > 0 ? observer.beforeAnswer(this.#signal) : undefined;
    let waiting: Promise<void> | undefined;
    if (!kept) this.#passed.push({ turn, bytes });
    else {
      if (questions.length > 0)
        this.#passed.push({ turn: create(ContainerTurnSchema, { questions }), bytes: 0 });
      waiting = whenKept(kept, outputs, this.#signal).then(
        (told) => this.#passed.push({ turn: create(ContainerTurnSchema, { outputs: told }), bytes }),
        (error: unknown) => this.#passed.fail(error),
      );
    }
    while (this.#waitingBytes > mostWaitingBytes) await this.#changed.wait({ signal: this.#signal });
    return waiting && { waiting };
  }
}

/** The outputs, when what was written until now is kept; where it cannot be, those that say that all is well say so no more. */
async function whenKept(
  kept: Promise<void>,
  outputs: ExchangedOutput[],
  signal: AbortSignal,
): Promise<ExchangedOutput[]> {
  try {
    await kept;
    return outputs;
  } catch (reason) {
    signal.throwIfAborted();
    return outputs.map((output) => {
      const told = decodeInner("ExchangeInputs", FunctionPutOutputsItemSchema, output.item);
      const item = outputNotKept(told, reason);
      return { ...output, item: toBinary(FunctionPutOutputsItemSchema, item) };
    });
  }
}
