import { Stopwatch } from "@dorian/base/stopwatch";
/** An answer that is not made yet, for want of room. */
export interface Waiting {
  readonly room: AnswerRoom;
  readonly bytes: number;
  go(): void;
  fail(reason: unknown): void;
}

/** What is held for one caller or one connection. */
export class Share {
  readonly key: unknown;
  readonly limit: number;
  held = 0;
  readonly rooms = new Set<AnswerRoom>();
  /** Answers of a caller that are not made yet, in the order in which they were asked for. */
  readonly waiting = new Set<Waiting>();
  /** Since one of them last had its turn. */
  readonly sinceServed = new Stopwatch();

  constructor(key: unknown, limit: number) {
    this.key = key;
    this.limit = limit;
  }

  /** An answer larger than the limit comes alone. */
  fits(bytes: number): boolean {
    return this.held === 0 || this.held + bytes <= this.limit;
  }
}

/** Who counts the room of all calls. */
export interface RoomKeeper {
  /** True, and then it is counted, when so much may be made at once. */
  admits(room: AnswerRoom, bytes: number): boolean;
  wait(waiting: Waiting): void;
  /** More bytes are held for a call, or fewer below 0. */
  count(room: AnswerRoom, bytes: number): void;
  closed(room: AnswerRoom): void;
}

/** What one call holds of answers: those that are being made, and what its caller has not read. */
export class AnswerRoom {
  readonly connection: Share;
  readonly caller: Share;
  /** Ends the call, whatever it has made. */
  readonly drop: () => void;
  #keeper: RoomKeeper;
  #making = 0;
  #unread = 0;
  #waiting = new Set<Waiting>();
  #ended: { reason: unknown } | undefined;

  constructor(keeper: RoomKeeper, of: Pick<AnswerRoom, "connection" | "caller" | "drop">) {
    this.#keeper = keeper;
    this.connection = of.connection;
    this.caller = of.caller;
    this.drop = of.drop;
  }

  get held(): number {
    return this.#making + this.#unread;
  }

  /** Part of what is sent next was taken already. */
  get isMaking(): boolean {
    return this.#making > 0;
  }

  fits(bytes: number): boolean {
    return this.caller.fits(bytes) && this.connection.fits(bytes);
  }

  /** Takes room for an answer that is about to be made. Undefined when there is some at once; rejects when the call ends before. */
  take(bytes: number): Promise<void> | undefined {
    if (this.#ended) return Promise.reject(this.#ended.reason as Error);
    if (this.#keeper.admits(this, bytes)) return undefined;
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        room: this,
        bytes,
        go: () => {
          this.#waiting.delete(waiting);
          resolve();
        },
        fail: reject,
      };
      this.#waiting.add(waiting);
      this.#keeper.wait(waiting);
    });
  }

  /** Begins to hold bytes: its turn has come. */
  begin(bytes: number): void {
    this.#set(this.#making + bytes, this.#unread);
  }

  /** An answer was made: from now on it counts as far as it is not read. */
  made(bytes: number): void {
    if (this.#making > 0) this.#set(Math.max(0, this.#making - bytes), this.#unread);
  }

  /** Notes that so many bytes now wait for the caller. */
  unread(bytes: number): void {
    this.#set(this.#making, bytes);
    this.#closeIfEmpty();
  }

  /** The call makes nothing more. */
  end(reason: unknown): void {
    if (this.#ended) return;
    this.#ended = { reason };
    for (const waiting of this.#waiting) {
      this.caller.waiting.delete(waiting);
      waiting.fail(reason);
    }
    this.#set(0, this.#unread);
    this.#closeIfEmpty();
  }

  #closeIfEmpty(): void {
    if (this.#ended && this.#unread === 0) this.#keeper.closed(this);
  }

  #set(making: number, unread: number): void {
    const change = making + unread - this.held;
    this.#making = making;
    this.#unread = unread;
    if (change !== 0) this.#keeper.count(this, change);
  }
}
