import { create } from "@bufbuild/protobuf";
import { FunctionSchema$ } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { inputTimeoutMs, scalingSettingsOf, startupTimeoutMs } from "./scaling-settings.ts";

test("the newer settings win over their older duplicates, one by one", () => {
  const definition = create(FunctionSchema$, {
    autoscalerSettings: { minContainers: 2, scaledownWindow: 5 },
    warmPoolSize: 1,
    concurrencyLimit: 9,
    taskIdleTimeoutSecs: 300,
    maxConcurrentInputs: 4,
  });
  expect(scalingSettingsOf(definition)).toEqual({
    min: 2,
    max: 9,
    buffer: 0,
    scaledownWindowMs: 5_000,
    targetConcurrency: 4,
  });
  expect(scalingSettingsOf(create(FunctionSchema$))).toMatchObject({
    min: 0,
    max: Infinity,
    scaledownWindowMs: 60_000,
    targetConcurrency: 1,
  });
});

test("numbers that no machine could serve are not counted with: any client may send them [B11]", () => {
  const most = 2 ** 32 - 1;
  const definition = create(FunctionSchema$, {
    autoscalerSettings: {
      minContainers: most,
      bufferContainers: most,
      maxContainers: most,
      scaledownWindow: most,
      targetConcurrency: most,
    },
    batchMaxSize: most,
  });
  const settings = scalingSettingsOf(definition);
  expect(settings).toMatchObject({ min: 10_000, buffer: 10_000, targetConcurrency: 10_000 });
  // More does not fit into a timer.
  expect(settings.scaledownWindowMs).toBeLessThan(2 ** 31);
});

test("a call may take 300 s unless it says otherwise, and 24 h at most; a start as long as a call [R4] [F8]", () => {
  expect(inputTimeoutMs({ timeoutSecs: 0 })).toBe(300_000);
  expect(inputTimeoutMs({ timeoutSecs: 1_000_000 })).toBe(86_400_000);
  expect(startupTimeoutMs({ timeoutSecs: 7, startupTimeoutSecs: 0 })).toBe(7_000);
  expect(startupTimeoutMs({ timeoutSecs: 7, startupTimeoutSecs: 30 })).toBe(30_000);
});
