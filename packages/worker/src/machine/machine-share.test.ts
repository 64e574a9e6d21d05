import fc from "fast-check";
import { expect, test } from "vitest";
import { shareMachine } from "./machine-share.ts";

const machine = { milliCpu: 2_000, memoryMb: 24_000, pids: 4_194_304 };

test("a tenth of the memory is kept for the machine, and no processor time [B16]", () => {
  expect(shareMachine(machine, {})).toEqual({
    milliCpu: 2_000,
    memoryMb: 21_600,
    pids: 4_096,
    cpuWeight: 100,
    container: { memoryMb: 16_200, pids: 1_024 },
    imageMb: 65_536,
  });
});

test.each([
  [600, 300],
  [1_000, 500],
  [2_000, 1_488],
  [1_000_000, 1_000_000 - 16 * 1024],
])("of %i MiB, containers get %i", (memoryMb, offered) => {
  expect(shareMachine({ ...machine, memoryMb }, {}).memoryMb).toBe(offered);
});

test("what the operator says stands, less a reserve that was said as well", () => {
  expect(shareMachine(machine, { capacity: { milliCpu: 1_500, memoryMb: 2_048 } })).toMatchObject({
    milliCpu: 1_500,
    memoryMb: 2_048,
    container: { memoryMb: 1_536 },
  });
  const reserve = { milliCpu: 500, memoryMb: 4_000 };
  expect(shareMachine(machine, { reserve })).toMatchObject({ milliCpu: 1_500, memoryMb: 20_000 });
  expect(shareMachine(machine, { reserve, capacity: { milliCpu: 1_000, memoryMb: 64_000 } })).toMatchObject({
    milliCpu: 1_000,
    memoryMb: 20_000,
  });
});

test.each([
  [500, 640],
  [4_000, 1_536],
  [64_000, 4_096],
])("with %i thousandths of a core, one container has %i processes and threads [B15]", (milliCpu, pids) => {
  expect(shareMachine({ ...machine, milliCpu }, {}).container.pids).toBe(pids);
});

test("one container never gets more than all together", () => {
  const share = shareMachine(
    { ...machine, pids: 2_000 },
    { capacity: { memoryMb: 1_000 }, container: { memoryMb: 5_000, pids: 9_000 } },
  );
  expect(share.container).toEqual({ memoryMb: 1_000, pids: 1_000 });
});

test("whatever the machine and the operator's words, containers get something, no limit is above what all have together, and a reserve is kept", () => {
  const amount = fc.integer({ min: 1, max: 2_000_000 });
  const said = fc.record({ milliCpu: amount, memoryMb: amount }, { requiredKeys: [] });
  fc.assert(
    fc.property(
      fc.record({
        milliCpu: fc.integer({ min: 1, max: 512_000 }),
        memoryMb: fc.integer({ min: 2, max: 8_000_000 }),
        pids: fc.integer({ min: 2, max: 4_194_304 }),
      }),
      said,
      said,
      fc.record({ memoryMb: amount, pids: amount }, { requiredKeys: [] }),
      (whole, capacity, reserve, container) => {
        const share = shareMachine(whole, { capacity, reserve, container });
        const { milliCpu, memoryMb, pids } = share;
        for (const got of [milliCpu, memoryMb, pids, share.container.memoryMb, share.container.pids]) {
          expect(Number.isInteger(got)).toBe(true);
          expect(got).toBeGreaterThanOrEqual(1);
        }
        expect(share.container.memoryMb).toBeLessThanOrEqual(memoryMb);
        expect(share.container.pids).toBeLessThanOrEqual(pids);
        for (const kind of ["milliCpu", "memoryMb"] as const) {
          const most = capacity[kind] ?? whole[kind];
          expect(share[kind]).toBeLessThanOrEqual(most);
          const kept = Math.min(reserve[kind] ?? 0, whole[kind] - 1);
          if (reserve[kind] !== undefined) expect(share[kind]).toBeLessThanOrEqual(whole[kind] - kept);
        }
      },
    ),
  );
});
