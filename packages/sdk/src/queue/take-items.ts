import { AppError } from "@dorian/base/app-error";
import { Deadline } from "@dorian/base/deadline";
import { callOptions } from "../client/wait-options.ts";
import { checkTimeout } from "./check-wait.ts";
import type { PartitionWire } from "./partition-wire.ts";

/** A server lets no call wait for longer than a minute. */
const longestWaitMs = 50_000;
/** As many as a request can ask for. */
const mostItems = 2 ** 31 - 1;
/** Who gives up does not wait for long to hear whether something was taken for it. */
const lateMs = 5_000;

/** Takes up to `max` values, as soon as there is one; none when the time, in seconds, is over. */
export async function takeItems(
  wire: PartitionWire,
  max: number,
  options: { timeout?: number | undefined; signal?: AbortSignal | undefined },
): Promise<Uint8Array[]> {
  const { signal } = options;
  checkMax(max);
  const deadline = new Deadline(checkTimeout(options.timeout ?? Number.POSITIVE_INFINITY) * 1000);
  for (;;) {
    const values = await takeOnce(wire, max, { waitMs: Math.min(deadline.leftMs, longestWaitMs), signal });
    if (values.length > 0 || deadline.isOver) return values;
  }
}

function checkMax(max: number): void {
  if (Number.isInteger(max) && max >= 1 && max <= mostItems) return;
  throw new AppError("OPTION_INVALID", `A queue cannot give at most ${max} items.`, {
    status: "INVALID_ARGUMENT",
    remedy: `Ask for a whole number of them, from 1 to ${mostItems}.`,
  });
}

/** What a server has taken when its caller gives up would be lost: asked again under the same key, it gives that. */
async function takeOnce(
  { modal, queueId, partitionKey }: PartitionWire,
  nValues: number,
  { waitMs, signal }: { waitMs: number; signal: AbortSignal | undefined },
): Promise<Uint8Array[]> {
  signal?.throwIfAborted();
  const idempotencyKey = crypto.randomUUID();
  const request = { queueId, partitionKey, nValues };
  try {
    const asked = modal.queueGet(
      { ...request, timeout: waitMs / 1000 },
      { idempotencyKey, ...callOptions(signal) },
    );
    return (await asked).values;
  } catch (error) {
    if (!signal?.aborted) throw error;
    const late = modal.queueGet(request, { idempotencyKey, signal: AbortSignal.timeout(lateMs) });
    const { values } = await late.catch(() => ({ values: [] }));
    if (values.length === 0) throw error;
    return values;
  }
}
