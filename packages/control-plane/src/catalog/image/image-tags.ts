import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";
import { notFoundWords } from "../../access/not-found-words.ts";

/** One publication of an image under a name. */
export interface TagRevision {
  revisionId: string;
  scope: string;
  tag: string;
  imageId: string;
  publishedBy: string;
  createdAtMs: number;
}

/** Names of images, each with what it named over time; the latest counts. */
export class ImageTags {
  #nowMs: () => number;
  /** By scope and tag; oldest first. */
  #revisions = new Map<string, TagRevision[]>();

  private constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  static async load({ db, nowMs }: { db: Database; nowMs: () => number }): Promise<ImageTags> {
    const tags = new ImageTags(nowMs);
    for (const row of await db.selectFrom("image_tag").selectAll().orderBy("created_at").execute()) {
      tags.#put({
        revisionId: row.revision_id,
        scope: row.scope,
        tag: row.tag,
        imageId: row.image_id,
        publishedBy: row.published_by,
        createdAtMs: row.created_at,
      });
    }
    return tags;
  }

  /** @throws AppError IMAGE_NOT_FOUND */
  require(scope: string, tag: string): TagRevision {
    const current = this.#revisions.get(keyOf(scope, tag))?.at(-1);
    if (current) return current;
    throw new AppError("IMAGE_NOT_FOUND", notFoundWords("Image", { name: tag }), {
      status: "NOT_FOUND",
      remedy: "Publish one with `image.publish(name)`; `modal image names list` shows those there are.",
    });
  }

  /** Everything a name has stood for, latest first. */
  history(scope: string, tag: string): TagRevision[] {
    return (this.#revisions.get(keyOf(scope, tag)) ?? []).toReversed();
  }

  /** Names in an environment with their first and their latest publication, latest first. */
  current(scope: string): { first: TagRevision; latest: TagRevision }[] {
    return [...this.#revisions.values()]
      .flatMap((revisions) => {
        const [first, latest] = [revisions[0], revisions.at(-1)];
        return first && latest && latest.scope === scope ? [{ first, latest }] : [];
      })
      .toSorted((a, b) => b.latest.createdAtMs - a.latest.createdAtMs);
  }

  /** Ids of the images that have a name now. */
  named(): Set<string> {
    return new Set([...this.#revisions.values()].flatMap((revisions) => revisions.at(-1)?.imageId ?? []));
  }

  async publish(
    journal: Journal,
    published: { scope: string; tag: string; imageId: string; publishedBy: string },
  ): Promise<TagRevision> {
    const before = this.#revisions.get(keyOf(published.scope, published.tag))?.at(-1);
    const createdAt = Math.max(this.#nowMs(), (before?.createdAtMs ?? 0) + 1);
    const revision: TagRevision = { ...published, revisionId: newId("ir"), createdAtMs: createdAt };
    await journal.write(
      (trx) =>
        trx
          .insertInto("image_tag")
          .values({
            revision_id: revision.revisionId,
            scope: revision.scope,
            tag: revision.tag,
            image_id: revision.imageId,
            published_by: revision.publishedBy,
            created_at: revision.createdAtMs,
          })
          .execute(),
      () => this.#put(revision),
    );
    return revision;
  }

  /** Takes all its names from an image, in all their history. */
  async forgetImage(journal: Journal, imageId: string): Promise<void> {
    await journal.write(
      (trx) => trx.deleteFrom("image_tag").where("image_id", "=", imageId).execute(),
      () => {
        for (const [key, revisions] of this.#revisions) {
          const kept = revisions.filter((revision) => revision.imageId !== imageId);
          if (kept.length > 0) this.#revisions.set(key, kept);
          else this.#revisions.delete(key);
        }
      },
    );
  }

  #put(revision: TagRevision): void {
    const key = keyOf(revision.scope, revision.tag);
    this.#revisions.set(key, [...(this.#revisions.get(key) ?? []), revision]);
  }
}

function keyOf(scope: string, tag: string): string {
  return `${scope} ${tag}`;
}
