import type { Journal } from "../../database/journal.ts";

const retentionMs = 30 * 24 * 3600 * 1000;
const entriesPerSlice = 100;

/** Log lines that are kept no longer. */
export class ExpiredLogs {
  #options: { journal: Journal; nowMs: () => number };
  /** The app that was last looked at. */
  #forgotten = "";

  constructor(options: { journal: Journal; nowMs: () => number }) {
    this.#options = options;
  }

  /** Removes some of what is older than 30 days, app by app. False when none is left. */
  async forgetSome(): Promise<boolean> {
    const before = this.#options.nowMs() - retentionMs;
    return await this.#options.journal.write(async (trx) => {
      const { app_id } = await trx
        .selectFrom("task_log")
        .select((eb) => eb.fn.min<string | null>("app_id").as("app_id"))
        .where("app_id", ">", this.#forgotten)
        .executeTakeFirstOrThrow();
      if (app_id === null) {
        this.#forgotten = "";
        await trx.deleteFrom("worker_log").where("at", "<", before).execute();
        return false;
      }
      const ofApp = trx.selectFrom("task_log").select("entry").where("app_id", "=", app_id);
      const expired = await ofApp.where("at", "<", before).limit(entriesPerSlice).execute();
      if (expired.length < entriesPerSlice) this.#forgotten = app_id;
      const entries = expired.map((row) => row.entry);
      if (entries.length > 0)
        await trx.deleteFrom("task_log").where("app_id", "=", app_id).where("entry", "in", entries).execute();
      return true;
    });
  }
}
