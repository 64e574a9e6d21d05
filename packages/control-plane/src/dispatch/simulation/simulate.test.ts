import * as fc from "fast-check";
import { expect, test } from "vitest";
import { SharedCores } from "./shared-cores.ts";
import { bestFixed, simulate } from "./simulate.ts";
import { traces } from "./traces.ts";

test("cores are shared evenly by what works, and waiting takes none", () => {
  const machine = new SharedCores(2);
  const done: [string, number][] = [];
  const add = (name: string, waitMs: number, cpuMs: number) =>
    machine.add({ waitMs, cpuMs, onDone: () => done.push([name, Math.round(machine.nowMs)]) });
  add("a", 0, 100);
  add("b", 0, 100);
  add("c", 0, 100);
  add("d", 1_000, 50);
  while (machine.step());
  expect(done).toEqual([
    ["a", 150],
    ["b", 150],
    ["c", 150],
    ["d", 1_050],
  ]);
});

test.each(traces.map((trace) => [trace.title, trace] as const))(
  "%s: done almost as soon as with the best fixed number of containers [L14]",
  (_title, trace) => {
    const best = bestFixed(trace, ({ endMs }) => endMs);
    expect(simulate(trace).endMs / best.result.endMs).toBeLessThanOrEqual(1.15);
  },
);

test("bursts of any kind take at most half as long again as with the best fixed number of containers [L14]", () => {
  const burst = fc.record({
    count: fc.integer({ min: 1, max: 120 }),
    input: fc.record({ waitMs: fc.constantFrom(1, 50, 2_000), cpuMs: fc.constantFrom(1, 20, 400) }),
    start: fc.record({ waitMs: fc.constantFrom(50, 500), cpuMs: fc.constantFrom(100, 800, 3_000) }),
    cores: fc.constantFrom(1, 2, 8),
  });
  fc.assert(
    fc.property(burst, ({ count, input, start, cores }) => {
      const trace = {
        title: "burst",
        machine: { cores, memoryMb: 64_000, gpus: 0 },
        workloads: [
          {
            name: "f",
            request: { milliCpu: 10, memoryMb: 128 },
            start,
            input,
            arrivalsMs: Array.from({ length: count }, () => 0),
          },
        ],
      };
      const { endMs } = simulate(trace);
      // Whatever their number: one start and one input behind it, and all work on all cores.
      const chainMs = start.waitMs + start.cpuMs + input.waitMs + input.cpuMs;
      const leastMs = Math.max(chainMs, (start.cpuMs + count * input.cpuMs) / cores);
      if (endMs <= 1.5 * leastMs) return;
      const best = bestFixed(trace, (result) => result.endMs);
      expect(endMs / best.result.endMs).toBeLessThanOrEqual(1.5);
    }),
    { numRuns: 60, seed: 14 },
  );
});
