import { AppError } from "@dorian/base/app-error";
import type { SnapshotTaken } from "@dorian/protocol/worker";
import type { Selectable } from "kysely";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";
import type { MemorySnapshotRow } from "../../schema/rows/memory-snapshot.ts";
import type { ContainerPlan } from "../ports.ts";
import { snapshotKey } from "./snapshot-key.ts";
import { absenceNote } from "./snapshot-note.ts";
import type { SnapshotPart, Starting } from "./snapshot-part.ts";
import { Takers } from "./takers.ts";

/** Of all snapshots together. */
const quotaBytes = 64 * 2 ** 30;
/** After so many restores that failed a snapshot is given up, and made anew. */
const patience = 3;

export interface SnapshotsOptions {
  db: Database;
  journal: Journal;
  nowMs: () => number;
  /** Of a function that is live. */
  revisionOf: (functionId: string) => number | undefined;
}

/** Snapshots of containers' memory: which there are, who takes one, who is brought back from one. */
export class Snapshots {
  #options: SnapshotsOptions;
  #byKey = new Map<string, Selectable<MemorySnapshotRow>>();
  #takers = new Takers();
  /** Functions in whose logs it is that they have none. */
  #told = new Set<string>();
  /** What containers are brought back from, until it is known how that went. */
  #restoring = new WeakMap<Starting, Selectable<MemorySnapshotRow>>();
  /** Of functions that have something to do with snapshots. */
  #revisions = new Map<string, number>();
  /** Reports of takers that are not stored yet. */
  #storing = new Set<Promise<void>>();

  private constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  static async open(options: SnapshotsOptions): Promise<Snapshots> {
    const snapshots = new Snapshots(options);
    const rows = await options.db.selectFrom("memory_snapshot").selectAll().execute();
    for (const row of rows) {
      snapshots.#byKey.set(row.snapshot_key, row);
      const revision = options.revisionOf(row.function_id);
      if (revision !== undefined) snapshots.#revisions.set(row.function_id, revision);
    }
    return snapshots;
  }

  /** Decides for a container that is about to start on a worker with this engine. One at a time takes a snapshot; others start without. */
  forStart(task: Starting, plan: ContainerPlan, engine: string): SnapshotPart {
    if (plan.snapshots === "unwanted") return { kind: "none" };
    const { functionId, revision } = task.facts;
    if (!this.#revisions.has(functionId)) this.#revisions.set(functionId, revision);
    if (plan.snapshots !== "wanted" || engine === "") {
      if (this.#told.has(functionId)) return { kind: "none" };
      this.#told.add(functionId);
      return { kind: "none", note: absenceNote(plan.snapshots) };
    }
    const key = snapshotKey(plan, engine);
    const known = this.#byKey.get(key);
    if (known) {
      known.used_at = this.#options.nowMs();
      this.#restoring.set(task, known);
      return { kind: "restore", layerId: known.layer_id, bytes: known.bytes };
    }
    return this.#takers.next(key, task);
  }

  /** A container's memory was written, or could not be. Older ones of its function are of what it does not run any more. */
  async taken(task: Starting, report: SnapshotTaken): Promise<void> {
    if (report.layerId === "" || report.failure !== "") {
      this.#takers.failed(task);
      return;
    }
    const taking = this.#takers.stop(task);
    if (!taking?.isNewest) return;
    const storing = this.#store(taking.key, task.facts.functionId, report);
    this.#storing.add(storing);
    await storing.finally(() => this.#storing.delete(storing));
  }

  async #store(
    key: string,
    functionId: string,
    { layerId, bytes, tookMs }: Pick<SnapshotTaken, "layerId" | "bytes" | "tookMs">,
  ): Promise<void> {
    const now = this.#options.nowMs();
    const row: MemorySnapshotRow = {
      snapshot_key: key,
      function_id: functionId,
      layer_id: layerId,
      bytes: Number(bytes),
      took_ms: tookMs,
      failures: 0,
      created_at: now,
      used_at: now,
    };
    await this.#options.journal.write(
      async (trx) => {
        await trx.deleteFrom("memory_snapshot").where("function_id", "=", functionId).execute();
        await trx.insertInto("memory_snapshot").values(row).execute();
      },
      () => {
        for (const [former, other] of this.#byKey)
          if (other.function_id === functionId) this.#byKey.delete(former);
        this.#byKey.set(key, row);
      },
    );
    await this.#keepQuota(row);
  }

  /** The one that was longest not used goes first; one that was just taken stays. */
  async #keepQuota(newest: Selectable<MemorySnapshotRow>): Promise<void> {
    const oldestFirst = this.all().toSorted((a, b) => a.used_at - b.used_at);
    let bytes = oldestFirst.reduce((sum, row) => sum + row.bytes, 0);
    for (const row of oldestFirst) {
      if (bytes <= quotaBytes) return;
      if (row === newest) continue;
      bytes -= row.bytes;
      await this.#forget(row);
    }
  }

  /** A container asks for work, or will never: its snapshot was good, or it could not be brought back, was and failed, or hung. */
  async settled(task: Starting, outcome: "ready" | "failed"): Promise<void> {
    if (outcome === "failed") this.#takers.failed(task);
    const row = this.#restoring.get(task);
    this.#restoring.delete(task);
    if (!row || outcome === "ready" || this.#byKey.get(row.snapshot_key) !== row) return;
    row.failures++;
    if (row.failures < patience) return;
    this.#takers.count(row.snapshot_key, row.function_id);
    await this.#forget(row);
  }

  /** A container has ended, of itself or because it was asked to. */
  async exited(task: Starting, outcome: "ready" | "failed"): Promise<void> {
    const settled = this.settled(task, outcome);
    this.#takers.stop(task);
    await settled;
  }

  /** Functions were deployed anew, or are gone: what is known of those that have another revision now is of no use. */
  async changed(functionIds: readonly string[]): Promise<void> {
    const gone = functionIds.filter((functionId) => {
      const known = this.#revisions.get(functionId);
      return known !== undefined && known !== this.#options.revisionOf(functionId);
    });
    if (gone.length > 0) await this.forgetOf((functionId) => gone.includes(functionId));
  }

  /** Those of functions that will not be started any more, or not as they were; also what is only being taken. */
  async forgetOf(isGone: (functionId: string) => boolean): Promise<void> {
    this.#takers.forgetOf(isGone);
    for (const known of [this.#told, this.#revisions])
      for (const functionId of known.keys()) if (isGone(functionId)) known.delete(functionId);
    await Promise.allSettled(this.#storing);
    for (const row of this.all()) if (isGone(row.function_id)) await this.#forget(row);
  }

  /** Newest first. */
  all(): Selectable<MemorySnapshotRow>[] {
    return [...this.#byKey.values()].toSorted((a, b) => b.created_at - a.created_at);
  }

  /** @throws AppError SNAPSHOT_NOT_FOUND */
  async delete(layerId: string): Promise<void> {
    const row = this.all().find((each) => each.layer_id === layerId);
    if (row) return await this.#forget(row);
    throw new AppError("SNAPSHOT_NOT_FOUND", `There is no memory snapshot "${layerId}".`, {
      status: "NOT_FOUND",
      remedy: "`dorian snapshot list` shows the ones there are.",
    });
  }

  /** Its layer goes with the next garbage collection: a container may be about to be brought back from it. */
  async #forget(row: Selectable<MemorySnapshotRow>): Promise<void> {
    this.#byKey.delete(row.snapshot_key);
    await this.#options.journal.write((trx) =>
      trx.deleteFrom("memory_snapshot").where("snapshot_key", "=", row.snapshot_key).execute(),
    );
  }
}
