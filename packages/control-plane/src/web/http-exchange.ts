import type { IncomingMessage, ServerResponse } from "node:http";
import type { GenericResult } from "@dorian/protocol/modal";
import { httpDisconnect, requestPart } from "./asgi-message.ts";
import { answerToResult } from "./failure-answer.ts";
import { comeBack, type ParkedCalls } from "./parked-calls.ts";
import { answerPlainly } from "./plain-answer.ts";
import type { BodyPart } from "./request-body.ts";
import type { WebCall } from "./web-call.ts";
import { endConnection, writeAnswer } from "./write-answer.ts";

export interface HttpExchangeOptions {
  incoming: IncomingMessage;
  response: ServerResponse;
  call: WebCall;
  functionId: string;
  /** What of the body the app was not given yet. */
  rest: AsyncIterable<BodyPart> | undefined;
  parked: ParkedCalls;
  redirectAfterMs: number;
  /** Told how an answer is not what it says it is. */
  onMisjudged: (how: string) => void;
  /** Told how the call of an answer ended that has no end. */
  onCut: (result: GenericResult) => void;
}

/** Carries one request to its app and the answer back. Resolves when the call has ended, or was parked. */
export async function exchangeHttp(options: HttpExchangeOptions): Promise<void> {
  const { incoming, response, call, rest, parked } = options;
  let isParked = false;
  let isMisjudged = false;
  const gone = new AbortController();
  const onClose = () => {
    if (isParked || isMisjudged || response.writableFinished) return;
    gone.abort();
    call.leave(httpDisconnect);
  };
  if (response.closed) onClose();
  else response.once("close", onClose);
  const sent = rest ? sendRest(call, rest) : Promise.resolve();
  const whenSent = sent.then(
    () => true,
    () => false,
  );
  while (!(await call.begun({ timeoutMs: options.redirectAfterMs, signal: gone.signal }))) {
    if (gone.signal.aborted) {
      await call.drain();
      return;
    }
    // Who still sends cannot be sent elsewhere.
    if (!(await Promise.race([whenSent, false]))) continue;
    isParked = true;
    parked.park(call, options.functionId);
    answerPlainly(response, comeBack(incoming.url ?? "/", call.callId));
    return;
  }
  const onMisjudged = (how: string) => {
    isMisjudged = true;
    options.onMisjudged(how);
  };
  const answered = await writeAnswer(call.answer(), response, onMisjudged).catch(async (error: unknown) => {
    call.leave(httpDisconnect);
    void call.drain();
    throw error;
  });
  if (answered === "nothing") answerPlainly(response, answerToResult(await call.result));
  else if (answered === "part") {
    endConnection(response);
    options.onCut(await call.result);
  }
}

async function sendRest(call: WebCall, rest: AsyncIterable<BodyPart>): Promise<void> {
  for await (const { bytes, more } of rest) await call.send(requestPart(bytes, { more }));
}
