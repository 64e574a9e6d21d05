import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";

const hourMs = 3_600_000;

/**
 * How many bytes the calls made in each hour fill, so that a limit of size can be told as an age: to count them later would
 * be to read them all. What was counted since the last {@link save} is lost with a server that is killed.
 *
 * @example
 * const bytes = await CallBytes.open({ db, journal });
 * bytes.wrote(nowMs(), 2048);
 * bytes.oldestThatFits(8 * 2 ** 30); // unix ms: calls made before go
 */
export class CallBytes {
  #journal: Journal;
  #hours = new Map<number, number>();
  #changed = new Set<number>();

  private constructor(journal: Journal) {
    this.#journal = journal;
  }

  static async open(options: { db: Database; journal: Journal }): Promise<CallBytes> {
    const bytes = new CallBytes(options.journal);
    const rows = await options.db.selectFrom("call_bytes").selectAll().execute();
    for (const row of rows) bytes.#hours.set(row.hour, row.bytes);
    return bytes;
  }

  /** `createdAtMs`: of the call that they belong to. */
  wrote(createdAtMs: number, bytes: number): void {
    const hour = Math.floor(createdAtMs / hourMs) * hourMs;
    this.#hours.set(hour, (this.#hours.get(hour) ?? 0) + bytes);
    this.#changed.add(hour);
  }

  get total(): number {
    return this.#hours.values().reduce((sum, bytes) => sum + bytes, 0);
  }

  /** The start of the oldest hour from which on all fits into `limitBytes`; 0 when everything does. */
  oldestThatFits(limitBytes: number): number {
    let bytes = 0;
    for (const [hour, ofHour] of [...this.#hours].toSorted(([a], [b]) => b - a)) {
      bytes += ofHour;
      if (bytes > limitBytes) return hour + hourMs;
    }
    return 0;
  }

  /** Calls made before `beforeMs` are gone. */
  forget(beforeMs: number): void {
    for (const hour of this.#hours.keys()) {
      if (hour + hourMs > beforeMs) continue;
      this.#hours.delete(hour);
      this.#changed.add(hour);
    }
  }

  async save(): Promise<void> {
    const hours = [...this.#changed];
    if (hours.length === 0) return;
    this.#changed.clear();
    try {
      await this.#journal.writePatiently(async (trx) => {
        await trx.deleteFrom("call_bytes").where("hour", "in", hours).execute();
        const rows = hours.flatMap((hour) => {
          const bytes = this.#hours.get(hour);
          return bytes === undefined ? [] : [{ hour, bytes }];
        });
        if (rows.length > 0) await trx.insertInto("call_bytes").values(rows).execute();
      });
    } catch (error) {
      for (const hour of hours) this.#changed.add(hour);
      throw error;
    }
  }
}
