import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { buffer } from "node:stream/consumers";
import { AppError, messageOf } from "@dorian/base/app-error";
import { Patience } from "@dorian/base/patience";

/** A server that was started again may have other addresses: who waits longer for one waits in vain. */
const patienceMs = 20_000;

export interface TransferOptions {
  /** What it is about, for errors. */
  file: string;
  signal: AbortSignal;
}

/** Sends bytes to an address that the server gave, and returns its answer. */
export async function sendBytes(
  url: string,
  bytes: Uint8Array,
  options: TransferOptions,
): Promise<Uint8Array> {
  return await transfer(options, () => put(url, bytes, options.signal));
}

/** Bytes from an address that the server gave: exactly `length` of them. */
export async function receiveBytes(
  url: string,
  length: number,
  options: TransferOptions,
): Promise<Uint8Array> {
  const bytes = await transfer(options, () => get(url, options.signal));
  if (bytes.length === length) return bytes;
  throw new AppError(
    "TRANSFER_INCOMPLETE",
    `The server sent ${bytes.length} bytes of "${options.file}" where there must be ${length}.`,
    { status: "DATA_LOSS", remedy: "Try again; if it happens again, look at the server's log." },
  );
}

interface Answer {
  status: number;
  body: Uint8Array;
}

async function get(url: string, signal: AbortSignal): Promise<Answer> {
  const response = await fetch(url, { signal });
  return { status: response.status, body: new Uint8Array(await response.arrayBuffer()) };
}

/** Sends bytes, and not by fetch, which copies what it sends three times. */
async function put(url: string, bytes: Uint8Array, signal: AbortSignal): Promise<Answer> {
  const start = new URL(url).protocol === "https:" ? httpsRequest : httpRequest;
  const request = start(url, { method: "PUT", headers: { "content-length": bytes.length }, signal });
  const answered = once(request, "response");
  // A server that answers before it has read all may close the connection.
  request.on("error", () => undefined).end(bytes);
  const [response] = (await answered) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await buffer(response) };
}

async function transfer(options: TransferOptions, request: () => Promise<Answer>): Promise<Uint8Array> {
  const { file, signal } = options;
  const patience = new Patience({ limitMs: patienceMs, firstMs: 200, maxMs: 3_000 });
  for (;;) {
    const outcome = await answerTo(request, signal);
    if (outcome.kind === "bytes") return outcome.bytes;
    if (outcome.kind === "refused") {
      throw new AppError(
        outcome.full ? "STORAGE_FULL" : "TRANSFER_REFUSED",
        `The server refused "${file}": ${outcome.reason}`,
        {
          status: outcome.full ? "RESOURCE_EXHAUSTED" : "FAILED_PRECONDITION",
          remedy: outcome.full ? "Make room on the server's disk, then try again." : "Try again.",
        },
      );
    }
    if (!(await patience.again({ signal }))) {
      throw new AppError("TRANSFER_FAILED", `"${file}" could not be transferred: ${outcome.reason}.`, {
        status: "UNAVAILABLE",
        remedy: "Check that the server runs and that its HTTP address can be reached from here.",
        cause: outcome.cause,
      });
    }
  }
}

type Outcome =
  | { kind: "bytes"; bytes: Uint8Array }
  | { kind: "refused"; reason: string; full: boolean }
  | { kind: "unreachable"; reason: string; cause?: unknown };

async function answerTo(request: () => Promise<Answer>, signal: AbortSignal): Promise<Outcome> {
  try {
    const { status, body } = await request();
    if (status >= 200 && status < 300) return { kind: "bytes", bytes: body };
    const text = Buffer.from(body).toString().trim();
    const reason = text === "" ? `HTTP status ${status}.` : text;
    // 507 says that the server's disk is full: trying again does not help.
    const full = status === 507;
    return status >= 500 && !full ? { kind: "unreachable", reason } : { kind: "refused", reason, full };
  } catch (error) {
    signal.throwIfAborted();
    // fetch hides what happened in the cause of a TypeError.
    const cause = error instanceof TypeError && error.cause !== undefined ? error.cause : error;
    return { kind: "unreachable", reason: messageOf(cause), cause: error };
  }
}
