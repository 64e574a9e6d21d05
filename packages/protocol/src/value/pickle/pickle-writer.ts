import { GrowingBytes } from "../growing-bytes.ts";
import { article, refuseHalfPairs, Unsendable } from "../unsendable.ts";
import type { ValueSink } from "../value-sink.ts";
import { opcodes } from "./opcodes.ts";

/** What Python is to see as a tuple: an array is a list to it. */
export class PickleTuple {
  readonly items: readonly unknown[];

  constructor(...items: readonly unknown[]) {
    this.items = items;
  }
}

const protocol = 4;

/** Writes Python's pickles of plain data. What Python has one form of is written in that form. */
export class PickleWriter extends GrowingBytes implements ValueSink {
  /** False when it holds what only JavaScript tells apart: undefined and null, a Buffer and other bytes … */
  isExact = true;

  constructor(limit: { maxBytes: number }) {
    super(limit);
    this.byte(opcodes.proto);
    this.byte(protocol);
  }

  finish(): Uint8Array {
    this.byte(opcodes.stop);
    return this.written;
  }

  /** Makes a tuple of the last two items. */
  pair(): void {
    this.byte(opcodes.tuple2);
  }

  null(): void {
    this.byte(opcodes.none);
  }

  undefined(): void {
    this.isExact = false;
    this.byte(opcodes.none);
  }

  boolean(value: boolean): void {
    this.byte(value ? opcodes.newTrue : opcodes.newFalse);
  }

  number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      this.byte(opcodes.binFloat);
      this.reserve(8);
      this.length = this.buffer.writeDoubleBE(value, this.length);
    } else if ((value | 0) === value) this.#int32(value);
    else this.#longInteger(BigInt(value));
  }

  bigint(value: bigint): void {
    if (Number.isSafeInteger(Number(value))) this.isExact = false;
    if (BigInt.asIntN(32, value) === value) this.#int32(Number(value));
    else this.#longInteger(value);
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    if (length !== value.length) refuseHalfPairs(value);
    this.#sized(opcodes.binUnicode, length);
    this.reserve(length);
    this.length += this.buffer.write(value, this.length, "utf8");
  }

  bytes(value: Uint8Array): void {
    this.#sized(opcodes.binBytes, value.byteLength);
    this.append(value);
  }

  date(): void {
    throw notPlain("a Date", "Send its text, date.toISOString(), instead.");
  }

  typedArray(_: ArrayBufferView, className: string): void {
    throw notPlain(`${article(className)} ${className}`, "Send a list of its numbers, [...array], instead.");
  }

  openInstance(className: string): void {
    throw notPlain(`${article(className)} ${className}`, "Send its text instead.");
  }

  openArguments(): void {
    this.byte(opcodes.mark);
  }

  closeArguments(): void {
    this.byte(opcodes.tuple);
  }

  openList(): void {
    this.#open(opcodes.emptyList);
  }

  closeList(): void {
    this.byte(opcodes.appends);
  }

  openSet(): void {
    this.#open(opcodes.emptySet);
  }

  closeSet(): void {
    this.byte(opcodes.addItems);
  }

  openMap(): void {
    this.#open(opcodes.emptyDict);
  }

  closeMap(): void {
    this.byte(opcodes.setItems);
  }

  openOwn(value: object): readonly unknown[] | undefined {
    if (!(value instanceof PickleTuple)) return undefined;
    this.byte(opcodes.mark);
    return value.items;
  }

  closeOwn(): void {
    this.byte(opcodes.tuple);
  }

  // What the mark tells apart is one thing to Python.
  mark(): void {
    this.isExact = false;
  }

  #int32(value: number): void {
    this.byte(opcodes.binInt);
    this.reserve(4);
    this.length = this.buffer.writeInt32LE(value, this.length);
  }

  #longInteger(value: bigint): void {
    const bytes = twosComplement(value);
    if (bytes.length < 2 ** 8) {
      this.byte(opcodes.long1);
      this.byte(bytes.length);
    } else this.#sized(opcodes.long4, bytes.length);
    this.append(bytes);
  }

  #open(empty: number): void {
    this.byte(empty);
    this.byte(opcodes.mark);
  }

  /** What says how many bytes follow. */
  #sized(code: number, length: number): void {
    this.byte(code);
    this.reserve(4);
    this.length = this.buffer.writeUInt32LE(length, this.length);
  }
}

/** Lowest byte first, in as few bytes as show the sign. */
function twosComplement(value: bigint): Uint8Array {
  const bits = (value < 0n ? -1n - value : value).toString(2).length + 1;
  const length = Math.ceil(bits / 8);
  const hex = BigInt.asUintN(length * 8, value).toString(16);
  return Buffer.from(hex.padStart(length * 2, "0"), "hex").toReversed();
}

function notPlain(what: string, remedy: string): Unsendable {
  return new Unsendable(`is ${what}, and the other side reads nothing but plain pickles`, remedy);
}
