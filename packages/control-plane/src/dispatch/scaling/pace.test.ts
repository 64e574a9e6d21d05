import { expect, test } from "vitest";
import { Pace } from "./pace.ts";

const machine = { cores: 2, startMs: 1_000, nowMs: 0 };
const nothing = { inputMs: undefined, startMs: 1_000, useful: Infinity, isProven: false };

test("what was seen last counts most; before, a start takes what others took", () => {
  const pace = new Pace();
  expect(pace.seen(machine)).toEqual(nothing);
  for (let input = 0; input < 40; input++)
    pace.sawInput(input < 10 ? 1_000 : 20, { busy: 1, active: 1 }, { cores: 2, nowMs: 0 });
  pace.sawStart(4_000, { starting: 4, cores: 2 });
  const { inputMs = 0, startMs } = pace.seen(machine);
  expect(Math.round(inputMs)).toBeLessThan(25);
  expect(startMs).toBe(2_000);
});

test("inputs that take the longer the more containers are active are limited by the machine, for a while; others are not [L14]", () => {
  const limited = new Pace();
  const free = new Pace();
  const saw = { cores: 2, nowMs: 0 };
  for (const busy of [1, 2, 3, 3, 3, 3]) {
    limited.sawInput(100 * Math.max(1, busy / 2), { busy, active: busy }, saw);
    free.sawInput(100, { busy, active: busy }, saw);
    // Beside a start that takes a core, an input is not alone.
    limited.sawInput(150, { busy: 2, active: 3 }, saw);
  }
  expect(limited.seen(machine)).toMatchObject({ useful: 2, isProven: false });
  expect(limited.seen({ ...machine, nowMs: 61_000 })).toMatchObject({ useful: Infinity, isProven: false });
  expect(free.seen(machine)).toMatchObject({ useful: Infinity, isProven: true });
});
