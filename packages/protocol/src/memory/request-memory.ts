import { AppError } from "@dorian/base/app-error";
import { AnswerMemory } from "./answer-memory.ts";
import type { Identity } from "../service.ts";

const mebibyte = 1024 * 1024;

/** Bytes that the requests of one connection, one caller and the whole process may hold until they are answered. */
export interface RequestMemoryLimits {
  /** Two of the largest messages at a time. */
  connection: number;
  caller: number;
  /** All who have shown no token: they send little. */
  anonymous: number;
  process: number;
}

const defaultLimits: RequestMemoryLimits = {
  connection: 256 * mebibyte,
  caller: 256 * mebibyte,
  anonymous: 8 * mebibyte,
  process: 512 * mebibyte,
};

/** Counts the memory that requests hold, so that nobody can make a process hold more than it may. */
export class RequestMemory {
  readonly limits: RequestMemoryLimits;
  /** What their answers hold. */
  readonly answers: AnswerMemory;
  #held = new Map<unknown, number>();

  constructor(limits: Partial<RequestMemoryLimits> = {}, answers = new AnswerMemory()) {
    this.limits = { ...defaultLimits, ...limits };
    this.answers = answers;
  }

  /** What the requests of a connection, a caller or, without a key, all of them hold. */
  heldBytes(key: unknown = this): number {
    return this.#held.get(key) ?? 0;
  }

  /** Below 0 for memory that is given back. */
  add(key: unknown, bytes: number): void {
    const held = this.heldBytes(key) + bytes;
    if (held === 0) this.#held.delete(key);
    else this.#held.set(key, held);
  }
}

/** What one request holds. */
export class HeldRequest {
  #memory: RequestMemory;
  #connection: object;
  #caller: string;
  #callerLimit: number;
  #bytes = 0;

  /** `connection` stands for the connection that brought the request. */
  constructor(memory: RequestMemory, connection: object, identity: Identity) {
    this.#memory = memory;
    this.#connection = connection;
    this.#caller = callerOf(identity);
    this.#callerLimit = identity.kind === "anonymous" ? memory.limits.anonymous : memory.limits.caller;
  }

  /** Below 0 for memory that is given back. @throws AppError REQUESTS_TOO_LARGE */
  hold(bytes: number): void {
    const memory = this.#memory;
    if (bytes > 0) {
      check("this connection", memory.heldBytes(this.#connection) + bytes, memory.limits.connection);
      check("this caller", memory.heldBytes(this.#caller) + bytes, this.#callerLimit);
      check("all callers", memory.heldBytes() + bytes, memory.limits.process);
    }
    this.#bytes += bytes;
    for (const key of [this.#connection, this.#caller, memory]) memory.add(key, bytes);
  }

  release(): void {
    if (this.#bytes > 0) this.hold(-this.#bytes);
  }
}

function check(whose: string, bytes: number, limit: number): void {
  if (bytes <= limit) return;
  throw new AppError(
    "REQUESTS_TOO_LARGE",
    `The requests of ${whose} that wait for an answer would hold ${bytes} bytes, of ${limit} that they may.`,
    {
      status: "RESOURCE_EXHAUSTED",
      remedy: "Make fewer large requests at a time, or pass large data through a Volume.",
    },
  );
}

export function callerOf(identity: Identity): string {
  if ("taskId" in identity) return `${identity.kind} ${identity.taskId}`;
  return "tokenId" in identity ? `${identity.kind} ${identity.tokenId}` : identity.kind;
}
