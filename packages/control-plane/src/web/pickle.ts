/** What Python reads as None, bool, int, str, bytes, tuple, list and dict. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | PickleTuple
  | readonly PickleValue[]
  | { readonly [key: string]: PickleValue };

export class PickleTuple {
  readonly items: readonly PickleValue[];

  constructor(...items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** Opcodes of protocol 4 and before: every Python 3 since 3.4 reads them. */
const op = {
  protocol: 0x80,
  stop: 0x2e,
  none: 0x4e,
  true: 0x88,
  false: 0x89,
  int1: 0x4b,
  int2: 0x4d,
  int4: 0x4a,
  text1: 0x8c,
  text4: 0x58,
  bytes1: 0x43,
  bytes4: 0x42,
  mark: 0x28,
  emptyTuple: 0x29,
  tuple1: 0x85,
  tuple2: 0x86,
  tuple3: 0x87,
  tuple: 0x74,
  emptyList: 0x5d,
  appends: 0x65,
  emptyDict: 0x7d,
  setItems: 0x75,
} as const;

/**
 * The bytes that Python's `pickle.loads` turns into `value`. An array becomes a list, an object a dict, a number must
 * be a whole one of 32 bits.
 */
export function pickle(value: PickleValue): Uint8Array<ArrayBuffer> {
  const writer = new PickleWriter();
  writer.write(value);
  return writer.finish();
}

class PickleWriter {
  #buffer = Buffer.allocUnsafe(4096);
  #length = 0;

  constructor() {
    this.#byte(op.protocol);
    this.#byte(4);
  }

  finish(): Uint8Array<ArrayBuffer> {
    this.#byte(op.stop);
    return Uint8Array.from(this.#buffer.subarray(0, this.#length));
  }

  write(value: PickleValue): void {
    if (value === null) this.#byte(op.none);
    else if (typeof value === "boolean") this.#byte(value ? op.true : op.false);
    else if (typeof value === "number") this.#integer(value);
    else if (typeof value === "string") this.#text(value);
    else if (value instanceof Uint8Array) this.#bytes(value);
    else if (value instanceof PickleTuple) this.#tuple(value.items);
    else if (isList(value)) this.#list(value);
    else this.#dict(value);
  }

  #integer(value: number): void {
    if (!Number.isInteger(value) || (value | 0) !== value) {
      throw new TypeError(`${value} is not a whole number of 32 bits`);
    }
    if (value >= 0 && value < 0x1_00) {
      this.#byte(op.int1);
      this.#byte(value);
    } else if (value >= 0 && value < 0x1_00_00) {
      this.#byte(op.int2);
      this.#reserve(2);
      this.#length = this.#buffer.writeUInt16LE(value, this.#length);
    } else {
      this.#byte(op.int4);
      this.#reserve(4);
      this.#length = this.#buffer.writeInt32LE(value, this.#length);
    }
  }

  #text(value: string): void {
    const length = Buffer.byteLength(value);
    this.#sized(op.text1, op.text4, length);
    this.#length += this.#buffer.write(value, this.#length, "utf8");
  }

  #bytes(value: Uint8Array): void {
    this.#sized(op.bytes1, op.bytes4, value.byteLength);
    this.#buffer.set(value, this.#length);
    this.#length += value.byteLength;
  }

  /** An opcode and a length, with room for what follows. */
  #sized(short: number, long: number, length: number): void {
    this.#reserve(length + 5);
    if (length < 0x1_00) {
      this.#byte(short);
      this.#byte(length);
    } else {
      this.#byte(long);
      this.#length = this.#buffer.writeUInt32LE(length, this.#length);
    }
  }

  #tuple(items: readonly PickleValue[]): void {
    const [ofOne, ofTwo, ofThree] = [op.tuple1, op.tuple2, op.tuple3];
    const short = [op.emptyTuple, ofOne, ofTwo, ofThree][items.length];
    if (short === undefined) this.#byte(op.mark);
    for (const item of items) this.write(item);
    this.#byte(short ?? op.tuple);
  }

  #list(items: readonly PickleValue[]): void {
    this.#byte(op.emptyList);
    if (items.length === 0) return;
    this.#byte(op.mark);
    for (const item of items) this.write(item);
    this.#byte(op.appends);
  }

  #dict(entries: { readonly [key: string]: PickleValue }): void {
    this.#byte(op.emptyDict);
    const keys = Object.keys(entries);
    if (keys.length === 0) return;
    this.#byte(op.mark);
    for (const key of keys) {
      this.#text(key);
      this.write(entries[key] ?? null);
    }
    this.#byte(op.setItems);
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}

function isList(
  value: readonly PickleValue[] | { readonly [key: string]: PickleValue },
): value is readonly PickleValue[] {
  return Array.isArray(value);
}
