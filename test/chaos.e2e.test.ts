import { runChaos } from "@dorian/testkit/chaos/chaos";
import { isClean, renderReport } from "@dorian/testkit/chaos/chaos-table";
import { expect, test } from "vitest";

test(
  "three minutes of faults of all kinds lose nothing that was accepted, and leave nothing behind [L1] [L4] [L5] [L6] [L8]",
  { timeout: 600_000, retry: 0 },
  async ({ signal }) => {
    const report = await runChaos({ minutes: 3, seed: 8, signal });
    const table = renderReport(report);
    expect(isClean(report), table).toBe(true);
  },
);
