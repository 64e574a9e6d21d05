import { noStep, placeOf } from "../place.ts";
import { maxValueDepth } from "../max-value-depth.ts";
import { CborBytes, indefinite } from "./cbor-bytes.ts";
import { bignum, dateOf, epochOf, instanceOf, typedArrays } from "./tagged-values.ts";
import { foreignTags, tags } from "./tags.ts";
import { broken, Unreadable, UnreadableAt } from "./unreadable.ts";

/**
 * The value that CBOR stands for. Maps whose keys are all text become objects, others a Map.
 *
 * @throws UnreadableAt
 */
export function readCbor(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes);
  try {
    return reader.whole();
  } catch (error) {
    throw reader.failure(error);
  }
}

/** What ends a list, a map or a string of a length that was not told. */
const stop = Symbol("stop");
/** Item of an array that is not there. */
const hole = Symbol("hole");

class Reader extends CborBytes {
  #containers: object[] = [];
  #steps: (string | number)[] = [];
  #depth = 0;

  whole(): unknown {
    const value = this.#value(0);
    if (value === stop || value === hole) throw broken();
    if (this.at !== this.bytes.length) throw new Unreadable("is followed by other bytes");
    return value;
  }

  failure(error: unknown): unknown {
    const place = placeOf({ containers: this.#containers, steps: this.#steps, depth: this.#depth });
    if (error instanceof Unreadable) return new UnreadableAt(place, error.message, error.remedy);
    if (error instanceof RangeError || error instanceof SyntaxError)
      return new UnreadableAt(place, broken().message, undefined, { cause: error });
    return error;
  }

  /** `marks`: how many marks stood before the item. */
  #value(marks: number): unknown {
    const first = this.u8();
    const info = first & 31;
    switch (first >> 5) {
      case 0:
        return form(marks, this.integer(info));
      case 1:
        return form(marks, negative(this.integer(info)));
      case 2:
        return bytesOf(marks, this.string(info, 2));
      case 3:
        return form(marks, this.textOf(info));
      case 4:
        return this.#list(info);
      case 5:
        return this.#map(info, marks);
      case 6:
        return this.#tagged(this.length(info), marks);
      default:
        return this.#simple(info, marks);
    }
  }

  #simple(info: number, marks: number): unknown {
    switch (info) {
      case 20:
        return form(marks, false);
      case 21:
        return form(marks, true);
      case 22:
        return null;
      case 23:
        return marks > 0 ? hole : undefined;
      case 25:
        return form(marks, this.view.getFloat16(this.skip(2)));
      case 26:
        return form(marks, this.view.getFloat32(this.skip(4)));
      case 27:
        return form(marks, this.view.getFloat64(this.skip(8)));
      case indefinite:
        return stop;
      default:
        throw new Unreadable("is a simple value that JavaScript does not have");
    }
  }

  #item(): unknown {
    const value = this.#value(0);
    if (value === stop || value === hole) throw broken();
    return value;
  }

  #list(info: number): unknown[] {
    const items: unknown[] = [];
    const depth = this.#enter(items);
    const count = info === indefinite ? Infinity : this.count(info, 1);
    for (let index = 0; index < count; index++) {
      this.#steps[depth] = index;
      const value = this.#value(0);
      if (value === hole) items.length = index + 1;
      else if (value !== stop) items.push(value);
      else if (count === Infinity) break;
      else throw broken();
    }
    this.#depth = depth;
    return items;
  }

  #map(info: number, marks: number): object {
    const count = info === indefinite ? Infinity : this.count(info, 2);
    const object: Record<string, unknown> = {};
    const depth = this.#enter(object);
    let kind = marks;
    let map: Map<unknown, unknown> | undefined;
    for (let index = 0; index < count; index++) {
      this.#steps[depth] = index;
      if (index === 0) kind = Math.max(kind, this.#marksBeforeText());
      const key = this.#value(0);
      if (key === stop && count === Infinity) break;
      if (key === stop || key === hole) throw broken();
      if (typeof key === "string") this.#steps[depth] = key;
      const value = this.#item();
      if (!map && (kind === 1 || typeof key !== "string")) map = new Map(Object.entries(object));
      if (map) map.set(key, value);
      else setOwn(object, key as string, value);
    }
    this.#depth = depth;
    if (kind === 1) return map ?? new Map();
    if (kind >= 2 && !map) Object.setPrototypeOf(object, null);
    return map ?? object;
  }

  /** How many marks stand here, if it is before text: they are passed over. Those before other keys are the keys' own. */
  #marksBeforeText(): number {
    let marks = 0;
    let at = this.at;
    while (this.bytes[at] === 0xd9 && this.bytes[at + 1] === 0xd9 && this.bytes[at + 2] === 0xf7) {
      marks += 1;
      at += 3;
    }
    if (marks > 0 && (this.bytes[at] ?? 0) >> 5 !== 3) return 0;
    this.at = at;
    return marks;
  }

  #tagged(tag: number, marks: number): unknown {
    switch (tag) {
      case tags.mark:
        // Nobody marks three times: a run of marks is passed over without a level of the stack for each.
        for (;;) {
          marks += 1;
          if (!this.#isMark()) return this.#value(Math.min(marks, 2));
        }
      case tags.textDate:
        return dateOf(this.#nested());
      case tags.epochDate:
        return epochOf(this.#nested());
      case tags.positiveBignum:
        return form(marks, bignum(this.#nested()));
      case tags.negativeBignum:
        return form(marks, -1n - bignum(this.#nested()));
      case tags.set:
        return this.#set();
      case tags.map: {
        const content = this.#nested(1);
        if (!(content instanceof Map)) throw broken();
        return content;
      }
      case tags.instance:
        return instanceOf(this.#nested());
    }
    const typed = typedArrays.get(tag);
    if (typed) return typed(this.#nested());
    const [what, instead] = foreignTags.get(tag) ?? [
      `something of another language (CBOR tag ${tag})`,
      undefined,
    ];
    throw new Unreadable(
      `is ${what}, which JavaScript has no value for`,
      instead === undefined ? undefined : `Send ${instead} instead.`,
    );
  }

  #isMark(): boolean {
    const at = this.at;
    if (this.bytes[at] !== 0xd9 || this.bytes[at + 1] !== 0xd9 || this.bytes[at + 2] !== 0xf7) return false;
    this.at = at + 3;
    return true;
  }

  #set(): Set<unknown> {
    const items = this.#nested();
    if (!Array.isArray(items)) throw broken();
    return new Set(items);
  }

  /** An item under a tag: tags in tags are levels, too. */
  #nested(marks = 0): unknown {
    const depth = this.#enter(nothing);
    this.#steps[depth] = noStep;
    const value = this.#value(marks);
    if (value === stop || value === hole) throw broken();
    this.#depth = depth;
    return value;
  }

  #enter(container: object): number {
    const depth = this.#depth;
    if (depth === maxValueDepth) throw new Unreadable(`is nested more than ${maxValueDepth} levels deep`);
    this.#containers[depth] = container;
    this.#depth = depth + 1;
    return depth;
  }
}

const nothing = {};
/** A plain value, or its boxed form where it is marked. */
function form(marks: number, plain: unknown): unknown {
  return marks > 0 ? Object(plain) : plain;
}

function negative(value: number | bigint): number | bigint {
  if (typeof value === "bigint") return -1n - value;
  return value === Number.MAX_SAFE_INTEGER ? -1n - BigInt(value) : -1 - value;
}

function bytesOf(marks: number, bytes: Uint8Array): Uint8Array | ArrayBuffer {
  // Memory of its own: what is read would hold on to the whole message, and show it through its buffer.
  const copy = new Uint8Array(bytes);
  if (marks === 1) return Buffer.from(copy.buffer);
  return marks > 1 ? copy.buffer : copy;
}

/** Like an assignment, but "__proto__" is a key as any other. */
function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
