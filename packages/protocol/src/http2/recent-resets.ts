import { rememberedResets } from "./limits.ts";

/** Streams that this end has reset, the last so many: the peer may not know of it yet. */
export class RecentResets {
  #streamIds = new Set<number>();

  add(streamId: number): void {
    this.#streamIds.add(streamId);
    if (this.#streamIds.size <= rememberedResets) return;
    const [oldest] = this.#streamIds;
    if (oldest !== undefined) this.#streamIds.delete(oldest);
  }

  has(streamId: number): boolean {
    return this.#streamIds.has(streamId);
  }
}
