import { AppError } from "@dorian/base/app-error";
import { opcodes } from "./opcodes.ts";

/** What Python is to see as a tuple: an array is a list to it. */
export class PickleTuple {
  readonly items: readonly unknown[];

  constructor(...items: readonly unknown[]) {
    this.items = items;
  }
}

/** Arguments of a call as Python's clients send them: `((positional…), {keywords})`. */
export function pickleArguments(
  positional: readonly unknown[],
  keywords: Record<string, unknown> = {},
): Uint8Array {
  const writer = new Writer();
  writer.tuple(positional);
  writer.value(keywords);
  writer.byte(opcodes.tuple2);
  return writer.finish();
}

/**
 * A pickle of plain data that any Python reads.
 *
 * @throws AppError VALUE_NOT_SERIALISABLE
 */
export function pickleValue(value: unknown): Uint8Array {
  const writer = new Writer();
  writer.value(value);
  return writer.finish();
}

const protocol = 4;

class Writer {
  #buffer = Buffer.allocUnsafe(1024);
  #length = 0;
  #above = new Set<object>();

  constructor() {
    this.byte(opcodes.proto);
    this.byte(protocol);
  }

  byte(code: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = code;
  }

  finish(): Uint8Array {
    this.byte(opcodes.stop);
    return this.#buffer.subarray(0, this.#length);
  }

  tuple(items: readonly unknown[]): void {
    this.byte(opcodes.mark);
    for (const item of items) this.value(item);
    this.byte(opcodes.tuple);
  }

  value(value: unknown): void {
    switch (typeof value) {
      case "undefined":
        return this.byte(opcodes.none);
      case "boolean":
        return this.byte(value ? opcodes.newTrue : opcodes.newFalse);
      case "number":
        return this.#number(value);
      case "bigint":
        return this.#integer(value);
      case "string":
        return this.#text(value);
      case "object":
        return this.#object(value);
      default:
        throw notPlain(`a ${typeof value}`);
    }
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      this.byte(opcodes.binFloat);
      this.#reserve(8);
      this.#length = this.#buffer.writeDoubleBE(value, this.#length);
    } else if ((value | 0) === value) {
      this.byte(opcodes.binInt);
      this.#reserve(4);
      this.#length = this.#buffer.writeInt32LE(value, this.#length);
    } else this.#integer(BigInt(value));
  }

  #integer(value: bigint): void {
    if (BigInt.asIntN(32, value) === value) {
      this.#number(Number(value));
      return;
    }
    const bytes: number[] = [];
    for (let rest = value; ; rest >>= 8n) {
      bytes.push(Number(BigInt.asUintN(8, rest)));
      if (BigInt.asIntN(bytes.length * 8, value) === value) break;
    }
    if (bytes.length > 255) throw notPlain("an integer of more than 2000 bits");
    this.byte(opcodes.long1);
    this.byte(bytes.length);
    for (const each of bytes) this.byte(each);
  }

  #object(value: object | null): void {
    if (value === null) return this.byte(opcodes.none);
    if (ArrayBuffer.isView(value)) {
      return this.#bytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    }
    if (this.#above.has(value)) throw notPlain("a value that refers back to itself");
    this.#above.add(value);
    if (value instanceof PickleTuple) this.tuple(value.items);
    else if (Array.isArray(value)) this.#collection(opcodes.emptyList, opcodes.appends, value);
    else if (value instanceof Set) this.#collection(opcodes.emptySet, opcodes.addItems, [...value]);
    else if (value instanceof Map)
      this.#collection(
        opcodes.emptyDict,
        opcodes.setItems,
        [...value].flatMap(([key, item]) => [key, item]),
      );
    else if (isPlain(value)) {
      this.#collection(
        opcodes.emptyDict,
        opcodes.setItems,
        Object.entries(value).flatMap(([key, item]) => [key, item]),
      );
    } else throw notPlain(`a ${value.constructor.name}`);
    this.#above.delete(value);
  }

  #collection(empty: number, fill: number, items: readonly unknown[]): void {
    this.byte(empty);
    if (items.length === 0) return;
    this.byte(opcodes.mark);
    for (const item of items) this.value(item);
    this.byte(fill);
  }

  #text(value: string): void {
    const length = Buffer.byteLength(value);
    this.#sized(opcodes.binUnicode, length);
    this.#length += this.#buffer.write(value, this.#length, "utf8");
  }

  #bytes(value: Uint8Array): void {
    this.#sized(opcodes.binBytes, value.byteLength);
    this.#buffer.set(value, this.#length);
    this.#length += value.byteLength;
  }

  /** What says how many bytes follow, and room for them. */
  #sized(code: number, length: number): void {
    this.byte(code);
    this.#reserve(4 + length);
    this.#length = this.#buffer.writeUInt32LE(length, this.#length);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, needed));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function notPlain(what: string): AppError {
  return new AppError("VALUE_NOT_SERIALISABLE", `Cannot send ${what} to a client that reads pickles.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Send plain data: strings, numbers, booleans, null, byte arrays, arrays, maps and plain objects.",
  });
}
