import { AppError } from "@dorian/base/app-error";
import { opcodes } from "./opcodes.ts";

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
  #parts: Uint8Array[] = [Uint8Array.of(opcodes.proto, protocol)];
  #above = new Set<object>();

  byte(code: number): void {
    this.#parts.push(Uint8Array.of(code));
  }

  finish(): Uint8Array {
    this.byte(opcodes.stop);
    return Buffer.concat(this.#parts);
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
        return this.#sized(opcodes.binUnicode, Buffer.from(value));
      case "object":
        return this.#object(value);
      default:
        throw notPlain(`a ${typeof value}`);
    }
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      this.#integer(BigInt(value));
      return;
    }
    const part = Buffer.alloc(9);
    part.writeUInt8(opcodes.binFloat);
    part.writeDoubleBE(value, 1);
    this.#parts.push(part);
  }

  #integer(value: bigint): void {
    if (BigInt.asIntN(32, value) === value) {
      const part = Buffer.alloc(5);
      part.writeUInt8(opcodes.binInt);
      part.writeInt32LE(Number(value), 1);
      this.#parts.push(part);
      return;
    }
    const bytes: number[] = [];
    for (let rest = value; ; rest >>= 8n) {
      bytes.push(Number(BigInt.asUintN(8, rest)));
      if (BigInt.asIntN(bytes.length * 8, value) === value) break;
    }
    if (bytes.length > 255) throw notPlain("an integer of more than 2000 bits");
    this.#parts.push(Uint8Array.of(opcodes.long1, bytes.length, ...bytes));
  }

  #object(value: object | null): void {
    if (value === null) return this.byte(opcodes.none);
    if (ArrayBuffer.isView(value)) {
      return this.#sized(opcodes.binBytes, Buffer.from(value.buffer, value.byteOffset, value.byteLength));
    }
    if (this.#above.has(value)) throw notPlain("a value that refers back to itself");
    this.#above.add(value);
    if (Array.isArray(value)) this.#collection(opcodes.emptyList, opcodes.appends, value);
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

  #sized(code: number, bytes: Buffer): void {
    const head = Buffer.alloc(5);
    head.writeUInt8(code);
    head.writeUInt32LE(bytes.length, 1);
    this.#parts.push(head, bytes);
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
