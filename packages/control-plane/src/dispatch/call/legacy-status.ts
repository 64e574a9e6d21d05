import { GenericResult_GenericStatus as Status, type GenericResult } from "@dorian/protocol/modal";
import type { CallContext } from "@dorian/protocol/service";
import { inWordsOf } from "@dorian/protocol/error/words";
import { isAtLeast } from "./client-age.ts";

/** The first client version that knows a status, where that is not every version. */
const knownSince: [Status, readonly [number, number]][] = [
  [Status.INTERNAL_FAILURE, [0, 66]],
  [Status.IDLE_TIMEOUT, [1, 1]],
  [Status.MEMORY_MANAGER_EVICTION, [1, 1]],
  [Status.MEMORY_THRASHING_EVICTION, [1, 6]],
  [Status.KERNEL_OOM_KILL, [1, 6]],
];

/** What to tell a client of a version about a status: one that it does not know becomes the nearest that it does. */
export function statusFor(clientVersion: string | undefined, status: Status): Status {
  const since = knownSince.find(([known]) => known === status)?.[1];
  if (!since || isAtLeast(clientVersion, since)) return status;
  return status === Status.IDLE_TIMEOUT ? Status.TIMEOUT : Status.FAILURE;
}

/** Who reads a result. */
export type ResultReader = Pick<CallContext, "clientVersion" | "language">;

/** The result as its reader understands it. What the user's code has thrown comes with data, and is left as it is. */
export function resultFor({ clientVersion, language }: ResultReader, result: GenericResult): GenericResult {
  const status = statusFor(clientVersion, result.status);
  const isOurs = result.dataOneof.case === undefined;
  const exception = isOurs ? inWordsOf(language, result.exception) : result.exception;
  return status === result.status && exception === result.exception
    ? result
    : { ...result, status, exception };
}
