import { AppError } from "@dorian/base/app-error";
import type { SnapshotTaken } from "@dorian/protocol/worker";
import type { Selectable } from "kysely";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";
import type { MemorySnapshotRow } from "../../schema/rows/memory-snapshot.ts";
import type { ContainerPlan } from "../ports.ts";
import { snapshotKey } from "./snapshot-key.ts";

/** A container that is about to start. */
export interface Starting {
  readonly isOver: boolean;
  readonly facts: { readonly functionId: string };
}

/** What a container's start has to do with snapshots. */
export type SnapshotPart =
  | { kind: "none"; note?: string }
  | { kind: "take" }
  | { kind: "restore"; layerId: string; bytes: number };

/** Of all snapshots together. */
const quotaBytes = 64 * 2 ** 30;
/** After so many restores that failed a snapshot is given up, and made anew. */
const patience = 3;
/** A function whose snapshot could not be taken so often starts without, until what its containers begin with changes. */
const attempts = 3;

export interface SnapshotsOptions {
  db: Database;
  journal: Journal;
  nowMs: () => number;
}

/** Snapshots of containers' memory: which there are, who takes one, who is brought back from one. */
export class Snapshots {
  #options: SnapshotsOptions;
  #byKey = new Map<string, Selectable<MemorySnapshotRow>>();
  /** The container that takes one, by the key that it is for. */
  #taking = new Map<string, Starting>();
  /** Functions in whose logs it is that they have none. */
  #told = new Set<string>();
  /** What containers are brought back from, until it is known how that went. */
  #restoring = new WeakMap<Starting, Selectable<MemorySnapshotRow>>();
  /** How often one could not be taken. */
  #failedAttempts = new Map<string, number>();

  private constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  static async open(options: SnapshotsOptions): Promise<Snapshots> {
    const snapshots = new Snapshots(options);
    const rows = await options.db.selectFrom("memory_snapshot").selectAll().execute();
    for (const row of rows) snapshots.#byKey.set(row.snapshot_key, row);
    return snapshots;
  }

  /** Decides for a container that is about to start on a worker with this engine. One at a time takes a snapshot; others start without. */
  forStart(task: Starting, plan: ContainerPlan, engine: string): SnapshotPart {
    if (plan.snapshots === "unwanted") return { kind: "none" };
    if (plan.snapshots !== "wanted" || engine === "") return { kind: "none", ...this.#cannot(plan) };
    const key = snapshotKey(plan, engine);
    const known = this.#byKey.get(key);
    if (known) {
      known.used_at = this.#options.nowMs();
      this.#restoring.set(task, known);
      return { kind: "restore", layerId: known.layer_id, bytes: known.bytes };
    }
    if (this.#taking.get(key)?.isOver === false || (this.#failedAttempts.get(key) ?? 0) >= attempts)
      return { kind: "none" };
    this.#taking.set(key, task);
    return { kind: "take" };
  }

  /** Said once for a function. */
  #cannot({ arguments: { functionId }, snapshots }: ContainerPlan): { note?: string } {
    if (this.#told.has(functionId)) return {};
    this.#told.add(functionId);
    if (typeof snapshots === "object")
      return { note: `No memory snapshot is taken: ${snapshots.refusal}. Each container starts anew.` };
    return {
      note: "Its worker has nothing to take memory snapshots with, so each container starts anew. `dorian doctor` says why.",
    };
  }

  /** A container's memory was written, or could not be. Older ones of its function are of what it does not run any more. */
  async taken(task: Starting, { layerId, bytes, tookMs, failure }: SnapshotTaken): Promise<void> {
    const [key] = [...this.#taking].find(([, taker]) => taker === task) ?? [];
    if (key === undefined) return;
    this.#taking.delete(key);
    const { functionId } = task.facts;
    if (layerId === "" || failure !== "") {
      this.#failedAttempts.set(key, (this.#failedAttempts.get(key) ?? 0) + 1);
      return;
    }
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
    const row = this.#restoring.get(task);
    this.#restoring.delete(task);
    if (!row || outcome === "ready" || this.#byKey.get(row.snapshot_key) !== row) return;
    row.failures++;
    if (row.failures >= patience) await this.#forget(row);
  }

  /** Those of functions that will not be started any more. */
  async forgetOf(isGone: (functionId: string) => boolean): Promise<void> {
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
