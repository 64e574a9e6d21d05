import { setImmediate as nextTurn } from "node:timers/promises";
import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { Notifier } from "@dorian/base/notifier";
import { onAbort } from "@dorian/base/on-abort";
import type { ContainerTurn, GuestService, ServerTurnSchema } from "@dorian/protocol/guest";
import {
  FunctionGetInputsItemSchema,
  FunctionPutOutputsItemSchema,
  FunctionPutOutputsRequestSchema,
  type FunctionGetInputsRequest,
  type ModalClient,
} from "@dorian/protocol/modal";
import { decodeInner } from "@dorian/protocol/server/message-cost";
import { OpenNumbers } from "@dorian/protocol/server/open-numbers";
import { trimTurn } from "@dorian/protocol/server/trim-turn";
import type { Tasks } from "./tasks.ts";
import type { CallContext, ServiceHandlers } from "@dorian/protocol/service";

type ExchangedCalls = Required<
  Pick<ServiceHandlers<typeof ModalClient>, "functionGetInputs" | "functionPutOutputs">
>;
type InputItem = MessageInitShape<typeof FunctionGetInputsItemSchema>;

/** Word that an output is kept waits so long for something else to say: it wakes two processes. */
const acceptedMs = 20;
/** Questions and outputs without an answer: as many as a worker lets through. */
const mostOpen = 2_000;
/** Bytes of arguments that are told together, where one input has not as many. */
const turnBytes = 1024 * 1024;

/** Serves two calls of a container many at a time, in one stream. */
export function exchangeHandlers(
  calls: ExchangedCalls,
  tasks: Pick<Tasks, "get">,
): Required<Pick<ServiceHandlers<typeof GuestService>, "exchangeInputs">> {
  return {
    async *exchangeInputs(turns, context) {
      const exchange = new InputExchange(calls, context);
      void exchange.take(turns);
      const { identity } = context;
      const task = identity.kind === "task" ? tasks.get(identity.taskId) : undefined;
      const tell = (inputId: string) => exchange.tellLeft(inputId);
      task?.callersLeft.add(tell);
      try {
        yield* exchange.turns();
      } finally {
        task?.callersLeft.delete(tell);
      }
    },
  };
}

/** One stream: what was said in it and is not answered, and what is to be said next. */
class InputExchange {
  #calls: ExchangedCalls;
  #context: CallContext;
  /** Aborts when the container takes no more inputs. */
  #deaf = new AbortController();
  #open = new OpenNumbers(mostOpen);
  #ended = false;
  #failure: { reason: unknown } | undefined;
  #answers: { number: number; inputs: readonly InputItem[] }[] = [];
  #accepted: number[] = [];
  #refused: number[] = [];
  #left: string[] = [];
  #isDue = false;
  #changed = new Notifier();
  #later: NodeJS.Timeout | undefined;

  constructor(calls: ExchangedCalls, context: CallContext) {
    this.#calls = calls;
    this.#context = { ...context, signal: this.#deaf.signal };
    onAbort(context.signal, () => this.#deaf.abort(context.signal.reason));
  }

  tellLeft(inputId: string): void {
    this.#left.push(inputId);
    this.#due();
  }

  async take(turns: AsyncIterable<ContainerTurn>): Promise<void> {
    try {
      for await (const turn of turns) {
        trimTurn(turn);
        // In this order: who asks for the next is done with the last.
        for (const { number, item } of turn.outputs) this.#begin(number, () => this.#put(number, item));
        for (const { number, idempotencyKey, request } of turn.questions)
          this.#begin(number, () => this.#ask(number, idempotencyKey, request));
      }
    } catch (reason) {
      this.#failure = { reason };
    }
    this.#ended = true;
    this.#deaf.abort();
    this.#changed.notify();
  }

  /** What is said, until the container has ended the stream and all of it is answered. */
  async *turns(): AsyncGenerator<MessageInitShape<typeof ServerTurnSchema>> {
    const { signal } = new AbortController();
    try {
      for (;;) {
        while (!this.#isDue && !this.#isOver) await this.#changed.wait({ signal });
        if (this.#failure) throw this.#failure.reason;
        // With all else that this turn of the event loop brings.
        if (!this.#isOver) await nextTurn();
        const turn = this.#next();
        if (turn) yield turn;
        else if (this.#isOver) return;
      }
    } finally {
      clearTimeout(this.#later);
      this.#deaf.abort();
    }
  }

  get #isOver(): boolean {
    return this.#failure !== undefined || (this.#ended && this.#open.size === 0);
  }

  #next(): MessageInitShape<typeof ServerTurnSchema> | undefined {
    const [accepted, refused] = [this.#accepted, this.#refused];
    let count = 0;
    for (let bytes = 0; count < this.#answers.length && bytes < turnBytes; count++)
      for (const { input } of this.#answers[count]?.inputs ?? [])
        bytes += input?.argsOneof?.case === "args" ? input.argsOneof.value.byteLength : 0;
    const answers = this.#answers.splice(0, count);
    this.#isDue = this.#answers.length > 0;
    // Not before the answers that brought those inputs.
    const left = this.#isDue ? [] : this.#left.splice(0);
    if (answers.length + accepted.length + refused.length + left.length === 0) return undefined;
    this.#accepted = [];
    this.#refused = [];
    return {
      accepted,
      refused,
      left,
      answers: answers.map(({ number, inputs }) => ({ number, inputs: inputs.map(exchanged) })),
    };
  }

  #begin(number: number, work: () => Promise<void>): void {
    this.#open.add(number);
    void work()
      // It is made a call then, which is told what is wrong.
      .catch(() => {
        this.#refused.push(number);
        this.#due();
      })
      .then(() => {
        this.#open.delete(number);
        if (this.#isOver) this.#changed.notify();
      });
  }

  async #put(number: number, item: Uint8Array): Promise<void> {
    const outputs = [decodeInner("ExchangeInputs", FunctionPutOutputsItemSchema, item)];
    const request = create(FunctionPutOutputsRequestSchema, { outputs });
    const turn = { isOver: false };
    setImmediate(() => {
      turn.isOver = true;
    });
    await this.#calls.functionPutOutputs(request, this.#context);
    this.#accepted.push(number);
    // What went to a disk has waited long enough.
    if (turn.isOver) return this.#due();
    this.#later ??= setTimeout(() => {
      this.#later = undefined;
      if (this.#accepted.length > 0) this.#due();
    }, acceptedMs);
  }

  async #ask(
    number: number,
    idempotencyKey: string,
    request: FunctionGetInputsRequest | undefined,
  ): Promise<void> {
    if (!request) throw new TypeError("a question without a request");
    const { inputs = [] } = await this.#calls.functionGetInputs(request, {
      ...this.#context,
      idempotencyKey,
    });
    this.#answers.push({ number, inputs });
    this.#due();
  }

  #due(): void {
    this.#isDue = true;
    this.#changed.notify();
  }
}

function exchanged(item: InputItem) {
  return {
    inputId: item.inputId ?? "",
    functionCallId: item.functionCallId ?? "",
    item: toBinary(FunctionGetInputsItemSchema, create(FunctionGetInputsItemSchema, item)),
  };
}
