import { expect, test } from "vitest";
import { PullProgress, pullBar } from "./pull-progress.ts";

test("a layer's bar has what came, how fast, and how long it takes yet", () => {
  expect(pullBar(60_000_000, 120_000_000, 5_000)).toBe(
    "━━━━━━━━━━━━────────────  50%  60.0 MB  12.0 MB/s  5 s left",
  );
  expect(pullBar(1_000_000, 1_000_000_000, 1_000)).toContain("17 min left");
});

test("where only whole lines are shown, one says how it ended", () => {
  const logged: string[] = [];
  new PullProgress("layer 1 of 2 (60.0 MB)", 60e6, (text) => logged.push(text)).end("done");
  expect(logged).toEqual(["\r   layer 1 of 2 (60.0 MB): done\n"]);
});
