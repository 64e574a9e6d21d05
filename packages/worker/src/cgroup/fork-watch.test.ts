import pino from "pino";
import { expect, onTestFinished, test } from "vitest";
import { ForkWatch } from "./fork-watch.ts";

const logger = pino({ level: "silent" });

/** Groups whose processes are scripted, each look one step further, and how they are weighed. */
function watched(groups: Record<string, (look: number) => number[]>, restMs = 60_000, uncountable = "") {
  let look = 0;
  let last = 0;
  const light = new Set<string>();
  const asked: string[] = [];
  const forks = new ForkWatch({
    lastProcess: () => {
      look += 1;
      return (last = Math.max(last, ...Object.values(groups).flatMap((pids) => pids(look))));
    },
    everyMs: 1,
    restMs,
    logger,
  });
  onTestFinished(() => forks[Symbol.asyncDispose]());
  const held = Object.entries(groups).map(([id, pids]) =>
    forks.watch({
      id,
      count: async () => {
        asked.push(id);
        if (id === uncountable) throw new Error("EMFILE: too many open files");
        return { now: pids(look).length, limit: 1_024, refused: 0 };
      },
      pids: async () => pids(look),
      weighLeast: async () => {
        light.add(id);
        return { [Symbol.asyncDispose]: async () => void light.delete(id) };
      },
    }),
  );
  return { light, asked, held, forks, looks: () => look };
}

const from = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);
/** Hundreds, of which every look finds others. */
const storm = (look: number) => from(look * 500, 300);
/** As many, which stay. */
const crowd = () => from(1, 300);
/** Few, of which every look finds others. */
const script = (look: number) => from(look * 500 + 300, 20);

test("a container that begins hundreds of processes over and over weighs least, and no other [B15]", async () => {
  const { light } = watched({ storm, crowd, script });
  await expect.poll(() => [...light]).toEqual(["storm"]);
});

test("it has its weight back when it has been calm for a while, and when the watch ends", async () => {
  let calmAt = Number.POSITIVE_INFINITY;
  const stormy = (look: number) => storm(Math.min(look, calmAt));
  const { light, looks } = watched({ stormy }, 5);
  await expect.poll(() => light.size).toBe(1);
  calmAt = looks();
  await expect.poll(() => light.size).toBe(0);

  const endless = watched({ storm });
  await expect.poll(() => endless.light.size).toBe(1);
  await endless.forks[Symbol.asyncDispose]();
  expect(endless.light.size).toBe(0);
});

test("one that cannot be counted holds up neither those behind it nor the end of a slowed one", async () => {
  let calmAt = Number.POSITIVE_INFINITY;
  const stormy = (look: number) => storm(Math.min(look, calmAt));
  const broken = { broken: () => crowd(), stormy, other: storm };
  const { light, looks, held } = watched(broken, 5, "broken");
  await expect.poll(() => [...light].toSorted()).toEqual(["other", "stormy"]);
  calmAt = looks();
  await expect.poll(() => [...light]).toEqual(["other"]);
  held[2]?.[Symbol.dispose]();
  await expect.poll(() => light.size).toBe(0);
});

test("while few processes begin, no container is asked", async () => {
  const { asked, looks } = watched({ crowd: () => from(1, 300), few: (look) => from(look, 1) });
  await expect.poll(() => looks()).toBeGreaterThan(20);
  expect(asked).toEqual([]);
});

test("one that is gone in the storm is not held", async () => {
  const { light, held } = watched({ storm, crowd });
  await expect.poll(() => light.size).toBe(1);
  held[0]?.[Symbol.dispose]();
  await expect.poll(() => light.size).toBe(0);
});
