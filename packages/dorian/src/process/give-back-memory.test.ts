import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { isTimeToGiveBack, type MemoryLook } from "./give-back-memory.ts";

const mebibyte = 1024 * 1024;

test("memory is given back by a process at rest that holds much more than it once did", () => {
  const look = {
    leastBytes: 100 * mebibyte,
    leftBytes: undefined,
    looks: 1,
    looksBetween: 4,
    quietLooks: 1_000,
    busyShare: 0.01,
  };
  const held = (mebibytes: number, more: Partial<MemoryLook> = {}) =>
    isTimeToGiveBack({ ...look, heldBytes: mebibytes * mebibyte, ...more });
  expect(held(300)).toBe(true);
  expect(held(120)).toBe(false);
  expect(held(300, { busyShare: 0.9 })).toBe(false);
  const left = { leftBytes: 290 * mebibyte };
  expect(held(300, left)).toBe(false);
  expect(held(330, left)).toBe(true);
  expect(held(300, { ...left, looks: 4 })).toBe(true);
  // Nothing came back the last times, but there was a burst not long ago.
  const rarely = { ...left, looks: 4, looksBetween: 64 };
  expect(held(300, rarely)).toBe(false);
  expect(held(300, { ...rarely, quietLooks: 20 })).toBe(true);
});

/**
 * A process of its own: one that runs other tests is never at rest. It says whether the memory stays without being given back, and
 * lets go of it only when it has been looked at.
 */
const burst = (lookEveryMs: number, heldForMs: number) => `
import { setTimeout as sleep } from "node:timers/promises";
import { giveBackMemory } from ${JSON.stringify(new URL("give-back-memory.ts", import.meta.url).href)};
const isHeld = () => process.memoryUsage.rss() > heldBytes - ${256 * mebibyte};
using _ = giveBackMemory({ lookEveryMs: ${lookEveryMs} });
let buffers = Array.from({ length: 40 }, () => Buffer.alloc(${8 * mebibyte}, 1));
const heldBytes = process.memoryUsage.rss();
await sleep(${heldForMs});
buffers = buffers.slice(40);
await sleep(500);
console.log(isHeld() ? "held" : "gone by itself");
while (isHeld()) await sleep(500);
console.log("given back");
`;

test.each([
  ["left behind", 5_000, 500, /^held\ngiven back\n$/],
  ["held for long, and then let go of,", 400, 3_000, /\ngiven back\n$/],
])(
  "what a burst %s is given back while nothing else happens [B7]",
  async (_, lookEveryMs, heldForMs, said) => {
    const command = ["--input-type=module", "--eval", burst(lookEveryMs, heldForMs)];
    const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: 120_000 });
    expect(stdout).toMatch(said);
  },
);
