import { expect, test } from "vitest";
import { type Pressure, pressureAfter } from "./process-verdict.ts";

const limit = 100;

/** How many looks it takes until one is to be ended whose processes and refusals are, look by look, as given. */
function looksUntilStuck(looks: readonly (readonly [now: number, refused: number])[]): number | undefined {
  let pressure: Pressure | undefined;
  for (const [index, [now, refused]] of looks.entries()) {
    pressure = pressureAfter(pressure, { now, limit, refused });
    if (pressure.isStuck) return index;
  }
  return undefined;
}

const looks = Array.from({ length: 40 }, (_, index) => index);

test("what stays at its limit and asks for more is ended after ten looks [B15]", () => {
  expect(looksUntilStuck(looks.map((look) => [limit, look * 50]))).toBe(11);
});

test("shells that die when they are refused a child, and multiply again, are at their limit all the same [B15]", () => {
  expect(looksUntilStuck(looks.map((look) => [look % 2 === 0 ? limit : 60, look * 50]))).toBe(11);
});

test("a program that has as many as it may, and asks for no more, goes on", () => {
  expect(looksUntilStuck(looks.map(() => [limit, 7]))).toBeUndefined();
  expect(looksUntilStuck(looks.map((look) => [limit, Math.min(look, 3)]))).toBeUndefined();
});

test("one that was refused and then got away from its limit begins anew", () => {
  expect(looksUntilStuck(looks.map((look) => [look % 8 === 7 ? 10 : limit, look * 50]))).toBeUndefined();
});

test("what was refused before anybody looked is not held against it", () => {
  expect(looksUntilStuck(looks.map(() => [limit, 1_000_000]))).toBeUndefined();
});
