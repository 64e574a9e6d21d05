import { AppError } from "@dorian/base/app-error";
import { offAbort, onAbort } from "@dorian/base/on-abort";
import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import type { InputResult } from "../input-result.ts";
import type { RunningInput } from "../running-inputs.ts";
import { answerWebSocket } from "./answer-websocket.ts";
import { WebAnswer, type WebMessage } from "./web-answer.ts";
import { WebClient } from "./web-client.ts";
import { readWebInput, type WebInput } from "./web-input.ts";
import { webRequest } from "./web-request.ts";

/** Has a web app answer the request that an input brings. @throws what the app throws */
export async function runWebInput(
  modal: ServiceClient<typeof ModalClient>,
  answer: (request: Request) => Promise<Response>,
  running: RunningInput,
): Promise<InputResult> {
  const input = readWebInput(running.item.input);
  using client = new WebClient({ modal, running, input });
  const request = webRequest(input, client);
  const response = request instanceof Response ? request : await answer(request);
  if (response.status === 101) return await answerWebSocket(response, { modal, running, input });
  return await sendResponse(response, { modal, running, client, input });
}

async function sendResponse(
  response: Response,
  options: {
    modal: ServiceClient<typeof ModalClient>;
    running: RunningInput;
    client: WebClient;
    input: WebInput;
  },
): Promise<InputResult> {
  if ("method" in options.input.scope && options.input.scope.method === "HEAD") {
    await response.body?.cancel();
    return WebAnswer.short([head(response), body()]);
  }
  const reader = response.body?.getReader();
  if (!reader) return WebAnswer.short([head(response), body()]);
  const { signal } = options.client;
  const leave = () => void reader.cancel(signal.reason).catch(() => undefined);
  onAbort(signal, leave);
  if (signal.aborted) leave();
  try {
    return await sendParts(response, reader, options);
  } finally {
    offAbort(signal, leave);
    // A source that is not at its end puts away what it holds.
    leave();
  }
}

async function sendParts(
  response: Response,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  options: { modal: ServiceClient<typeof ModalClient>; running: RunningInput },
): Promise<InputResult> {
  const read = () => {
    const part = reader.read().then((next) => {
      // What was broken off is not the whole of it.
      options.running.signal.throwIfAborted();
      return next.done ? next : { ...next, value: checked(next.value) };
    });
    // Whoever waits for it below is told; it may not come to that.
    part.catch(() => undefined);
    return part;
  };
  const first = read();
  const begun = await Promise.race([first, atNextTurn()]);
  if (begun?.done) return WebAnswer.short([head(response, 0), body()]);
  const pending = [first];
  if (begun && WebAnswer.fits(begun.value.byteLength)) {
    const second = read();
    const ended = await Promise.race([second, atNextTurn()]);
    if (ended?.done) return WebAnswer.short([head(response, begun.value.byteLength), body(begun.value)]);
    pending.push(second);
  }
  const answer = new WebAnswer(options);
  // A client may wait for the head alone, however long the body is silent.
  await answer.send(head(response));
  for (;;) {
    const part = await (pending.shift() ?? read());
    if (part.done) break;
    await answer.sendBody(part.value);
  }
  await answer.send(body());
  return await answer.sent();
}

/** @throws AppError WEB_BODY_NOT_BYTES */
function checked(part: unknown): Uint8Array {
  if (part instanceof Uint8Array) return part;
  throw new AppError(
    "WEB_BODY_NOT_BYTES",
    `The body of the handler's Response is a stream of ${typeof part} values, not of bytes.`,
    {
      status: "INTERNAL",
      remedy: "Let it yield Uint8Array: stream.pipeThrough(new TextEncoderStream()) makes bytes of texts.",
    },
  );
}

/** Begins an answer. `length`: of a body that is known whole. */
function head({ status, headers }: Response, length?: number): WebMessage {
  const flat: Uint8Array[] = [];
  for (const [name, value] of headers) flat.push(latin1(name), latin1(value));
  if (length !== undefined && !headers.has("content-length"))
    flat.push(latin1("content-length"), latin1(String(length)));
  return { case: "httpResponseStart", value: { status, headers: flat } };
}

/** Ends a body. */
function body(bytes?: Uint8Array): WebMessage {
  return { case: "httpResponseBody", value: { ...(bytes ? { body: bytes } : {}), moreBody: false } };
}

/** Resolves when all that was already there has been read: a body that is known whole ends before that. */
function atNextTurn(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(() => resolve(undefined)));
}

function latin1(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}
