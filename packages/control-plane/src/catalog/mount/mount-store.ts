import { AppError } from "@dorian/base/app-error";
import { SharedWork } from "@dorian/base/shared-work";
import { newId } from "@dorian/base/ids";
import type { BlockStore } from "@dorian/storage/block-store";
import { writeFileLayer } from "@dorian/storage/file-layer";
import type { LayerStore } from "@dorian/storage/layer-store";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";
import { mountChecksum, type MountFile } from "./mount-files.ts";
import { notFoundWords } from "../../access/not-found-words.ts";

/** Files shipped from a client, as a layer. Equal trees are one mount. */
export interface Mount {
  mountId: string;
  /** Hex SHA-256 over names, digests and modes. */
  checksum: string;
  layerId: string;
  files: MountFile[];
  /** Milliseconds. */
  usedAtMs: number;
  /** What the database says of it: it lags behind. */
  notedAt: number;
}

export interface MountStoreOptions {
  db: Database;
  journal: Journal;
  layers: LayerStore;
  blocks: BlockStore;
  nowMs: () => number;
}

/** An hour more or less does not matter to what is collected after weeks. */
const touchEveryMs = 3_600_000;

/** All mounts. Each has its layer before its id is known to anyone. */
export class MountStore {
  #options: MountStoreOptions;
  #byId = new Map<string, Mount>();
  #byChecksum = new Map<string, Mount>();
  #making = new SharedWork<string, Mount>();

  private constructor(options: MountStoreOptions) {
    this.#options = options;
  }

  static async load(options: MountStoreOptions): Promise<MountStore> {
    const store = new MountStore(options);
    for (const row of await options.db.selectFrom("mount").selectAll().execute()) {
      store.#put({
        mountId: row.mount_id,
        checksum: row.checksum,
        layerId: row.layer_id,
        files: JSON.parse(row.files) as MountFile[],
        usedAtMs: Math.min(options.nowMs(), row.used_at + touchEveryMs),
        notedAt: row.used_at,
      });
    }
    return store;
  }

  get(mountId: string): Mount | undefined {
    return this.#byId.get(mountId);
  }

  /** @throws AppError MOUNT_NOT_FOUND */
  require(mountId: string): Mount {
    const mount = this.#byId.get(mountId);
    if (mount) return mount;
    throw new AppError("MOUNT_NOT_FOUND", notFoundWords("Mount", { id: mountId }), {
      status: "NOT_FOUND",
      remedy: "Run or deploy the app again: its files are then sent anew.",
    });
  }

  all(): Iterable<Mount> {
    return this.#byId.values();
  }

  /**
   * The mount of a tree whose contents have been uploaded.
   *
   * @throws AppError MOUNT_CONTENT_MISSING
   */
  async getOrCreate(files: MountFile[]): Promise<Mount> {
    const checksum = mountChecksum(files);
    return await this.#making.run(checksum, () => this.#findOrMake(checksum, files));
  }

  /** The mount, noted as in use; undefined when it is gone, or its layer is and cannot be written again. */
  async revive(mountId: string): Promise<Mount | undefined> {
    const mount = this.#byId.get(mountId);
    if (!mount) return undefined;
    try {
      return await this.#present(mount);
    } catch (error) {
      if (AppError.is(error) && error.code === "MOUNT_CONTENT_MISSING") return undefined;
      throw error;
    }
  }

  /** The mount's layer, written again from the uploaded contents if the disk lost it. */
  async layerOf(mountId: string): Promise<string> {
    return (await this.#present(this.require(mountId))).layerId;
  }

  async remove(mount: Mount): Promise<void> {
    await this.#options.journal.write(async (trx) => {
      await trx.deleteFrom("mount").where("mount_id", "=", mount.mountId).execute();
    });
    this.#byId.delete(mount.mountId);
    this.#byChecksum.delete(mount.checksum);
  }

  async #present(mount: Mount): Promise<Mount> {
    if (await this.#options.layers.has(mount.layerId)) return await this.#touched(mount);
    return await this.getOrCreate(mount.files);
  }

  async #findOrMake(checksum: string, files: MountFile[]): Promise<Mount> {
    const { layers, journal, nowMs } = this.#options;
    const known = this.#byChecksum.get(checksum);
    if (known && (await layers.has(known.layerId))) return await this.#touched(known);
    const layerId = await this.#writeLayer(files);
    const now = nowMs();
    const mountId = known?.mountId ?? newId("mo");
    const mount: Mount = { mountId, checksum, layerId, files, usedAtMs: now, notedAt: now };
    await journal.write(async (trx) => {
      const row = {
        mount_id: mount.mountId,
        checksum,
        layer_id: layerId,
        files: JSON.stringify(files),
        created_at: mount.usedAtMs,
        used_at: mount.usedAtMs,
      };
      await trx
        .insertInto("mount")
        .values(row)
        .onConflict((conflict) => conflict.column("mount_id").doUpdateSet({ layer_id: layerId }))
        .execute();
    });
    this.#put(mount);
    return mount;
  }

  /** The mount, noted as in use so that it is kept. */
  async #touched(mount: Mount): Promise<Mount> {
    const usedAtMs = this.#options.nowMs();
    const isNoted = usedAtMs - mount.notedAt < touchEveryMs;
    const touched = { ...mount, usedAtMs, notedAt: isNoted ? mount.notedAt : usedAtMs };
    this.#put(touched);
    if (isNoted) return touched;
    await this.#options.journal.write(async (trx) => {
      await trx
        .updateTable("mount")
        .set({ used_at: usedAtMs })
        .where("mount_id", "=", mount.mountId)
        .execute();
    });
    return touched;
  }

  async #writeLayer(files: MountFile[]): Promise<string> {
    const { layers, blocks } = this.#options;
    for (const file of files) {
      // A client that hopes they are all here has not asked for any, and what nobody asks for is collected.
      if (file.path.endsWith("/") || (await blocks.touch(file.sha256))) continue;
      throw new AppError("MOUNT_CONTENT_MISSING", `The content of "${file.path}" has not been uploaded.`, {
        remedy: "Run or deploy the app again: its files are then sent anew.",
      });
    }
    await using draft = await layers.draft();
    await writeFileLayer(draft, files, blocks);
    return await draft.seal({ durable: true });
  }

  #put(mount: Mount): void {
    this.#byId.set(mount.mountId, mount);
    this.#byChecksum.set(mount.checksum, mount);
  }
}
