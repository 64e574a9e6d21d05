import { Notifier } from "@dorian/base/notifier";
import { offAbort, onAbort } from "@dorian/base/on-abort";

/** An item as the server knows it: its value is in the database. */
export interface QueuedItem {
  /** Items leave in this order. */
  seq: number;
  bytes: number;
}

interface Waiter {
  max: number;
  give(items: QueuedItem[]): void;
  fail(error: Error): void;
}

/** Items in the order in which they leave, and those who wait for some. Nothing in it is on disk. */
export class Partition {
  readonly key: Uint8Array;
  /** Milliseconds; put off by every put. */
  expiresAt = 0;
  #items: QueuedItem[] = [];
  /** Items before this one have been taken. */
  #head = 0;
  #bytes = 0;
  #waiters = new Set<Waiter>();
  #watchers = 0;
  #changed = new Notifier();
  #reserved = { items: 0, bytes: 0 };

  constructor(key: Uint8Array) {
    this.key = key;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** What it holds or is about to. */
  get load(): { items: number; bytes: number } {
    return { items: this.length + this.#reserved.items, bytes: this.#bytes + this.#reserved.bytes };
  }

  /** True when nothing is in it and nobody waits for it. */
  get isIdle(): boolean {
    return this.load.items === 0 && this.#waiters.size === 0 && this.#watchers === 0;
  }

  /** Keeps room for items that are on their way to the disk or from it, until the result is disposed of. */
  reserve(room: { items: number; bytes: number }): Disposable {
    this.#reserve(room.items, room.bytes);
    return { [Symbol.dispose]: () => this.#reserve(-room.items, -room.bytes) };
  }

  /** Does as {@link reserve}, for items that may yet be put back. */
  hold(items: readonly QueuedItem[]): Disposable {
    return this.reserve({ items: items.length, bytes: bytesOf(items) });
  }

  /** Adds items at the end and hands them to those who wait, in the order in which they came. */
  append(items: readonly QueuedItem[]): void {
    for (const item of items) {
      this.#items.push(item);
      this.#bytes += item.bytes;
    }
    this.#serve();
  }

  /** Gives items back that were taken in vain, to their old place. */
  putBack(items: readonly QueuedItem[]): void {
    this.#items = [...items, ...this.#items.slice(this.#head)].toSorted((a, b) => a.seq - b.seq);
    this.#head = 0;
    this.#bytes += bytesOf(items);
    this.#serve();
  }

  /** Takes up to `max` items now. */
  take(max: number): QueuedItem[] {
    const taken = this.#items.slice(this.#head, this.#head + max);
    this.#head += taken.length;
    this.#bytes -= bytesOf(taken);
    if (this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }

  /** Takes up to `max` items as soon as there is one; none when the time is over. Rejects when `signal` aborts. */
  takeSoon(max: number, options: { timeoutMs: number; signal: AbortSignal }): Promise<QueuedItem[]> {
    const { timeoutMs, signal } = options;
    if (this.length > 0 || timeoutMs <= 0) return Promise.resolve(this.take(max));
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        offAbort(signal, giveUp);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        max,
        give: (items) => {
          leave();
          resolve(items);
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      const giveUp = () => waiter.fail(signal.reason as Error);
      const timer = setTimeout(() => waiter.give([]), timeoutMs);
      onAbort(signal, giveUp);
      this.#waiters.add(waiter);
      if (signal.aborted) giveUp();
    });
  }

  /** Items that come after `seq`, left where they are. */
  after(seq: number, max: number): QueuedItem[] {
    let [low, high] = [this.#head, this.#items.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#items[middle]?.seq ?? 0) > seq) high = middle;
      else low = middle + 1;
    }
    return this.#items.slice(low, low + max);
  }

  /** Waits for items to come, or the time to be over. */
  async watch(options: { timeoutMs: number; signal: AbortSignal }): Promise<void> {
    this.#watchers += 1;
    try {
      await this.#changed.wait(options);
    } finally {
      this.#watchers -= 1;
    }
  }

  /** Ends all waits: those for items with `error`. */
  end(error: Error): void {
    for (const waiter of this.#waiters) waiter.fail(error);
    this.#changed.notify();
  }

  #reserve(items: number, bytes: number): void {
    this.#reserved = { items: this.#reserved.items + items, bytes: this.#reserved.bytes + bytes };
  }

  #serve(): void {
    for (const waiter of this.#waiters) {
      if (this.length === 0) break;
      waiter.give(this.take(waiter.max));
    }
    this.#changed.notify();
  }
}

export function bytesOf(items: readonly QueuedItem[]): number {
  return items.reduce((bytes, item) => bytes + item.bytes, 0);
}
