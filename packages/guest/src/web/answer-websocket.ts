import { AppError } from "@dorian/base/app-error";
import { offAbort, onAbort } from "@dorian/base/on-abort";
import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import type { WebSocketPeer } from "@dorian/sdk/web/server-websocket";
import { acceptanceOf } from "@dorian/sdk/web/upgrade-websocket";
import type { InputResult } from "../input-result.ts";
import type { RunningInput } from "../running-inputs.ts";
import { clientMessages } from "./client-messages.ts";
import { WebAnswer, type WebMessage } from "./web-answer.ts";
import type { WebInput } from "./web-input.ts";

const goingAway = 1001;

/** Opens the websocket that an app has accepted, and carries its messages until it is closed. */
export async function answerWebSocket(
  response: Response,
  options: { modal: ServiceClient<typeof ModalClient>; running: RunningInput; input: WebInput },
): Promise<InputResult> {
  const acceptance = acceptanceOf(response);
  if (!acceptance || !options.input.isWebSocket) throw notAccepted();
  const { modal, running } = options;
  const answer = new WebAnswer(options);
  const { protocol, headers } = acceptance;
  await answer.send({
    case: "websocketAccept",
    value: {
      ...(protocol === "" ? {} : { subprotocol: protocol }),
      headers: [...headers].flat().map((text) => Buffer.from(text, "latin1")),
    },
  });
  const client = new SocketClient(answer);
  const app = acceptance.open(client);
  const listening = new AbortController();
  const stop = () => listening.abort();
  onAbort(running.signal, stop);
  if (running.signal.aborted) stop();
  let code: number | undefined = goingAway;
  try {
    for await (const { case: kind, value } of clientMessages(modal, running.item.functionCallId, listening)) {
      if (kind === "websocketReceive" && value.content.case !== undefined)
        app.message(value.content.value as string | Uint8Array<ArrayBuffer>);
      if (kind !== "websocketDisconnect") continue;
      code = value.code;
      break;
    }
  } catch (error) {
    if (!listening.signal.aborted) throw error;
  } finally {
    offAbort(running.signal, stop);
    app.closed(code, "");
  }
  await client.sent;
  return await answer.sent();
}

/** The client, as the app's side of the socket speaks to it: one message behind the other. */
class SocketClient implements WebSocketPeer {
  bufferedBytes = 0;
  /** Resolves when all that was said has left. */
  sent: Promise<void> = Promise.resolve();
  #answer: WebAnswer;

  constructor(answer: WebAnswer) {
    this.#answer = answer;
  }

  message(data: string | Uint8Array): void {
    const bytes = typeof data === "string" ? Buffer.byteLength(data) : data.byteLength;
    this.bufferedBytes += bytes;
    const content =
      typeof data === "string"
        ? { case: "text" as const, value: data }
        : { case: "bytes" as const, value: data };
    this.#say({ case: "websocketSend", value: { content } }, () => (this.bufferedBytes -= bytes));
  }

  closed(code: number | undefined, reason: string): void {
    this.#say({ case: "websocketClose", value: { ...(code === undefined ? {} : { code }), reason } });
  }

  #say(message: WebMessage, then: () => void = () => undefined): void {
    // A client that has gone hears nothing any more.
    this.sent = this.sent.then(() => this.#answer.send(message)).then(then, then);
  }
}

function notAccepted(): AppError {
  return new AppError(
    "WEBSOCKET_NOT_ACCEPTED",
    "The handler answered with 101, but not by upgradeWebSocket().",
    {
      status: "INTERNAL",
      remedy: "Return the response that upgradeWebSocket(request) gives.",
    },
  );
}
