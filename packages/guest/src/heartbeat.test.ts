import { AppError } from "@dorian/base/app-error";
import { createLocalClient } from "@dorian/protocol/client/local-client";
import { ModalClient } from "@dorian/protocol/modal";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keepHeartbeat } from "./heartbeat.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a heartbeat keeps its key until it is answered: what an answer that got lost has told is told again", async () => {
  const keys: string[] = [];
  const cancelled: string[] = [];
  const modal = createLocalClient(
    ModalClient,
    {
      async containerHeartbeat(_request, { idempotencyKey }) {
        keys.push(idempotencyKey);
        if (keys.length === 1)
          throw new AppError("LOST", "lost", { status: "DEADLINE_EXCEEDED", remedy: "" });
        return keys.length === 2 ? { cancelInputEvent: { inputIds: ["in-1"] } } : {};
      },
    },
    { kind: "task", taskId: "ta-1" },
  );
  const stopping = new AbortController();
  const beating = keepHeartbeat({
    modal,
    onCancel: ({ inputIds }) => cancelled.push(...inputIds),
    onError: () => undefined,
    signal: stopping.signal,
  });
  await vi.advanceTimersByTimeAsync(20_000);
  stopping.abort();
  await vi.advanceTimersByTimeAsync(20_000);
  await beating;
  expect(keys.slice(0, 3)).toEqual(["heartbeat-0", "heartbeat-0", "heartbeat-1"]);
  expect(cancelled).toEqual(["in-1"]);
});
