import { expect, test } from "vitest";
import { SilenceWatch } from "./silence-watch.ts";

/** A watch of 10 s with a sweep every second, on a clock that the test moves. */
function watchOfTenSeconds() {
  let now = 0;
  const watch = new SilenceWatch<string>({ limitMs: 10_000, everyMs: 1_000, elapsedMs: () => now });
  const pass = (seconds: number): string[] => {
    const silent: string[] = [];
    for (let second = 0; second < seconds; second += 1) {
      now += 1_000;
      silent.push(...watch.sweep());
    }
    return silent;
  };
  const stall = (ms: number) => {
    now += ms;
    return watch.sweep();
  };
  return { watch, pass, stall };
}

test("who is silent for longer than the limit is given up, who is heard is not", () => {
  const { watch, pass } = watchOfTenSeconds();
  watch.heard("silent");
  watch.heard("alive");
  expect(pass(6)).toEqual([]);
  watch.heard("alive");
  expect(pass(6)).toEqual(["silent"]);
});

test("nobody is given up at the first sweep that finds them silent: what they sent may wait to be read", () => {
  const { watch, pass } = watchOfTenSeconds();
  watch.heard("a");
  expect(pass(11)).toEqual([]);
  watch.heard("a");
  expect(pass(11)).toEqual([]);
  expect(pass(1)).toEqual(["a"]);
});

test("a stall of one's own begins a new period for everybody, however long it was [B5]", () => {
  const { watch, pass, stall } = watchOfTenSeconds();
  watch.heard("a");
  pass(9);
  expect(stall(60_000)).toEqual([]);
  expect(pass(11)).toEqual([]);
  expect(pass(1)).toEqual(["a"]);
});

test("a stall between the two looks that give somebody up counts as well [B5]", () => {
  const { watch, pass, stall } = watchOfTenSeconds();
  watch.heard("a");
  expect(pass(11)).toEqual([]);
  expect(stall(2_500)).toEqual([]);
  expect(pass(11)).toEqual([]);
});

test("who is forgotten is never given up, and expecting somebody twice gives no more time", () => {
  const { watch, pass } = watchOfTenSeconds();
  watch.expect("forgotten");
  watch.expect("expected");
  watch.expect("dropped");
  pass(6);
  watch.forget("forgotten");
  watch.retain((key) => key !== "dropped");
  watch.expect("expected");
  expect(pass(6)).toEqual(["expected"]);
});
