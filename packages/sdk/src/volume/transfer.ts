import { once } from "node:events";
import {
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from "node:http";
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

/** Bytes from an address that the server gave: exactly `length` of them, in `room` where there is one that holds them. */
export async function receiveBytes(
  url: string,
  length: number,
  { room = Buffer.allocUnsafeSlow(length), ...options }: TransferOptions & { room?: Uint8Array | undefined },
): Promise<Uint8Array> {
  const bytes = await transfer(options, () => get(url, room.subarray(0, length), options.signal));
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

async function get(url: string, room: Uint8Array, signal: AbortSignal): Promise<Answer> {
  const request = requestTo(url, { signal });
  const answered = once(request, "response");
  request.on("error", () => undefined).end();
  const [response] = (await answered) as [IncomingMessage];
  const status = response.statusCode ?? 0;
  if (!isGood(status)) return { status, body: await buffer(response) };
  let received = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    // More than was asked for shows in its length.
    if (received + chunk.length > room.length)
      return { status, body: Buffer.concat([room.subarray(0, received), chunk]) };
    room.set(chunk, received);
    received += chunk.length;
  }
  return { status, body: room.subarray(0, received) };
}

async function put(url: string, bytes: Uint8Array, signal: AbortSignal): Promise<Answer> {
  const request = requestTo(url, { method: "PUT", headers: { "content-length": bytes.length }, signal });
  const answered = once(request, "response");
  // A server that answers before it has read all may close the connection.
  request.on("error", () => undefined).end(bytes);
  const [response] = (await answered) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await buffer(response) };
}

/** Starts a request, and not by fetch, which copies what it sends and receives three times. */
function requestTo(url: string, options: RequestOptions): ClientRequest {
  return (new URL(url).protocol === "https:" ? httpsRequest : httpRequest)(url, options);
}

function isGood(status: number): boolean {
  return status >= 200 && status < 300;
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
    if (isGood(status)) return { kind: "bytes", bytes: body };
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
