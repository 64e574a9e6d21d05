import { create } from "@bufbuild/protobuf";
import { nextRunMs } from "@dorian/control-plane/dispatch/schedule/next-run";
import { FunctionPutInputsItemSchema, type Schedule } from "@dorian/protocol/modal";
import { encodeInput } from "@dorian/sdk/function/encode-input";
import type { MovableClock } from "../clock/test-clock.ts";
import type { Calls } from "./calls.ts";
import type { TestFunction } from "./test-function.ts";

/** Calls a function whenever its schedule says, by the clock of the run. */
export function keepSchedule(target: TestFunction, options: { clock: MovableClock; calls: Calls }): void {
  const { clock, calls } = options;
  const { schedule, scheduledMethod } = target.definition;
  if (!schedule) return;
  const anchorMs = clock.nowMs;
  const plan = (given: Schedule) => {
    const dueMs = nextRunMs(given, { anchorMs, afterMs: clock.nowMs });
    if (dueMs === undefined) return;
    clock.after(dueMs - clock.nowMs, () => {
      calls.put(calls.open(target), [
        create(FunctionPutInputsItemSchema, { idx: 0, input: encodeInput(scheduledMethod, []) }),
      ]);
      plan(given);
    });
  };
  plan(schedule);
}
