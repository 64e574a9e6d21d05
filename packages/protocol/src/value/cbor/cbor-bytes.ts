import { broken, Unreadable } from "./unreadable.ts";

/** The length of what has no length told: it ends with a stop. */
export const indefinite = 31;

/** Bytes of CBOR with a place in them, and what stands there: numbers, lengths and strings. None is read beyond the end. */
export class CborBytes {
  protected readonly bytes: Uint8Array;
  protected readonly view: DataView;
  protected at = 0;
  readonly #text: Buffer;

  constructor(bytes: Uint8Array) {
    // A Buffer's parts would share its memory.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  protected integer(info: number): number | bigint {
    if (info !== 27) return this.length(info);
    const value = this.view.getBigUint64(this.skip(8));
    return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }

  protected length(info: number): number {
    if (info < 24) return info;
    switch (info) {
      case 24:
        return this.u8();
      case 25:
        return this.view.getUint16(this.skip(2));
      case 26:
        return this.view.getUint32(this.skip(4));
      case 27:
        return Number(this.view.getBigUint64(this.skip(8)));
      default:
        throw broken();
    }
  }

  /** The number of items that follow, refused before anything is made for more of them than there are bytes. */
  protected count(info: number, bytesEach: number): number {
    const count = this.length(info);
    if (count * bytesEach > this.bytes.length - this.at) throw broken();
    return count;
  }

  protected textOf(info: number): string {
    if (info === indefinite) return decoded(this.string(info, 3));
    const length = this.length(info);
    const at = this.skip(length);
    if (length <= shortText) {
      const short = this.#shortAscii(at, length);
      if (short !== undefined) return short;
    }
    const text = this.#text.toString("utf8", at, at + length);
    // What is no UTF-8 would become these in silence.
    return text.includes("\ufffd") ? decoded(this.bytes.subarray(at, at + length)) : text;
  }

  #shortAscii(at: number, length: number): string | undefined {
    const bytes = this.bytes;
    let text = "";
    for (let index = at; index < at + length; index++) {
      const code = bytes[index] ?? 0;
      if (code > 127) return undefined;
      text += String.fromCharCode(code);
    }
    return text;
  }

  /** A string of bytes or of text, which may come in pieces. */
  protected string(info: number, type: 2 | 3): Uint8Array {
    if (info !== indefinite) {
      const length = this.length(info);
      const at = this.skip(length);
      return this.bytes.subarray(at, at + length);
    }
    const pieces: Uint8Array[] = [];
    for (let first = this.u8(); first !== 0xff; first = this.u8()) {
      if (first >> 5 !== type || (first & 31) === indefinite) throw broken();
      pieces.push(this.string(first & 31, type));
    }
    return Buffer.concat(pieces);
  }

  protected skip(length: number): number {
    const at = this.at;
    if (at + length > this.bytes.length) throw broken();
    this.at = at + length;
    return at;
  }

  protected u8(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw broken();
    return value;
  }
}

/** Up to so many bytes, a loop over them is faster than a call into Node. */
const shortText = 24;

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decoded(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    throw new Unreadable("is text that is no UTF-8", "Send it as bytes.");
  }
}
