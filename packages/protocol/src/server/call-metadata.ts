import { AppError } from "@dorian/base/app-error";
import type { Headers } from "../http2/header-list.ts";

/** The part of a call's metadata that says who calls. */
export interface CallMetadata {
  get(key: string): (string | Buffer)[];
}

export function metadataOf(headers: Headers): CallMetadata {
  return {
    get(key) {
      const value = headers.get(key);
      return value === undefined ? [] : [value];
    },
  };
}

/** What setTimeout can wait for. */
const longestTimerMs = 2 ** 31 - 1;
const unitMs: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 0.001, n: 0.000001 };

/** Milliseconds in which the caller wants its answer; undefined for a caller that waits. @throws AppError CALL_HEADER_INVALID */
export function timeoutMsOf(headers: Headers): number | undefined {
  const text = headers.get("grpc-timeout");
  if (text === undefined) return undefined;
  const [, amount, unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  if (amount === undefined) throw invalid("grpc-timeout", text, "Write a number and a unit, such as 10S.");
  const limitMs = Number(amount) * (unitMs[unit] ?? 0);
  return limitMs > longestTimerMs ? undefined : limitMs;
}

/** Where the caller says that it reached this server. @throws AppError CALL_HEADER_INVALID */
export function calledUrlOf(headers: Headers): string {
  // A proxy that ends TLS in front of this server says so.
  const forwarded = headers.get("x-forwarded-proto")?.split(",")[0]?.trim().toLowerCase();
  const scheme = forwarded ?? headers.get(":scheme") ?? "http";
  if (scheme !== "http" && scheme !== "https")
    throw invalid(forwarded === undefined ? ":scheme" : "x-forwarded-proto", scheme, "Use http or https.");
  const authority = headers.get(":authority") ?? headers.get("host") ?? "localhost";
  const isHost = /^(\[[0-9a-fA-F:.]+\]|[^[\]:/?#@\\\s%]+)(:\d{1,5})?$/.test(authority);
  const url = `${scheme}://${authority}`;
  if (!isHost || !URL.canParse(url)) throw invalid(":authority", authority, "Write it as host:port.");
  return url;
}

/** Text that says what is not given as it should be, with as much of it as helps. */
function invalid(name: string, value: string, remedy: string): AppError {
  const shown = JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
  return new AppError("CALL_HEADER_INVALID", `The call has ${name} ${shown}.`, {
    status: "INVALID_ARGUMENT",
    remedy,
  });
}
