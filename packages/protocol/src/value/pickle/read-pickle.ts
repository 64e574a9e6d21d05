import { AppError } from "@dorian/base/app-error";
import { Dictionary, finished } from "./dictionary.ts";
import { opcodes } from "./opcodes.ts";

/**
 * Plain data out of a pickle: numbers, strings, booleans, None, bytes, lists, tuples, sets and dicts. Nothing is ever
 * run or looked up; whatever else a pickle can hold is refused.
 *
 * @throws AppError PICKLE_NOT_PLAIN, naming the type in the way
 */
export function readPickle(bytes: Uint8Array): unknown {
  return new Reader(bytes).read();
}

/** Does as {@link readPickle}, and tells where the pickle ends: what comes after it Python does not look at. */
export function readPickleBefore(bytes: Uint8Array): { value: unknown; end: number } {
  const reader = new Reader(bytes);
  const value = reader.read();
  return { value, end: reader.end };
}

/** Marks the place on the stack where the items of a collection begin. */
const mark = Symbol("mark");

class Reader {
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;
  #stack: unknown[] = [];
  #memo = new Map<number, unknown>();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Where it has read to. */
  get end(): number {
    return this.#at;
  }

  read(): unknown {
    try {
      while (this.#step()) continue;
      return finished(this.#pop(), new Map(), 0);
    } catch (error) {
      if (AppError.is(error)) throw error;
      throw new AppError("PICKLE_BROKEN", "The value is not a whole pickle.", {
        status: "INVALID_ARGUMENT",
        remedy: "Send it again, or send plain data as CBOR.",
        cause: error,
      });
    }
  }

  /** False at the end. */
  #step(): boolean {
    const code = this.#u8();
    switch (code) {
      case opcodes.stop:
        return false;
      case opcodes.proto:
        this.#take(1);
        return true;
      case opcodes.frame:
        this.#take(8);
        return true;
      case opcodes.mark:
        this.#stack.push(mark);
        return true;
      case opcodes.pop:
        this.#stack.pop();
        return true;
      case opcodes.popMark:
        this.#sinceMark();
        return true;
      case opcodes.dup:
        this.#stack.push(this.#top());
        return true;
      case opcodes.memoize:
        this.#memo.set(this.#memo.size, this.#top());
        return true;
      case opcodes.binPut:
        this.#memo.set(this.#u8(), this.#top());
        return true;
      case opcodes.longBinPut:
        this.#memo.set(this.#u32(), this.#top());
        return true;
      case opcodes.binGet:
        this.#recall(this.#u8());
        return true;
      case opcodes.longBinGet:
        this.#recall(this.#u32());
        return true;
      default:
        return this.#value(code) || this.#collect(code) || refuse(code, this.#stack);
    }
  }

  #value(code: number): boolean {
    const found = this.#scalar(code);
    if (found === undefined) return false;
    this.#stack.push(found.value);
    return true;
  }

  #scalar(code: number): { value: unknown } | undefined {
    switch (code) {
      case opcodes.none:
        return { value: null };
      case opcodes.newTrue:
        return { value: true };
      case opcodes.newFalse:
        return { value: false };
      case opcodes.binInt:
        return { value: this.#view.getInt32(this.#skip(4), true) };
      case opcodes.binInt1:
        return { value: this.#u8() };
      case opcodes.binInt2:
        return { value: this.#view.getUint16(this.#skip(2), true) };
      case opcodes.long1:
        return { value: integer(this.#take(this.#u8())) };
      case opcodes.long4:
        return { value: integer(this.#take(this.#u32())) };
      case opcodes.binFloat:
        return { value: this.#view.getFloat64(this.#skip(8)) };
      case opcodes.shortBinUnicode:
        return { value: text(this.#take(this.#u8())) };
      case opcodes.binUnicode:
        return { value: text(this.#take(this.#u32())) };
      case opcodes.binUnicode8:
        return { value: text(this.#take(this.#u64())) };
      case opcodes.shortBinBytes:
        return { value: new Uint8Array(this.#take(this.#u8())) };
      case opcodes.binBytes:
        return { value: new Uint8Array(this.#take(this.#u32())) };
      case opcodes.binBytes8:
      case opcodes.byteArray8:
        return { value: new Uint8Array(this.#take(this.#u64())) };
      default:
        return undefined;
    }
  }

  #collect(code: number): boolean {
    switch (code) {
      case opcodes.emptyTuple:
      case opcodes.emptyList:
        this.#stack.push([]);
        return true;
      case opcodes.emptyDict:
        this.#stack.push(new Dictionary());
        return true;
      case opcodes.emptySet:
        this.#stack.push(new Set());
        return true;
      case opcodes.tuple1:
      case opcodes.tuple2:
      case opcodes.tuple3:
        this.#stack.push(this.#stack.splice(-(code - opcodes.tuple1 + 1)));
        return true;
      case opcodes.tuple:
        this.#stack.push(this.#sinceMark());
        return true;
      case opcodes.frozenSet:
        this.#stack.push(new Set(this.#sinceMark()));
        return true;
      case opcodes.append: {
        const item = this.#pop();
        (this.#top() as unknown[]).push(item);
        return true;
      }
      case opcodes.appends: {
        const items = this.#sinceMark();
        const list = this.#top() as unknown[];
        for (const item of items) list.push(item);
        return true;
      }
      case opcodes.addItems: {
        const items = this.#sinceMark();
        for (const item of items) (this.#top() as Set<unknown>).add(item);
        return true;
      }
      case opcodes.setItem: {
        const value = this.#pop();
        const key = this.#pop();
        (this.#top() as Dictionary).set(key, value);
        return true;
      }
      case opcodes.setItems: {
        const items = this.#sinceMark();
        for (let i = 0; i < items.length; i += 2) (this.#top() as Dictionary).set(items[i], items[i + 1]);
        return true;
      }
      default:
        return false;
    }
  }

  #recall(key: number): void {
    if (!this.#memo.has(key)) throw new RangeError("the pickle recalls what it did not keep");
    this.#stack.push(this.#memo.get(key));
  }

  #sinceMark(): unknown[] {
    const at = this.#stack.lastIndexOf(mark);
    if (at < 0) throw new RangeError("the pickle closes what it did not open");
    const items = this.#stack.splice(at);
    items.shift();
    return items;
  }

  #top(): unknown {
    return this.#stack.at(-1);
  }

  #pop(): unknown {
    return this.#stack.pop();
  }

  #skip(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw new RangeError("the pickle ends too early");
    this.#at += length;
    return at;
  }

  #take(length: number): Uint8Array {
    const at = this.#skip(length);
    return this.#bytes.subarray(at, at + length);
  }

  #u8(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  #u32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  #u64(): number {
    return Number(this.#view.getBigUint64(this.#skip(8), true));
  }
}

// Neither a byte order mark that is part of the text nor what is no Unicode is changed in silence.
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function text(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch (error) {
    throw new AppError(
      "PICKLE_NOT_PLAIN",
      "The value holds text that is no Unicode (half of a surrogate pair).",
      {
        status: "INVALID_ARGUMENT",
        remedy: "Send it as bytes.",
        cause: error,
      },
    );
  }
}

/** Two's complement, lowest byte first. A plain number wherever it fits. */
function integer(bytes: Uint8Array): number | bigint {
  if (bytes.length === 0) return 0;
  const digits = BigInt(`0x${Buffer.from(bytes.toReversed()).toString("hex")}`);
  const value = BigInt.asIntN(bytes.length * 8, digits);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function refuse(code: number, stack: readonly unknown[]): never {
  const [module, name] = stack.slice(-2);
  const isNamed = code === opcodes.stackGlobal && typeof module === "string" && typeof name === "string";
  const what = isNamed
    ? `${module}.${name}`
    : code === opcodes.binPersistentId
      ? "a Modal object"
      : "an object";
  throw new AppError("PICKLE_NOT_PLAIN", `The value holds ${what}, which only Python can read.`, {
    status: "INVALID_ARGUMENT",
    remedy:
      "Between Python and TypeScript send plain data: numbers, strings, booleans, None, bytes, lists and dicts. An array of numpy becomes a list with tolist().",
  });
}
