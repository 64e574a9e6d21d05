import { AppError, messageOf } from "@dorian/base/app-error";
import { backoff } from "@dorian/base/backoff";
import { sleep } from "@dorian/base/sleep";

const attempts = 6;

/**
 * One request for bytes, tried again while the network or the server fails.
 *
 * @throws AppError TRANSFER_FAILED, TRANSFER_REFUSED
 */
export async function transfer(
  what: string,
  url: string,
  request: { method: "GET" } | { method: "PUT"; body: Uint8Array },
  options: { signal: AbortSignal },
): Promise<Uint8Array> {
  const { signal } = options;
  const delays = backoff({ firstMs: 100, maxMs: 5_000 });
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(url, { ...request, signal } as RequestInit);
      const body = new Uint8Array(await response.arrayBuffer());
      if (response.ok) return body;
      const failure = refused(what, response.status, body);
      if (response.status < 500) throw failure;
      if (attempt === attempts) throw failure;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (AppError.is(error)) throw error;
      if (attempt === attempts) throw failed(what, error);
    }
    await sleep(delays.next(), { signal });
  }
}

function refused(what: string, status: number, body: Uint8Array): AppError {
  const text = Buffer.from(body.subarray(0, 1000)).toString().trim();
  return new AppError("TRANSFER_REFUSED", `The server refused ${what} (HTTP ${status}): ${text}`, {
    remedy: "Try again. Addresses of bytes are valid for an hour.",
  });
}

function failed(what: string, error: unknown): AppError {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return new AppError("TRANSFER_FAILED", `The transfer of ${what} failed: ${messageOf(cause)}.`, {
    status: "UNAVAILABLE",
    remedy: "Check the connection to the server and try again: what was sent is kept.",
    cause: error,
  });
}
