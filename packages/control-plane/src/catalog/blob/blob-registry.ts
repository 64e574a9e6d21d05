import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";

/** Bytes under an id, for payloads of clients that do not send them inline. */
export interface Blob {
  blobId: string;
  /** Hex SHA-256; undefined until the upload is complete. */
  sha256: string | undefined;
  size: number;
  createdAtMs: number;
  /** Token or container that made it; empty for one from before that was kept. */
  createdBy: string;
  /** Scope of its maker's environment; undefined for a maker that reaches all. */
  scope: string | undefined;
}

export interface BlobRegistryOptions {
  db: Database;
  journal: Journal;
  nowMs: () => number;
}

export class BlobRegistry {
  #journal: Journal;
  #nowMs: () => number;
  #blobs = new Map<string, Blob>();
  /** Addresses by id, of content that is kept elsewhere; oldest first. */
  #lent = new Map<string, { url: string; until: number; scope: string | undefined }>();

  private constructor(options: BlobRegistryOptions) {
    this.#journal = options.journal;
    this.#nowMs = options.nowMs;
  }

  static async load(options: BlobRegistryOptions): Promise<BlobRegistry> {
    const registry = new BlobRegistry(options);
    for (const row of await options.db.selectFrom("blob").selectAll().execute()) {
      registry.#blobs.set(row.blob_id, {
        blobId: row.blob_id,
        sha256: row.sha256 ?? undefined,
        size: row.size,
        createdAtMs: row.created_at,
        createdBy: row.created_by,
        scope: row.environment ?? undefined,
      });
    }
    return registry;
  }

  async create(size: number, maker: Pick<Blob, "createdBy" | "scope">): Promise<Blob> {
    const blob: Blob = { blobId: newId("bl"), sha256: undefined, size, createdAtMs: this.#nowMs(), ...maker };
    await this.#journal.write(async (trx) => {
      const row = {
        blob_id: blob.blobId,
        sha256: null,
        size,
        created_at: blob.createdAtMs,
        created_by: blob.createdBy,
        environment: blob.scope ?? null,
      };
      await trx.insertInto("blob").values(row).execute();
    });
    this.#blobs.set(blob.blobId, blob);
    return blob;
  }

  async complete(blobId: string, content: { sha: string; size: number }): Promise<void> {
    const blob = this.require(blobId);
    await this.#journal.write(async (trx) => {
      await trx
        .updateTable("blob")
        .set({ sha256: content.sha, size: content.size })
        .where("blob_id", "=", blobId)
        .execute();
    });
    this.#blobs.set(blobId, { ...blob, sha256: content.sha, size: content.size });
  }

  /** An id for content that has an address already, for the next minutes. */
  lend(url: string, scope: string | undefined): string {
    const now = this.#nowMs();
    for (const [blobId, { until }] of this.#lent) {
      if (until > now) break;
      this.#lent.delete(blobId);
    }
    const blobId = newId("bl");
    this.#lent.set(blobId, { url, until: now + lentMs, scope });
    return blobId;
  }

  /** The address behind an id that {@link lend} gave out. */
  lent(blobId: string): string | undefined {
    return this.#lent.get(blobId)?.url;
  }

  /** Says whose a blob is; undefined for one that is not known. */
  ownerOf(blobId: string): { createdBy: string; scope: string | undefined } | undefined {
    const lent = this.#lent.get(blobId);
    return lent ? { createdBy: "", scope: lent.scope } : this.#blobs.get(blobId);
  }

  has(blobId: string): boolean {
    return this.#blobs.has(blobId);
  }

  /** @throws AppError BLOB_NOT_FOUND */
  require(blobId: string): Blob {
    const blob = this.#blobs.get(blobId);
    if (blob) return blob;
    throw new AppError("BLOB_NOT_FOUND", `There is no blob "${blobId}".`, {
      status: "NOT_FOUND",
      remedy: "Blobs are kept for seven days. Send the data again.",
    });
  }

  /** @throws AppError BLOB_NOT_FOUND, BLOB_INCOMPLETE */
  requireComplete(blobId: string): Blob & { sha256: string } {
    const blob = this.require(blobId);
    if (blob.sha256 !== undefined) return { ...blob, sha256: blob.sha256 };
    throw new AppError("BLOB_INCOMPLETE", `The upload of the blob "${blobId}" has not ended.`, {
      remedy: "Finish the upload first.",
    });
  }

  all(): Iterable<Blob> {
    return this.#blobs.values();
  }

  async removeBefore(createdAt: number): Promise<void> {
    await this.#journal.write(async (trx) => {
      await trx.deleteFrom("blob").where("created_at", "<", createdAt).execute();
    });
    for (const blob of this.#blobs.values()) {
      if (blob.createdAtMs < createdAt) this.#blobs.delete(blob.blobId);
    }
  }
}

const lentMs = 60 * 60_000;
