import { expect, test } from "vitest";
import { HeardWork, type Participant } from "./heard-work.ts";

function asker(signal = new AbortController().signal) {
  const log: string[] = [];
  return { log, participant: { onLog: (text: string) => void log.push(text), signal } };
}

test("two who ask at once get the result of one run, and both hear all of it [B9]", async () => {
  const shared = new HeardWork<number>();
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

test("who has given up hears no more, and who comes later hears nothing of an earlier run", async () => {
  const shared = new HeardWork<string>();
  const controller = new AbortController();
  const gaveUp = asker(controller.signal);
  const stays = asker();
  const release = Promise.withResolvers<void>();
  const work = async ({ onLog }: Participant) => {
    await release.promise;
    onLog("late");
    return "done";
  };
  const [first, second] = [
    shared.run("k", work, gaveUp.participant),
    shared.run("k", work, stays.participant),
  ];
  controller.abort(new Error("enough"));
  await expect(first).rejects.toThrow("enough");
  release.resolve();
  expect(await second).toBe("done");
  expect([gaveUp.log, stays.log]).toEqual([[], ["late"]]);
  const next = asker();
  expect(await shared.run("k", async () => "anew", next.participant)).toBe("anew");
  expect(next.log).toEqual([]);
});
