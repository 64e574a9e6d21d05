import type { Transaction } from "kysely";
import type { Journal } from "./journal.ts";
import type { Tables } from "../schema/tables.ts";

/**
 * Saves the newest state of things: `write` reads it when the journal gets to it, so that many changes to one thing
 * cost one write.
 */
export class CoalescedWrites<T> {
  #journal: Journal;
  #write: (trx: Transaction<Tables>, thing: T) => Promise<void>;
  #scheduled = new Map<T, Promise<void>>();

  constructor(journal: Journal, write: (trx: Transaction<Tables>, thing: T) => Promise<void>) {
    this.#journal = journal;
    this.#write = write;
  }

  /** Resolves when the state that `thing` has now, or a newer one, is durable. `patient`: nobody waits for that. */
  save(thing: T, options = { patient: false }): Promise<void> {
    const scheduled = this.#scheduled.get(thing);
    if (scheduled) return scheduled;
    const work = async (trx: Transaction<Tables>) => {
      this.#scheduled.delete(thing);
      await this.#write(trx, thing);
    };
    const written = options.patient ? this.#journal.writePatiently(work) : this.#journal.write(work);
    // Work refused without being run must not block later saves.
    const settled = written.catch((error: unknown) => {
      this.#scheduled.delete(thing);
      throw error;
    });
    this.#scheduled.set(thing, settled);
    return settled;
  }

  /** One write for `before` and the things that it refers to, which must not be scheduled yet. */
  saveAll(things: readonly T[], before: (trx: Transaction<Tables>) => Promise<void>): Promise<void> {
    const written = this.#journal.write(async (trx) => {
      for (const thing of things) this.#scheduled.delete(thing);
      await before(trx);
      for (const thing of things) await this.#write(trx, thing);
    });
    const settled = written.catch((error: unknown) => {
      for (const thing of things) this.#scheduled.delete(thing);
      throw error;
    });
    for (const thing of things) this.#scheduled.set(thing, settled);
    return settled;
  }
}
