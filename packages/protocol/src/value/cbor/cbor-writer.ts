import { GrowingBytes } from "../growing-bytes.ts";
import { refuseHalfPairs } from "../unsendable.ts";
import type { ValueSink } from "../value-sink.ts";
import { tags, typedArrayTags } from "./tags.ts";

/** Major types of CBOR, in the upper three bits of an item's first byte. */
const major = { positive: 0, negative: 1, bytes: 2, text: 3, list: 4, map: 5, tag: 6 } as const;

/** Up to so many characters, a loop over them is faster than a call into Node. */
const shortText = 32;
const maxUint64 = 2n ** 64n - 1n;

/** Writes CBOR (RFC 8949): whole numbers as integers, others in 64 bits, lists and maps with their length. */
export class CborWriter extends GrowingBytes implements ValueSink {
  finish(): Uint8Array {
    return this.written;
  }

  null(): void {
    this.byte(0xf6);
  }

  undefined(): void {
    this.byte(0xf7);
  }

  boolean(value: boolean): void {
    this.byte(value ? 0xf5 : 0xf4);
  }

  number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      if (value >= 0) this.#head(major.positive, value);
      else this.#head(major.negative, -1 - value);
      return;
    }
    this.reserve(9);
    this.buffer[this.length] = 0xfb;
    this.view.setFloat64(this.length + 1, value);
    this.length += 9;
  }

  /** Writes a bignum where its integer would be read as a number, which is another type. */
  bigint(value: bigint): void {
    const isNegative = value < 0n;
    const rest = isNegative ? -1n - value : value;
    if (rest > Number.MAX_SAFE_INTEGER && rest <= maxUint64) {
      this.reserve(9);
      this.buffer[this.length] = ((isNegative ? major.negative : major.positive) << 5) | 27;
      this.view.setBigUint64(this.length + 1, rest);
      this.length += 9;
      return;
    }
    this.#head(major.tag, isNegative ? tags.negativeBignum : tags.positiveBignum);
    const hex = rest === 0n ? "" : rest.toString(16);
    this.bytes(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex"));
  }

  text(value: string): void {
    const { length } = value;
    if (length <= shortText && this.#shortAscii(value)) return;
    const bytes = Buffer.byteLength(value);
    if (bytes !== length) refuseHalfPairs(value);
    this.#head(major.text, bytes);
    this.reserve(bytes);
    this.buffer.write(value, this.length, bytes, "utf8");
    this.length += bytes;
  }

  bytes(value: Uint8Array): void {
    this.#head(major.bytes, value.byteLength);
    this.append(value);
  }

  date(value: Date): void {
    const milliseconds = value.getTime();
    const seconds = milliseconds / 1000;
    // Far from now, seconds in 64 bits are too coarse for milliseconds.
    if (Math.round(seconds * 1000) === milliseconds || Number.isNaN(milliseconds)) {
      this.#head(major.tag, tags.epochDate);
      this.number(seconds);
      return;
    }
    this.#head(major.tag, tags.textDate);
    this.text(value.toISOString());
  }

  typedArray(value: ArrayBufferView, className: string): void {
    this.#head(major.tag, typedArrayTags.get(className) ?? 0);
    this.bytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  }

  openList(length: number): void {
    this.#head(major.list, length);
  }

  closeList(): void {}

  openSet(size: number): void {
    this.#head(major.tag, tags.set);
    this.#head(major.list, size);
  }

  closeSet(): void {}

  openMap(size: number): void {
    this.#head(major.map, size);
  }

  closeMap(): void {}

  openInstance(className: string, length: number): void {
    this.#head(major.tag, tags.instance);
    this.#head(major.list, length);
    this.text(className);
  }

  openArguments(count: number): void {
    this.openList(2);
    this.openList(count);
  }

  closeArguments(): void {}

  mark(form: 1 | 2): void {
    for (let times = 0; times < form; times++) this.#head(major.tag, tags.mark);
  }

  /** False when there is other text than ASCII: then nothing is written. */
  #shortAscii(value: string): boolean {
    const { length } = value;
    this.reserve(length + 2);
    const bytes = this.buffer;
    let at = this.length + (length < 24 ? 1 : 2);
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 127) return false;
      bytes[at++] = code;
    }
    if (length < 24) bytes[this.length] = (major.text << 5) | length;
    else {
      bytes[this.length] = (major.text << 5) | 24;
      bytes[this.length + 1] = length;
    }
    this.length = at;
    return true;
  }

  /** An item's first byte, and its number in as few bytes as hold it. */
  #head(type: number, value: number): void {
    this.reserve(9);
    const bytes = this.buffer;
    const first = type << 5;
    if (value < 24) bytes[this.length++] = first | value;
    else if (value < 2 ** 8) {
      bytes[this.length++] = first | 24;
      bytes[this.length++] = value;
    } else if (value < 2 ** 16) {
      bytes[this.length++] = first | 25;
      this.view.setUint16(this.length, value);
      this.length += 2;
    } else if (value < 2 ** 32) {
      bytes[this.length++] = first | 26;
      this.view.setUint32(this.length, value);
      this.length += 4;
    } else {
      bytes[this.length++] = first | 27;
      this.view.setUint32(this.length, Math.floor(value / 2 ** 32));
      this.view.setUint32(this.length + 4, value >>> 0);
      this.length += 8;
    }
  }
}
