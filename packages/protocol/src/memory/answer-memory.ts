import { AnswerRoom, Share, type RoomKeeper, type Waiting } from "./answer-room.ts";

const mebibyte = 1024 * 1024;

/** Bytes of large answers that are made before others were read, for one connection, one caller and the whole process. */
export interface AnswerMemoryLimits {
  /** More than a network carries until an acknowledgement is back: who reads promptly does not wait. */
  connection: number;
  caller: number;
  /** Some large ones each for a handful of busy callers. */
  process: number;
}

const defaultLimits: AnswerMemoryLimits = {
  connection: 16 * mebibyte,
  caller: 32 * mebibyte,
  process: 256 * mebibyte,
};

/** Bytes of large answers that are begun in one turn of the event loop; a larger one comes alone. Everybody else has a turn in between. */
const bytesOfTurn = mebibyte;

/**
 * An answer for which there is no room is made after so long all the same, one for each caller: somebody may read the one before only
 * when it has this one, or share its token with somebody slow. The limit of the process holds for these as well.
 */
const patienceMs = 1_000;

/**
 * Lets large answers be made no faster than they are read: one waits, before it is made, while too much is held for its connection or
 * its caller. Should that not be enough for the process, the connection that holds most loses the largest of its answers.
 */
export class AnswerMemory implements RoomKeeper {
  #limits: AnswerMemoryLimits;
  #callers = new Map<unknown, Share>();
  #connections = new Map<unknown, Share>();
  #held = 0;
  /** Callers of whom an answer waits. Who has had a turn is last. */
  #waiting = new Set<Share>();
  #leftInTurn = bytesOfTurn;
  #hasTurn = false;
  #hasPatience = false;
  #isLooking = false;

  constructor(limits: Partial<AnswerMemoryLimits> = {}) {
    this.#limits = { ...defaultLimits, ...limits };
  }

  /** What is held for everybody. */
  get heldBytes(): number {
    return this.#held;
  }

  /** Something is held for the caller: large answers have to ask whether there is room for more. */
  isBusy(caller: unknown): boolean {
    return (this.#callers.get(caller)?.held ?? 0) > 0;
  }

  /** Room for the answers of one call. `drop` ends the call, whatever it has made. */
  room(connection: object, caller: unknown, drop: () => void): AnswerRoom {
    const room = new AnswerRoom(this, {
      connection: shareOf(this.#connections, connection, this.#limits.connection),
      caller: shareOf(this.#callers, caller, this.#limits.caller),
      drop,
    });
    room.connection.rooms.add(room);
    room.caller.rooms.add(room);
    return room;
  }

  admits(room: AnswerRoom, bytes: number): boolean {
    if (room.caller.waiting.size > 0 || this.#leftInTurn <= 0 || !room.fits(bytes)) return false;
    this.#begin(room, bytes);
    return true;
  }

  wait(waiting: Waiting): void {
    const { caller } = waiting.room;
    if (caller.waiting.size === 0) caller.sinceServed.restart();
    caller.waiting.add(waiting);
    this.#waiting.add(caller);
    this.#admitSoon();
  }

  count({ caller, connection }: AnswerRoom, bytes: number): void {
    this.#held += bytes;
    caller.held += bytes;
    connection.held += bytes;
    if (bytes < 0 && this.#waiting.size > 0) this.#admitSoon();
    if (this.#held <= this.#limits.process || this.#isLooking) return;
    this.#isLooking = true;
    // At once for all of a turn, and not while an answer is being sent.
    process.nextTick(() => {
      this.#isLooking = false;
      this.#dropTooMuch();
    });
  }

  closed(room: AnswerRoom): void {
    const { connection, caller } = room;
    if (caller.waiting.size === 0) this.#waiting.delete(caller);
    caller.rooms.delete(room);
    connection.rooms.delete(room);
    if (caller.rooms.size === 0) this.#callers.delete(caller.key);
    if (connection.rooms.size === 0) this.#connections.delete(connection.key);
  }

  #begin(room: AnswerRoom, bytes: number): void {
    this.#leftInTurn -= bytes;
    room.begin(bytes);
    this.#admitSoon();
  }

  #admitSoon(): void {
    if (this.#hasTurn) return;
    this.#hasTurn = true;
    setImmediate(() => {
      this.#hasTurn = false;
      this.#leftInTurn = bytesOfTurn;
      this.#admit();
    });
  }

  #admit(): void {
    for (const caller of Array.from(this.#waiting)) {
      const next = nextOf(caller);
      if (!next) continue;
      this.#waiting.delete(caller);
      caller.waiting.delete(next);
      caller.sinceServed.restart();
      if (caller.waiting.size > 0) this.#waiting.add(caller);
      this.#begin(next.room, next.bytes);
      next.go();
      if (this.#leftInTurn <= 0) break;
    }
    if (this.#waiting.size === 0 || this.#hasPatience) return;
    this.#hasPatience = true;
    setTimeout(() => {
      this.#hasPatience = false;
      this.#admitSoon();
    }, patienceMs).unref();
  }

  #dropTooMuch(): void {
    while (this.#held > this.#limits.process) {
      const [worst] = [...this.#connections.values()].toSorted((a, b) => b.held - a.held);
      const [largest] = [...(worst?.rooms ?? [])].toSorted((a, b) => b.held - a.held);
      if (!largest || largest.held === 0) return;
      largest.drop();
    }
  }
}

function nextOf(caller: Share): Waiting | undefined {
  if (caller.held < caller.limit)
    for (const waiting of caller.waiting) if (waiting.room.fits(waiting.bytes)) return waiting;
  if (caller.sinceServed.ms < patienceMs) return undefined;
  const [first] = caller.waiting;
  return first;
}

function shareOf(shares: Map<unknown, Share>, key: unknown, limit: number): Share {
  const known = shares.get(key);
  if (known) return known;
  const share = new Share(key, limit);
  shares.set(key, share);
  return share;
}
