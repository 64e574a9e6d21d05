import type { ServerResponse } from "node:http";
import { headersOfApp, statusOfApp } from "./answer-head.ts";
import type { AppMessage } from "./asgi-message.ts";

/** How much of a response the app has given. */
export type Answered = "nothing" | "part" | "whole";

/** Until then the first bytes of the body are awaited, to travel with the head. */
const headMs = 2;

/** Of the connection to the container's own server, not of the message. */
const connectionHeaders = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Writes what an app answers, as it comes, at the client's pace. It goes on reading to the end when the response is
 * whole or the client has gone.
 *
 * @throws AppError WEB_ANSWER_INVALID
 */
export async function writeAnswer(
  messages: AsyncIterable<AppMessage>,
  response: ServerResponse,
): Promise<Answered> {
  let answered: Answered = "nothing";
  let hasTrailers = false;
  let bodyEnded = false;
  let flush: NodeJS.Timeout | undefined;
  try {
    for await (const message of messages) {
      if (answered === "whole") continue;
      if (message.case === "httpResponseStart" && answered === "nothing") {
        const { status, headers, trailers } = message.value;
        response.writeHead(statusOfApp(status), headersFrom(headers));
        hasTrailers = trailers;
        answered = "part";
        flush = setTimeout(() => response.flushHeaders(), headMs);
      } else if (message.case === "httpResponseBody" && answered === "part" && !bodyEnded) {
        clearTimeout(flush);
        const { body, moreBody } = message.value;
        bodyEnded = !moreBody;
        if (bodyEnded && !hasTrailers) {
          response.end(body);
          answered = "whole";
        } else if (body.byteLength > 0 && !response.write(body)) await drained(response);
      } else if (message.case === "httpResponseTrailers" && bodyEnded) {
        const { headers, moreTrailers } = message.value;
        response.addTrailers(headersOfApp(headers));
        if (moreTrailers) continue;
        response.end();
        answered = "whole";
      }
    }
  } finally {
    clearTimeout(flush);
  }
  return answered;
}

function headersFrom(flat: readonly Uint8Array[]): string[] {
  return headersOfApp(flat)
    .filter(([name]) => !connectionHeaders.has(name.toLowerCase()))
    .flat();
}

/** Resolves when the client has taken what was written, or has gone. */
async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed || response.closed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once("drain", resolve).once("close", resolve);
  await promise;
  response.off("drain", resolve).off("close", resolve);
}
