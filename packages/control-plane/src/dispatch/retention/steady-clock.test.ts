import fc from "fast-check";
import { expect, test } from "vitest";
import { SteadyClock, trustAfterMs } from "./steady-clock.ts";

const minute = 60_000;

test("a clock is trusted once it has gone on as time does for an hour, and again an hour after a step of either kind", () => {
  fc.assert(
    fc.property(fc.constantFrom(-30 * 24 * 60, -2, 2, 365 * 24 * 60), (step) => {
      const clock = new SteadyClock();
      let wallMs = 1_700_000_000_000;
      let monotonicMs = 5;
      const hour = () =>
        Array.from({ length: 7 }, () => {
          wallMs += 10 * minute;
          monotonicMs += 10 * minute;
          return clock.steadyMs({ wallMs, monotonicMs }) >= trustAfterMs;
        });
      const never = [false, false, false, false, false, false, true];
      expect(hour()).toEqual(never);
      expect(hour()).toEqual(Array.from({ length: 7 }, () => true));
      wallMs += step * minute;
      expect(hour()).toEqual(never);
    }),
  );
});
