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
  const first = await reader.read();
  if (first.done) return WebAnswer.short([head(response, 0), body()]);
  const second = reader.read();
  // Whoever waits for it below is told; it may not come to that.
  second.catch(() => undefined);
  if (WebAnswer.fits(first.value.byteLength)) {
    const soon = await Promise.race([second, atNextTurn()]);
    if (soon?.done) return WebAnswer.short([head(response, first.value.byteLength), body(first.value)]);
  }
  const answer = new WebAnswer(options);
  const { signal } = options.client;
  const leave = () => void reader.cancel(signal.reason).catch(() => undefined);
  signal.addEventListener("abort", leave);
  if (signal.aborted) leave();
  try {
    await answer.send(head(response));
    await answer.sendBody(first.value);
    for (let next = await second; !next.done; next = await reader.read()) await answer.sendBody(next.value);
    await answer.send(body());
    return await answer.sent();
  } finally {
    signal.removeEventListener("abort", leave);
    // A source that is not at its end puts away what it holds.
    leave();
  }
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
