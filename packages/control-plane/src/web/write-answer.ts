import type { ServerResponse } from "node:http";
import { frameOf, trailersOf, type AnswerFrame } from "./answer-frame.ts";
import { headersOfApp, statusOfApp } from "./answer-head.ts";
import type { AppMessage } from "./asgi-message.ts";

/** How much of a response the app has given. */
export type Answered = "nothing" | "part" | "whole";

/** Milliseconds for the first bytes of a body, which travel with the head when they come until then. */
const headMs = 2;

/**
 * Writes what an app answers, as it comes, at the client's pace. It goes on reading to the end when the response is
 * whole or the client has gone. An answer that does not have the length that it says is told to `onMisjudged` and ends
 * its connection: else the client would look for the next answer in the wrong place.
 *
 * @throws AppError WEB_ANSWER_INVALID
 */
export async function writeAnswer(
  messages: AsyncIterable<AppMessage>,
  response: ServerResponse,
  onMisjudged: (how: string) => void,
): Promise<Answered> {
  let answered: Answered = "nothing";
  let frame: AnswerFrame | undefined;
  let received = 0;
  let bodyEnded = false;
  let flush: NodeJS.Timeout | undefined;
  try {
    for await (const message of messages) {
      if (answered === "whole") continue;
      if (message.case === "httpResponseStart" && !frame) {
        const status = statusOfApp(message.value.status);
        const headers = headersOfApp(message.value.headers);
        frame = frameOf(response.req, { status, headers, trailers: message.value.trailers });
        response.writeHead(status, frame.headers);
        answered = "part";
        flush = setTimeout(() => response.flushHeaders(), headMs);
      } else if (message.case === "httpResponseBody" && frame && !bodyEnded) {
        clearTimeout(flush);
        const { moreBody } = message.value;
        const { length = Number.POSITIVE_INFINITY } = frame;
        const body = frame.hasBody ? message.value.body : new Uint8Array();
        const fitting = body.subarray(0, length - received);
        received += body.byteLength;
        bodyEnded = !moreBody;
        const isShort = bodyEnded && frame.length !== undefined && received < length;
        if (received > length || isShort) {
          if (fitting.byteLength > 0) response.write(fitting);
          onMisjudged(`a content-length of ${length}, and ${isShort ? received : "more"} bytes of a body`);
          endConnection(response);
          answered = "whole";
        } else if (bodyEnded && !frame.takesTrailers) {
          response.end(fitting);
          answered = "whole";
        } else if (fitting.byteLength > 0 && !response.write(fitting)) await drained(response);
      } else if (message.case === "httpResponseTrailers" && frame && bodyEnded) {
        response.addTrailers(trailersOf(headersOfApp(message.value.headers)));
        if (message.value.moreTrailers) continue;
        response.end();
        answered = "whole";
      }
    }
  } finally {
    clearTimeout(flush);
  }
  return answered;
}

/** Closes a response's connection behind what was written of it: its missing end says that this is not the whole. */
export function endConnection(response: ServerResponse): void {
  response.flushHeaders();
  if (response.socket) response.socket.destroySoon();
  // Others are still answered before it on its connection.
  else response.once("socket", (socket) => setImmediate(() => socket.destroySoon()));
}

/** Resolves when the client has taken what was written, or has gone. */
async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed || response.closed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once("drain", resolve).once("close", resolve);
  await promise;
  response.off("drain", resolve).off("close", resolve);
}
