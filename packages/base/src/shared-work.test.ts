import { expect, test } from "vitest";
import { SharedWork } from "./shared-work.ts";

const broken = new Error("broken");
const enough = new Error("enough");

test("those who ask at the same time get the result of one run, and who asks later has it done anew", async () => {
  const shared = new SharedWork<string, number>();
  const gate = Promise.withResolvers<void>();
  let runs = 0;
  const work = async () => {
    runs += 1;
    await gate.promise;
    return runs;
  };
  const results = [shared.run("k", work), shared.run("k", work), shared.run("other", async () => 7)];
  expect(shared.isRunning("k")).toBe(true);
  results.push(shared.join("k") ?? Promise.resolve(0));
  gate.resolve();
  expect(await Promise.all(results)).toEqual([1, 1, 7, 1]);
  expect([shared.isRunning("k"), shared.join("k")]).toEqual([false, undefined]);
  expect(await shared.run("k", work)).toBe(2);
});

test("a failure reaches all, and the next who asks starts anew, even in the turn in which it is learned", async () => {
  const shared = new SharedWork<string, number>();
  const failing = () => Promise.reject(broken);
  const [one, two] = [shared.run("k", failing), shared.run("k", failing)];
  await expect(two).rejects.toBe(broken);
  const again = one.catch(() => shared.run("k", async () => 2));
  expect(await again).toBe(2);
});

test("who waits for all that runs learns nothing of what it comes to", async () => {
  const shared = new SharedWork<string, number>();
  const failed = shared.run("k", () => Promise.reject(broken));
  await shared.settled();
  await expect(failed).rejects.toBe(broken);
});

/** Work that ends when it is told to, in its own time, and those who wait for it. */
function waited(count: number) {
  const shared = new SharedWork<string, string>();
  const work = Promise.withResolvers<string>();
  const signals: AbortSignal[] = [];
  const controllers = Array.from({ length: count }, () => new AbortController());
  const asks = controllers.map(({ signal }) =>
    shared.run(
      "k",
      (own) => {
        signals.push(own);
        return work.promise;
      },
      { signal },
    ),
  );
  const isAborted = () => signals.map((signal) => signal.aborted);
  return { shared, work, controllers, asks, isAborted };
}

test("one that had given up before it asked starts nothing", async () => {
  const shared = new SharedWork<string, string>();
  let runs = 0;
  const work = async () => String((runs += 1));
  await expect(shared.run("k", work, { signal: AbortSignal.abort(enough) })).rejects.toBe(enough);
  expect(runs).toBe(0);
});

test("one that gives up during the work leaves at once, and the work goes on for the others", async () => {
  const { work, controllers, asks, isAborted } = waited(2);
  controllers[0]?.abort(enough);
  await expect(asks[0]).rejects.toBe(enough);
  expect(isAborted()).toEqual([false]);
  work.resolve("done");
  expect(await asks[1]).toBe("done");
});

test("with the last the work is aborted; that one waits for its end, whatever it is, and others have it done anew", async () => {
  for (const end of ["well", "badly"]) {
    const { shared, work, controllers, asks, isAborted } = waited(2);
    for (const controller of controllers) controller.abort(enough);
    await expect(asks[0]).rejects.toBe(enough);
    expect(isAborted()).toEqual([true]);
    expect(await shared.run("k", async () => "anew")).toBe("anew");
    const last = asks[1]?.then(
      () => "well",
      (error: unknown) => error,
    );
    expect(await Promise.race([last, Promise.resolve("waits")])).toBe("waits");
    if (end === "well") work.resolve("too late");
    else work.reject(broken);
    expect(await last).toBe(enough);
  }
});

test("one that asks without a signal never gives up", async () => {
  const { shared, work, controllers, asks, isAborted } = waited(1);
  const patient = shared.run("k", async () => "not this");
  controllers[0]?.abort(enough);
  await expect(asks[0]).rejects.toBe(enough);
  expect(isAborted()).toEqual([false]);
  work.resolve("done");
  expect(await patient).toBe("done");
});

test("a signal that aborts after the work changes nothing", async () => {
  const { work, controllers, asks, isAborted } = waited(1);
  work.resolve("done");
  expect(await asks[0]).toBe("done");
  controllers[0]?.abort(enough);
  expect(isAborted()).toEqual([false]);
});
