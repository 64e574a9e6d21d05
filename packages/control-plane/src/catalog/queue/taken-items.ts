import type { Partition, QueuedItem } from "./partition.ts";

/** Items that left their partitions in memory: disposing puts them back, unless they were given away for good. */
export class TakenItems implements Disposable {
  #taken: { partition: Partition; items: readonly QueuedItem[] }[] = [];
  #holds = new DisposableStack();
  #given = false;

  add(partition: Partition, items: readonly QueuedItem[]): void {
    this.#holds.use(partition.hold(items));
    this.#taken.push({ partition, items });
  }

  get all(): QueuedItem[] {
    return this.#taken.flatMap((each) => each.items);
  }

  /** Hands the items over: their removal is durable. */
  give(): void {
    this.#given = true;
  }

  [Symbol.dispose](): void {
    if (!this.#given) for (const { partition, items } of this.#taken) partition.putBack(items);
    this.#holds.dispose();
  }
}
