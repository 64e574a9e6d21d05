import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { orAborted, untilAborted } from "./or-aborted.ts";

const reason = new Error("enough");
const broken = new Error("broken");

/** A signal that aborts at a time relative to the work's end, and work that ends well or fails. */
async function outcomes(abort: "before" | "during" | "after" | "never", end: "well" | "badly" | "never") {
  const controller = new AbortController();
  const { signal } = controller;
  if (abort === "before") controller.abort(reason);
  const work = Promise.withResolvers<string>();
  const waits = Promise.allSettled([orAborted(work.promise, signal), untilAborted(work.promise, signal)]);
  if (abort === "during") controller.abort(reason);
  if (end === "well") work.resolve("done");
  if (end === "badly") work.reject(broken);
  const settled = await waits;
  if (abort === "after") controller.abort(reason);
  expect(getEventListeners(signal, "abort")).toEqual([]);
  return settled.map((each): unknown => (each.status === "fulfilled" ? each.value : each.reason));
}

test.for([
  { abort: "before", end: "well", comesTo: [reason, undefined] },
  { abort: "before", end: "badly", comesTo: [reason, undefined] },
  { abort: "before", end: "never", comesTo: [reason, undefined] },
  { abort: "during", end: "well", comesTo: [reason, undefined] },
  { abort: "during", end: "badly", comesTo: [reason, undefined] },
  { abort: "during", end: "never", comesTo: [reason, undefined] },
  { abort: "after", end: "well", comesTo: ["done", "done"] },
  { abort: "after", end: "badly", comesTo: [broken, broken] },
  { abort: "never", end: "well", comesTo: ["done", "done"] },
  { abort: "never", end: "badly", comesTo: [broken, broken] },
] as const)(
  "with an abort $abort and work that ends $end, waiting is over at once, and leaves nothing",
  async (row) => {
    expect(await outcomes(row.abort, row.end)).toEqual(row.comesTo);
  },
);
