import { AppError, messageOf } from "@dorian/base/app-error";
import { backoff } from "@dorian/base/backoff";
import { sleep } from "@dorian/base/sleep";

const attempts = 10;

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
  const body = bytes as Uint8Array<ArrayBuffer>;
  return await transfer(options, () => fetch(url, { method: "PUT", body, signal: options.signal }));
}

/** Bytes from an address that the server gave: exactly `length` of them. */
export async function receiveBytes(
  url: string,
  length: number,
  options: TransferOptions,
): Promise<Uint8Array> {
  const bytes = await transfer(options, () => fetch(url, { signal: options.signal }));
  if (bytes.length === length) return bytes;
  throw new AppError(
    "TRANSFER_INCOMPLETE",
    `The server sent ${bytes.length} bytes of "${options.file}" where there must be ${length}.`,
    { status: "DATA_LOSS", remedy: "Try again; if it happens again, look at the server's log." },
  );
}

async function transfer(options: TransferOptions, request: () => Promise<Response>): Promise<Uint8Array> {
  const { file, signal } = options;
  const delays = backoff({ firstMs: 200, maxMs: 3_000 });
  for (let attempt = 1; ; attempt++) {
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
    if (attempt === attempts) {
      throw new AppError("TRANSFER_FAILED", `"${file}" could not be transferred: ${outcome.reason}.`, {
        status: "UNAVAILABLE",
        remedy: "Check that the server runs and that its HTTP address can be reached from here.",
        cause: outcome.cause,
      });
    }
    await sleep(delays.next(), { signal });
  }
}

type Outcome =
  | { kind: "bytes"; bytes: Uint8Array }
  | { kind: "refused"; reason: string; full: boolean }
  | { kind: "unreachable"; reason: string; cause?: unknown };

async function answerTo(request: () => Promise<Response>, signal: AbortSignal): Promise<Outcome> {
  try {
    const response = await request();
    if (response.ok) return { kind: "bytes", bytes: new Uint8Array(await response.arrayBuffer()) };
    const text = (await response.text()).trim();
    const reason = text === "" ? `HTTP status ${response.status}.` : text;
    // 507 says that the server's disk is full: trying again does not help.
    const full = response.status === 507;
    return response.status >= 500 && !full
      ? { kind: "unreachable", reason }
      : { kind: "refused", reason, full };
  } catch (error) {
    signal.throwIfAborted();
    // fetch hides what happened in the cause of a TypeError.
    const cause = error instanceof TypeError && error.cause !== undefined ? error.cause : error;
    return { kind: "unreachable", reason: messageOf(cause), cause: error };
  }
}
