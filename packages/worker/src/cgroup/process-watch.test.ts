import type { AppError } from "@dorian/base/app-error";
import pino from "pino";
import { expect, onTestFinished, test } from "vitest";
import type { ProcessCount } from "./process-count.ts";
import { ProcessWatch } from "./process-watch.ts";

const logger = pino({ level: "silent" });

/** Groups whose counts are scripted, each look one step further, and what became of them. */
function watched(
  groups: Record<string, (look: number) => ProcessCount>,
  all: (look: number) => ProcessCount,
) {
  let look = 0;
  const ended = new Map<string, AppError>();
  const counted: string[] = [];
  const watch = new ProcessWatch({
    countAll: async () => all((look += 1)),
    leastLimit: 100,
    everyMs: 1,
    logger,
  });
  onTestFinished(() => watch[Symbol.dispose]());
  for (const [id, count] of Object.entries(groups)) {
    watch.watch({
      id,
      count: async () => {
        counted.push(id);
        return count(look);
      },
      end: (reason) => void ended.set(id, reason),
    });
  }
  return { ended, counted, looks: () => look };
}

const bomb = (look: number) => ({ now: 100, limit: 100, refused: look * 10 });
const modest = () => ({ now: 20, limit: 100, refused: 0 });

test("a container that stays at its limit is ended with the reason and the remedy, and no other [B15]", async () => {
  const { ended } = watched({ bomb, modest }, () => ({ now: 120, limit: 10_000, refused: 0 }));
  await expect.poll(() => ended.get("bomb")?.code).toBe("PROCESS_LIMIT_REACHED");
  expect(ended.get("bomb")).toMatchObject({
    message: expect.stringContaining("limit of 100 processes and threads"),
    remedy: expect.stringContaining("--container-pids"),
  });
  expect([...ended.keys()]).toEqual(["bomb"]);
});

test("when all together stay at their limit, the one with most is ended, one at a time [B15]", async () => {
  const some = (now: number) => (look: number) => ({ now, limit: 100, refused: look });
  const { ended } = watched({ few: some(20), most: some(49), many: some(45) }, () => ({
    now: 114,
    limit: 120,
    refused: 0,
  }));
  await expect.poll(() => ended.size).toBeGreaterThan(0);
  expect([...ended].map(([id, { code, status }]) => [id, code, status])[0]).toEqual([
    "most",
    "PROCESSES_SHORT",
    "RESOURCE_EXHAUSTED",
  ]);
});

test("while there are few processes, nobody's are counted one by one", async () => {
  const { counted, looks } = watched({ modest }, () => ({ now: 20, limit: 10_000, refused: 0 }));
  await expect.poll(looks).toBeGreaterThan(5);
  expect(counted).toEqual([]);
});
