import { create } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { ImageConfigSchema, type ImageConfig } from "@dorian/protocol/worker";
import type { Transaction } from "kysely";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";
import type { Tables } from "../../schema/tables.ts";
import { ImageTags } from "./image-tags.ts";
import { notFoundWords } from "../../access/not-found-words.ts";
import { imageFromRow, rowOfImage } from "./image-rows.ts";
import type { ImageRecord } from "./image-record.ts";

/** All images, in memory. Writers put a record here once its row is durable. */
export class ImageRegistry {
  #images = new Map<string, ImageRecord>();
  #cache = new Map<string, string>();
  readonly tags: ImageTags;

  private constructor(tags: ImageTags) {
    this.tags = tags;
  }

  static async load({ db, nowMs }: { db: Database; nowMs: () => number }): Promise<ImageRegistry> {
    const registry = new ImageRegistry(await ImageTags.load({ db, nowMs }));
    for (const row of await db.selectFrom("image").selectAll().orderBy("created_at").execute()) {
      registry.put(imageFromRow(row));
    }
    return registry;
  }

  get(imageId: string): ImageRecord | undefined {
    return this.#images.get(imageId);
  }

  /** @throws AppError IMAGE_NOT_FOUND */
  require(imageId: string): ImageRecord {
    const image = this.#images.get(imageId);
    if (image) return image;
    throw new AppError("IMAGE_NOT_FOUND", notFoundWords("Image", { id: imageId }), {
      status: "NOT_FOUND",
      remedy: "Run or deploy the app again: its images are then built anew.",
    });
  }

  /** The image that answers for a key. */
  cached(buildKey: string): ImageRecord | undefined {
    const imageId = this.#cache.get(buildKey);
    return imageId === undefined ? undefined : this.#images.get(imageId);
  }

  /**
   * Ids from an image down to the one it all began with.
   *
   * @throws AppError IMAGE_CYCLE, IMAGE_NOT_FOUND
   */
  chain(imageId: string): string[] {
    const chain: string[] = [];
    for (let next: string | undefined = imageId; next !== undefined; next = this.require(next).baseImageId) {
      if (chain.includes(next)) throw imageCycle(next);
      chain.push(next);
    }
    return chain;
  }

  /** Builds of one step, latest first. */
  ofSlot(slot: string, count: number): ImageRecord[] {
    return [...this.#images.values()]
      .filter((image) => image.slot === slot)
      .toSorted((a, b) => b.createdAtMs - a.createdAtMs)
      .slice(0, count);
  }

  all(): Iterable<ImageRecord> {
    return this.#images.values();
  }

  put(image: ImageRecord): void {
    const before = this.#cache.get(image.buildKey);
    if (image.cached) {
      const replaced = before === undefined ? undefined : this.#images.get(before);
      if (replaced && before !== image.imageId)
        this.#images.set(replaced.imageId, { ...replaced, cached: false });
      this.#cache.set(image.buildKey, image.imageId);
    } else if (before === image.imageId) this.#cache.delete(image.buildKey);
    this.#images.set(image.imageId, image);
  }

  remove(image: ImageRecord): void {
    this.#images.delete(image.imageId);
    if (this.#cache.get(image.buildKey) === image.imageId) this.#cache.delete(image.buildKey);
  }
}

/** Writes an image; a cached one takes the place of the one that answered for its key. */
export async function saveImage(trx: Transaction<Tables>, image: ImageRecord): Promise<void> {
  if (image.cached) {
    await trx
      .updateTable("image")
      .set({ cached: 0 })
      .where("build_key", "=", image.buildKey)
      .where("image_id", "!=", image.imageId)
      .execute();
  }
  const row = rowOfImage(image);
  const { image_id: _id, ...changed } = row;
  await trx
    .insertInto("image")
    .values(row)
    .onConflict((conflict) => conflict.column("image_id").doUpdateSet(changed))
    .execute();
}

/** An hour more or less does not matter to what is collected after weeks. */
const touchEveryMs = 3_600_000;

/** Notes that an image is in use, so that it is kept. */
export async function touchImage(
  options: { images: ImageRegistry; journal: Journal },
  image: ImageRecord,
  now: number,
): Promise<void> {
  if (now - image.usedAtMs < touchEveryMs) return;
  const { images, journal } = options;
  await journal.write(
    async (trx) => {
      await trx.updateTable("image").set({ used_at: now }).where("image_id", "=", image.imageId).execute();
    },
    () => images.put({ ...images.require(image.imageId), usedAtMs: now }),
  );
}

/** Removes an image and the log of its build. Its layers go when nothing else has them. */
export async function removeImage(
  options: { images: ImageRegistry; journal: Journal },
  image: ImageRecord,
): Promise<void> {
  await options.journal.write(
    async (trx) => {
      await trx.deleteFrom("image_log").where("image_id", "=", image.imageId).execute();
      await trx.deleteFrom("image").where("image_id", "=", image.imageId).execute();
    },
    () => options.images.remove(image),
  );
}

export function emptyConfig(): ImageConfig {
  return create(ImageConfigSchema);
}

export function imageCycle(imageId: string): AppError {
  return new AppError("IMAGE_CYCLE", `The image ${imageId} is built on itself.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Begin the chain with `Image.debianSlim()`, and let no image depend on one made from it.",
  });
}
