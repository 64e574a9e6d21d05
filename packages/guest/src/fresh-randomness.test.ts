import { randomUUID } from "node:crypto";
import { koffiFile } from "@dorian/linux/koffi-file";
import { expect, onTestFinished, test } from "vitest";
import { randomnessRefresher } from "./fresh-randomness.ts";

test("random numbers after a refresh are spread evenly, and others each time", () => {
  const { random } = Math;
  onTestFinished(() => void (Math.random = random));
  const refresh = randomnessRefresher(koffiFile());
  const seen = [1, 2].map(() => {
    refresh();
    return Array.from({ length: 20_000 }, () => Math.random());
  });
  expect(seen[0]?.slice(0, 4)).not.toEqual(seen[1]?.slice(0, 4));
  for (const numbers of seen) {
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
    const tenths = Array.from(
      { length: 10 },
      (_, n) => numbers.filter((each) => Math.floor(each * 10) === n).length,
    );
    // Five standard deviations.
    for (const count of tenths) expect(Math.abs(count - 2_000)).toBeLessThan(215);
  }
  expect(randomUUID()).toMatch(/^[0-9a-f-]{36}$/);
});
