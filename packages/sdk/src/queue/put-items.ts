import { AppError } from "@dorian/base/app-error";
import { Deadline } from "@dorian/base/deadline";
import { sleep } from "@dorian/base/sleep";
import { callOptions } from "../client/wait-options.ts";
import { checkTimeout } from "./check-wait.ts";
import type { PartitionWire } from "./partition-wire.ts";

const firstPauseMs = 100;
const longestPauseMs = 2_000;

/** Puts values into a partition, and asks again while it is full, until the time, in seconds, is over. */
export async function putItems(
  { modal, ...which }: PartitionWire,
  values: Uint8Array[],
  options: {
    partitionTtl?: number | undefined;
    timeout?: number | undefined;
    signal?: AbortSignal | undefined;
  },
): Promise<void> {
  const { partitionTtl, signal } = options;
  const deadline = new Deadline(checkTimeout(options.timeout ?? Number.POSITIVE_INFINITY) * 1000);
  const partitionTtlSeconds = lifeOf(partitionTtl);
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      await modal.queuePut({ ...which, values, partitionTtlSeconds }, callOptions(signal));
      return;
    } catch (error) {
      if (!AppError.is(error) || error.code !== "QUEUE_FULL" || deadline.isOver) throw error;
    }
    await sleep(Math.min(pauseMs, deadline.leftMs), { signal: signal ?? new AbortController().signal });
  }
}

/** Whole seconds; 0 stands for what the server does where nothing is said. */
function lifeOf(partitionTtl: number | undefined): number {
  if (partitionTtl === undefined) return 0;
  if (partitionTtl > 0 && partitionTtl <= maxTtlSecs) return Math.ceil(partitionTtl);
  throw new AppError("OPTION_INVALID", `A partition of a queue cannot have partitionTtl: ${partitionTtl}.`, {
    status: "INVALID_ARGUMENT",
    remedy: `It must be a number of seconds above 0, up to ${maxTtlSecs}.`,
  });
}

const maxTtlSecs = 2 ** 31 - 1;
