import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { isTimeToGiveBack } from "./give-back-memory.ts";

const mebibyte = 1024 * 1024;

test("memory is given back by a process at rest that holds much more than after the last time", () => {
  const look = { baseBytes: 100 * mebibyte, busyShare: 0.01 };
  expect(isTimeToGiveBack({ ...look, heldBytes: 300 * mebibyte })).toBe(true);
  expect(isTimeToGiveBack({ ...look, heldBytes: 120 * mebibyte })).toBe(false);
  expect(isTimeToGiveBack({ ...look, heldBytes: 300 * mebibyte, busyShare: 0.9 })).toBe(false);
});

/** A process of its own: one that runs other tests is never at rest. It says whether the memory stays without being given back. */
const burst = `
import { setTimeout as sleep } from "node:timers/promises";
import { giveBackMemory } from ${JSON.stringify(new URL("give-back-memory.ts", import.meta.url).href)};
const isHeld = () => process.memoryUsage.rss() > heldBytes - ${256 * mebibyte};
using _ = giveBackMemory();
let buffers = Array.from({ length: 40 }, () => Buffer.alloc(${8 * mebibyte}, 1));
const heldBytes = process.memoryUsage.rss();
await sleep(500);
buffers = buffers.slice(40);
await sleep(500);
console.log(isHeld() ? "held" : "gone by itself");
while (isHeld()) await sleep(500);
console.log("given back");
`;

test("what a burst left behind is given back while nothing else happens [B7]", async () => {
  const command = ["--input-type=module", "--eval", burst];
  const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: 120_000 });
  expect(stdout).toBe("held\ngiven back\n");
});
