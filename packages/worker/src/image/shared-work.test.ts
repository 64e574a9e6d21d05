import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { SharedWork, type Participant } from "./shared-work.ts";

function asker(signal = new AbortController().signal) {
  const log: string[] = [];
  return { log, participant: { onLog: (text: string) => void log.push(text), signal } };
}

test("two who ask at once get the result of one run, and both hear all of it [B9]", async () => {
  const shared = new SharedWork<number>();
  let runs = 0;
  const release = Promise.withResolvers<void>();
  const work = async ({ onLog }: Participant) => {
    runs++;
    onLog("begun");
    await release.promise;
    onLog("ended");
    return 42;
  };
  const [one, two] = [asker(), asker()];
  const results = [shared.run("k", work, one.participant), shared.run("k", work, two.participant)];
  release.resolve();
  expect(await Promise.all(results)).toEqual([42, 42]);
  expect([runs, one.log, two.log]).toEqual([1, ["begun", "ended"], ["begun", "ended"]]);
});

test("the work goes on while one of those who asked still waits, and is aborted with the last", async () => {
  const shared = new SharedWork<number>();
  const seen: AbortSignal[] = [];
  const work = async ({ signal }: Participant) => {
    seen.push(signal);
    await wait(60_000, undefined, { signal });
    return 1;
  };
  const [first, second] = [new AbortController(), new AbortController()];
  const one = shared.run("k", work, asker(first.signal).participant);
  const two = shared.run("k", work, asker(second.signal).participant);
  first.abort(new Error("first left"));
  await expect(one).rejects.toThrow("first left");
  expect(seen[0]?.aborted).toBe(false);
  second.abort(new Error("second left"));
  await expect(two).rejects.toThrow("second left");
  expect(seen[0]?.aborted).toBe(true);
});

test("a failure reaches all, and the next who asks starts anew", async () => {
  const shared = new SharedWork<number>();
  const failing = async () => {
    throw new Error("broken");
  };
  await expect(shared.run("k", failing, asker().participant)).rejects.toThrow("broken");
  expect(await shared.run("k", async () => 2, asker().participant)).toBe(2);
});
