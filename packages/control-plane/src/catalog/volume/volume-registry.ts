import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import { must } from "@dorian/base/must";
import type { VolumeFsVersion } from "@dorian/protocol/modal";
import type { LayerStore } from "@dorian/storage/layer-store";
import type { Transaction } from "kysely";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";
import type { Tables } from "../../schema/tables.ts";
import type { ObjectKind } from "../named-object/get-or-create.ts";
import { volumeExists, volumeNotFound, type Volume } from "./volume.ts";
import { insertVersion, newestVersion, parseStack, volumeFromRow } from "./volume-rows.ts";
import type { VolumeHead, VolumeChange } from "./volume-head.ts";

/** Volumes and the newest version of each, in memory; all versions in the database. */
export class VolumeRegistry implements ObjectKind<Volume, { fsVersion: VolumeFsVersion }> {
  readonly noun = "a volume";
  readonly notFound = volumeNotFound;
  readonly exists = volumeExists;
  #db: Database;
  #journal: Journal;
  #layers: LayerStore;
  #nowMs: () => number;
  #onLongStack: (volumeId: string) => void = () => undefined;
  #volumes = new Map<string, Volume>();
  /** Volumes by environment and name. */
  #ids = new Map<string, string>();
  #lastCreatedAt = 0;
  #heads = new Map<string, VolumeHead>();

  private constructor(options: VolumeRegistryOptions) {
    this.#db = options.db;
    this.#journal = options.journal;
    this.#layers = options.layers;
    this.#nowMs = options.nowMs;
  }

  static async load(options: VolumeRegistryOptions): Promise<VolumeRegistry> {
    const registry = new VolumeRegistry(options);
    for (const row of await options.db.selectFrom("volume").selectAll().execute()) {
      registry.put(volumeFromRow(row));
    }
    const heads = await options.db
      .selectFrom("volume_version")
      .select((select) => ["volume_id", "layer_ids", select.fn.max("version").as("version")])
      .groupBy("volume_id")
      .execute();
    for (const row of heads) registry.#putHead(row.volume_id, row.version, parseStack(row.layer_ids));
    return registry;
  }

  /** Told, after an append, of every volume with more than {@link longStack} layers. */
  whenLong(listener: (volumeId: string) => void): void {
    this.#onLongStack = listener;
    for (const head of this.#heads.values()) if (head.layerIds.length > longStack) listener(head.volumeId);
  }

  get(volumeId: string): Volume | undefined {
    return this.#volumes.get(volumeId);
  }

  /** A volume that may have been deleted meanwhile. @throws AppError VOLUME_NOT_FOUND */
  require(volumeId: string): Volume {
    const volume = this.#volumes.get(volumeId);
    if (volume) return volume;
    throw volumeNotFound({ id: volumeId });
  }

  /** @throws AppError VOLUME_NOT_FOUND also when it was deleted */
  requireAlive(volumeId: string): Volume {
    const volume = this.require(volumeId);
    if (volume.deletedAtMs !== undefined) throw volumeNotFound({ id: volumeId });
    return volume;
  }

  named(scope: string, name: string): Volume | undefined {
    return this.#volumes.get(this.#ids.get(`${scope}/${name}`) ?? "");
  }

  async find(trx: Transaction<Tables>, scope: string, name: string): Promise<Volume | undefined> {
    const row = await trx
      .selectFrom("volume")
      .selectAll()
      .where("environment", "=", scope)
      .where("name", "=", name)
      .executeTakeFirst();
    return row && volumeFromRow(row);
  }

  /** Makes a volume with its empty version 0. */
  async insert(
    trx: Transaction<Tables>,
    options: Pick<Volume, "scope" | "name" | "appId" | "createdBy" | "fsVersion">,
  ): Promise<{ object: Volume; committed: () => void }> {
    this.#lastCreatedAt = Math.max(this.#lastCreatedAt + 1, this.#nowMs());
    const volume: Volume = {
      ...options,
      volumeId: newId("vo"),
      createdAtMs: this.#lastCreatedAt,
      deletedAtMs: undefined,
    };
    await trx
      .insertInto("volume")
      .values({
        volume_id: volume.volumeId,
        environment: volume.scope,
        name: volume.name ?? null,
        ephemeral: volume.name === undefined ? 1 : 0,
        created_at: volume.createdAtMs,
        created_by: volume.createdBy,
        deleted_at: null,
        fs_version: volume.fsVersion,
        app_id: volume.appId ?? null,
      })
      .execute();
    const empty = { volumeId: volume.volumeId, version: 0, layerIds: [] };
    await insertVersion(trx, empty, { layerId: "", author: volume.createdBy, bytes: 0 }, volume.createdAtMs);
    const committed = () => {
      this.put(volume);
      this.#putHead(volume.volumeId, 0, []);
    };
    return { object: volume, committed };
  }

  async rename(trx: Transaction<Tables>, volumeId: string, name: string): Promise<() => void> {
    const volume = this.requireAlive(volumeId);
    const taken = await this.find(trx, volume.scope, name);
    if (taken && taken.volumeId !== volumeId) throw volumeExists(name);
    await trx.updateTable("volume").set({ name }).where("volume_id", "=", volumeId).execute();
    return () => this.put({ ...volume, name });
  }

  /** Frees a volume's name, and its content once nothing uses that any more. */
  async delete(trx: Transaction<Tables>, volumeId: string): Promise<() => void> {
    const volume = this.requireAlive(volumeId);
    const deletedAt = this.#nowMs();
    await trx
      .updateTable("volume")
      .set({ name: null, deleted_at: deletedAt })
      .where("volume_id", "=", volumeId)
      .execute();
    return () => this.put({ ...volume, name: undefined, deletedAtMs: deletedAt });
  }

  *anonymous(): Iterable<{ objectId: string; appId: string | undefined }> {
    for (const { volumeId, name, appId, deletedAtMs } of this.#volumes.values()) {
      if (name === undefined && deletedAtMs === undefined) yield { objectId: volumeId, appId };
    }
  }

  /** Deletes all volumes of an environment. */
  async removeScope(scope: string): Promise<void> {
    const doomed = [...this.#volumes.values()].filter(
      (volume) => volume.scope === scope && volume.deletedAtMs === undefined,
    );
    await Promise.all(doomed.map((volume) => this.remove(volume.volumeId)));
  }

  async remove(volumeId: string): Promise<void> {
    await this.#journal.write(
      (trx) => this.delete(trx, volumeId),
      (committed) => committed(),
    );
  }

  all(): Iterable<Volume> {
    return this.#volumes.values();
  }

  head(volumeId: string): VolumeHead {
    this.require(volumeId);
    return must(this.#heads.get(volumeId), `the head of ${volumeId}`);
  }

  /** Directories of the newest version's layers, lowest first. */
  stackPaths(volumeId: string): string[] {
    return this.head(volumeId).layerIds.map((layerId) => this.#layers.path(layerId));
  }

  /** Publishes a layer as the next version. Durable when it resolves; a layer is appended once however often it is sent. */
  async append(volumeId: string, change: VolumeChange): Promise<VolumeHead> {
    this.require(volumeId);
    if (!(await this.#layers.has(change.layerId))) {
      throw new AppError("LAYER_NOT_FOUND", `The layer ${change.layerId} is not in the data directory.`, {
        remedy: "Server and worker must use one data directory: start the worker with the server's.",
      });
    }
    const { head } = await this.#journal.write(
      (trx) => this.appendIn(trx, volumeId, change),
      ({ committed }) => committed(),
    );
    return head;
  }

  /** {@link append} inside a transaction: call `committed` once it is durable. */
  async appendIn(
    trx: Transaction<Tables>,
    volumeId: string,
    change: VolumeChange,
  ): Promise<{ head: VolumeHead; committed: () => void }> {
    const known = await trx
      .selectFrom("volume_version")
      .select("version")
      .where("volume_id", "=", volumeId)
      .where("layer_id", "=", change.layerId)
      .executeTakeFirst();
    const last = await newestVersion(trx, volumeId);
    if (known) {
      // Not the version that it made: others may have come since, and its stack may have been dropped.
      const head = { volumeId, version: last.version, layerIds: parseStack(last.layer_ids) };
      return { head, committed: () => undefined };
    }
    const head = {
      volumeId,
      version: last.version + 1,
      layerIds: [...parseStack(last.layer_ids), change.layerId],
    };
    await insertVersion(trx, head, change, this.#nowMs());
    return { head, committed: () => this.#publish(head) };
  }

  /** Replaces the lowest layers of the newest version by one that shows the same. False when they are not its lowest. */
  async replaceLowest(volumeId: string, run: readonly string[], layerId: string): Promise<boolean> {
    const head = await this.#journal.write(
      async (trx) => {
        const last = await newestVersion(trx, volumeId);
        const stack = parseStack(last.layer_ids);
        if (run.some((each, index) => stack[index] !== each)) return undefined;
        const layerIds = [layerId, ...stack.slice(run.length)];
        await trx
          .updateTable("volume_version")
          .set({ layer_ids: JSON.stringify(layerIds) })
          .where("volume_id", "=", volumeId)
          .where("version", "=", last.version)
          .execute();
        return { volumeId, version: last.version, layerIds };
      },
      (changed) => changed && this.#publish(changed),
    );
    return head !== undefined;
  }

  put(volume: Volume): void {
    const before = this.#volumes.get(volume.volumeId);
    if (before?.name !== undefined) this.#ids.delete(`${before.scope}/${before.name}`);
    if (volume.name !== undefined) this.#ids.set(`${volume.scope}/${volume.name}`, volume.volumeId);
    this.#volumes.set(volume.volumeId, volume);
    this.#lastCreatedAt = Math.max(this.#lastCreatedAt, volume.createdAtMs);
  }

  /** Forgets a deleted volume that nothing uses any more. */
  forget(volumeId: string): void {
    this.#volumes.delete(volumeId);
    this.#heads.delete(volumeId);
  }

  async versions(volumeId: string) {
    return await this.#db
      .selectFrom("volume_version")
      .selectAll()
      .where("volume_id", "=", volumeId)
      .orderBy("version")
      .execute();
  }

  #publish(head: VolumeHead): void {
    // Told in the order in which it became durable: the last is the newest.
    this.#heads.set(head.volumeId, head);
    if (head.layerIds.length > longStack) this.#onLongStack(head.volumeId);
  }

  #putHead(volumeId: string, version: number, layerIds: readonly string[]): void {
    this.#heads.set(volumeId, { volumeId, version, layerIds });
  }
}

/** Layers of a stack from which on it is squashed: mounts take a few hundred, and each costs every lookup. */
const longStack = 32;

export interface VolumeRegistryOptions {
  db: Database;
  journal: Journal;
  layers: LayerStore;
  nowMs: () => number;
}
