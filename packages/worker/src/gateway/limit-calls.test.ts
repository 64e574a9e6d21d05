import { createLocalClient } from "@dorian/protocol/client/local-client";
import { ModalClient } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { limitCalls } from "./limit-calls.ts";

test("a call that failed and a stream that was left make room for others", async () => {
  const handlers = limitCalls(
    ModalClient,
    {
      async appHeartbeat() {
        throw new Error("refused");
      },
      async *functionCallGetDataOut() {
        for (let index = 1n; ; index += 1n) yield { index };
      },
    },
    1,
  );
  const modal = createLocalClient(ModalClient, handlers, { kind: "task", taskId: "ta-1" });
  for (let round = 0; round < 3; round += 1) {
    await expect(modal.appHeartbeat({})).rejects.toThrow("refused");
    for await (const { index } of modal.functionCallGetDataOut({})) {
      await expect(modal.appHeartbeat({})).rejects.toMatchObject({ code: "TASK_CALLS_TOO_MANY" });
      if (index === 2n) break;
    }
  }
});
