import type { ServerResponse } from "node:http";
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
        response.writeHead(status, headersFrom(headers));
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
        response.addTrailers(pairsOf(headers));
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
  return pairsOf(flat)
    .filter(([name]) => !connectionHeaders.has(name.toLowerCase()))
    .flat();
}

function pairsOf(flat: readonly Uint8Array[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) {
    pairs.push([latin1(flat[index]), latin1(flat[index + 1])]);
  }
  return pairs;
}

function latin1(bytes: Uint8Array = new Uint8Array()): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** Resolves when the client has taken what was written, or has gone. */
async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed || response.closed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once("drain", resolve).once("close", resolve);
  await promise;
  response.off("drain", resolve).off("close", resolve);
}
