import fc from "fast-check";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDatabase } from "../../database/database.ts";
import { Journal } from "../../database/journal.ts";
import { CallBytes } from "./call-bytes.ts";

const hour = 3_600_000;

test("what is younger than the oldest that fits is no more than the limit, and one hour more would be, over a restart", async () => {
  const written = fc.array(fc.record({ hour: fc.nat(50), bytes: fc.nat(1_000) }));
  await fc.assert(
    fc.asyncProperty(written, fc.nat(20_000), async (writes, limit) => {
      await using directory = await mkdtempDisposable(join(tmpdir(), "dorian-call-bytes-"));
      const db = await openDatabase(join(directory.path, "state.db"));
      await using closing = new AsyncDisposableStack();
      closing.defer(() => db.destroy());
      const journal = closing.use(new Journal(db));
      const first = await CallBytes.open({ db, journal });
      for (const [index, write] of writes.entries()) {
        first.wrote(write.hour * hour + index, write.bytes);
        if (index % 7 === 0) await first.save();
      }
      await first.save();
      const bytes = await CallBytes.open({ db, journal });
      const since = (ms: number) =>
        writes.reduce((sum, write) => (write.hour * hour >= ms ? sum + write.bytes : sum), 0);
      expect(bytes.total).toBe(since(0));
      const oldest = bytes.oldestThatFits(limit);
      expect(since(oldest)).toBeLessThanOrEqual(limit);
      if (oldest > 0) expect(since(oldest - hour)).toBeGreaterThan(limit);
      bytes.forget(oldest);
      expect(bytes.total).toBe(since(oldest));
    }),
    { numRuns: 15 },
  );
});
