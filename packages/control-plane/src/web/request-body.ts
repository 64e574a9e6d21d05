import { AppError } from "@dorian/base/app-error";
import type { IncomingMessage } from "node:http";
import type { BodyTurns } from "./body-turns.ts";

export interface BodyPart {
  bytes: Uint8Array;
  more: boolean;
}

/** Bodies up to this size are read before anything is called: a slow sender then holds up nobody. */
const wholeBytes = 256 * 1024;
const partBytes = 1024 * 1024;
/** Without a byte of a body that is awaited whole. */
const idleMs = 60_000;
const nothing = new Uint8Array();

/**
 * The parts of a request's body, the last one marked. There is always one. Reading takes no more from the connection
 * than is asked for.
 *
 * @throws AppError WEB_REQUEST_ABORTED when the client goes, WEB_REQUEST_TIMEOUT when it does not go on
 */
export async function* bodyParts(incoming: IncomingMessage, turns: BodyTurns): AsyncGenerator<BodyPart> {
  if (!hasBody(incoming)) {
    incoming.resume();
    yield { bytes: nothing, more: false };
    return;
  }
  const isWhole = Number(incoming.headers["content-length"] ?? Number.POSITIVE_INFINITY) <= wholeBytes;
  let pending: Buffer[] = [];
  let size = 0;
  for (;;) {
    const chunk = incoming.read() as Buffer | null;
    if (chunk) {
      pending.push(chunk);
      size += chunk.byteLength;
    }
    const isLast = incoming.complete && incoming.readableLength === 0;
    const isEnough = !isWhole && size > 0 && (chunk === null || size >= partBytes);
    if (isLast || isEnough) {
      yield { bytes: pending.length === 1 ? (pending[0] ?? nothing) : Buffer.concat(pending), more: !isLast };
      if (isLast) return;
      await turns.next(size);
      pending = [];
      size = 0;
    } else if (chunk === null) await readable(incoming, isWhole ? idleMs : undefined);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  if (headers["transfer-encoding"] !== undefined) return true;
  return headers["content-length"] !== undefined && headers["content-length"] !== "0";
}

async function readable(incoming: IncomingMessage, timeoutMs: number | undefined): Promise<void> {
  if (incoming.destroyed) throw aborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onClose = () => (incoming.complete ? resolve() : reject(aborted()));
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => reject(stalled()), timeoutMs);
  incoming.once("readable", resolve).once("end", resolve).once("close", onClose).once("error", onClose);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    incoming.off("readable", resolve).off("end", resolve).off("close", onClose).off("error", onClose);
  }
}

function aborted(): AppError {
  return new AppError("WEB_REQUEST_ABORTED", "The client went away before it had sent its request.", {
    status: "CANCELLED",
    remedy: "Send the request again.",
  });
}

function stalled(): AppError {
  return new AppError("WEB_REQUEST_TIMEOUT", "The rest of the request did not come.", {
    status: "DEADLINE_EXCEEDED",
    remedy: "Send as many bytes as `Content-Length` says.",
  });
}
