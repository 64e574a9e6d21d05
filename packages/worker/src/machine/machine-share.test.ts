import { expect, test } from "vitest";
import { shareMachine } from "./machine-share.ts";

const machine = { milliCpu: 2_000, memoryMb: 24_000, pids: 4_194_304 };

test("a tenth of the memory is kept for the machine, and no processor time [B16]", () => {
  expect(shareMachine(machine, {})).toEqual({
    milliCpu: 2_000,
    memoryMb: 21_600,
    pids: 2_097_152,
    cpuWeight: 100,
    container: { memoryMb: 16_200, pids: 4_096 },
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

test("one container never gets more than all together", () => {
  const share = shareMachine(
    { ...machine, pids: 2_000 },
    { capacity: { memoryMb: 1_000 }, container: { memoryMb: 5_000, pids: 9_000 } },
  );
  expect(share.container).toEqual({ memoryMb: 1_000, pids: 1_000 });
});
