import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { AsyncQueue } from "@dorian/base/async-queue";
import { onAbort } from "@dorian/base/on-abort";
import { ContainerTurnSchema, type ContainerTurn, type GuestService } from "@dorian/protocol/guest";
import {
  FunctionGetInputsItemSchema,
  FunctionGetInputsRequestSchema,
  FunctionGetInputsResponseSchema,
  FunctionPutOutputsItemSchema,
  GenericResult_GenericStatus,
  type FunctionGetInputsItem,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";

type Modal = ServiceClient<typeof ModalClient>;
type Guest = ServiceClient<typeof GuestService>;

/**
 * `modal`, whose inputs and outputs travel in one stream while there is one: as messages they cost a fraction of calls.
 * `onCallerLeft` is told of inputs whose callers have gone.
 */
export function withInputExchange(
  modal: Modal,
  guest: Guest,
  onCallerLeft: (inputId: string) => void,
): Modal {
  const exchange = new InputExchange(guest, onCallerLeft);
  return {
    ...modal,
    async functionGetInputs(request, options = {}) {
      const { signal, idempotencyKey = "" } = options;
      if (signal) exchange.endWith(signal);
      const question = { idempotencyKey, request: create(FunctionGetInputsRequestSchema, request) };
      const inputs = await exchange.say((number, turn) =>
        turn.questions.push({ $typeName: "dorian.guest.InputQuestion", number, ...question }),
      );
      if (inputs) return create(FunctionGetInputsResponseSchema, { inputs });
      const response = await modal.functionGetInputs(request, options);
      exchange.mayOpen();
      return response;
    },
    async functionPutOutputs(request, options) {
      const outputs = (request.outputs ?? []).map((output) => create(FunctionPutOutputsItemSchema, output));
      const told = await Promise.all(
        outputs.map((output) => {
          const { inputId, result } = output;
          const succeeded = result?.status === GenericResult_GenericStatus.SUCCESS;
          const item = toBinary(FunctionPutOutputsItemSchema, output);
          return exchange.say((number, turn) =>
            turn.outputs.push({
              $typeName: "dorian.guest.ExchangedOutput",
              number,
              inputId,
              succeeded,
              item,
            }),
          );
        }),
      );
      const untold = outputs.filter((_, index) => !told[index]);
      return untold.length === 0
        ? { $typeName: "google.protobuf.Empty" }
        : await modal.functionPutOutputs({ ...request, outputs: untold }, options);
    },
  };
}

/** Ends what was said: with the inputs that answer a question, none for an output; undefined when it is to be made a call. */
type Answer = (inputs: FunctionGetInputsItem[] | undefined) => void;

interface Stream {
  turns: AsyncQueue<ContainerTurn>;
  waiting: Map<number, Answer>;
  /** What is said in this turn of the event loop. */
  turn?: ContainerTurn | undefined;
}

class InputExchange {
  #guest: Guest;
  #stream: Stream | undefined;
  /** False after one broke, until the server answers again, and for good where there is none. */
  #mayOpen = true;
  #ended = false;
  #lastNumber = 0;
  #onCallerLeft: (inputId: string) => void;

  constructor(guest: Guest, onCallerLeft: (inputId: string) => void) {
    this.#guest = guest;
    this.#onCallerLeft = onCallerLeft;
  }

  /** Puts something into the next turn. */
  say(put: (number: number, turn: ContainerTurn) => void): Promise<FunctionGetInputsItem[] | undefined> {
    const stream = this.#open();
    if (!stream) return Promise.resolve(undefined);
    const number = ++this.#lastNumber;
    return new Promise((resolve) => {
      stream.waiting.set(number, resolve);
      put(number, nextTurn(stream));
    });
  }

  /** The server answers, as far as anybody knows. */
  mayOpen(): void {
    this.#mayOpen = !this.#ended;
  }

  /** Nothing more is said once `signal` aborts: the server gives no more inputs then. */
  endWith(signal: AbortSignal): void {
    onAbort(signal, this.#end);
  }

  #end = () => {
    this.#ended = true;
    this.#mayOpen = false;
    const stream = this.#stream;
    this.#stream = undefined;
    setImmediate(() => stream?.turns.end());
  };

  #open(): Stream | undefined {
    if (this.#stream || !this.#mayOpen) return this.#stream;
    const stream: Stream = { turns: new AsyncQueue(), waiting: new Map() };
    this.#stream = stream;
    // It waits for an answer before the stream can end.
    queueMicrotask(() => void this.#listen(stream));
    return stream;
  }

  /** When the inputs that were told with it have begun. */
  #tellLater(left: readonly string[]): void {
    setImmediate(() => {
      for (const inputId of left) this.#onCallerLeft(inputId);
    });
  }

  async #listen(stream: Stream): Promise<void> {
    const { turns, waiting } = stream;
    const answer = (number: number, inputs: FunctionGetInputsItem[] | undefined) => {
      waiting.get(number)?.(inputs);
      waiting.delete(number);
    };
    this.#mayOpen = false;
    try {
      for await (const { answers, accepted, refused, left } of this.#guest.exchangeInputs(turns)) {
        for (const { number, inputs } of answers)
          answer(
            number,
            inputs.map(({ item }) => fromBinary(FunctionGetInputsItemSchema, item)),
          );
        for (const number of accepted) answer(number, []);
        for (const number of refused) answer(number, undefined);
        if (left.length > 0) this.#tellLater(left);
      }
    } catch (error) {
      // Of any other error each finds out, as a call: when that is answered, it may have passed.
      if (AppError.is(error) && error.status === "UNIMPLEMENTED") this.#ended = true;
    }
    turns.end();
    if (this.#stream === stream) this.#stream = undefined;
    for (const number of waiting.keys()) answer(number, undefined);
  }
}

function nextTurn(stream: Stream): ContainerTurn {
  if (stream.turn) return stream.turn;
  const turn = create(ContainerTurnSchema);
  stream.turn = turn;
  process.nextTick(() => {
    stream.turn = undefined;
    stream.turns.push(turn);
  });
  return turn;
}
