import { types } from "node:util";
import { attached, live } from "./attached-memory.ts";
import { builtinErrorName, nearestErrorName } from "./builtin-errors.ts";
import { typedArrayClasses } from "./typed-array-classes.ts";
import { maxValueDepth } from "./max-value-depth.ts";
import { placeOf } from "./place.ts";
import { extras, refuseExtras, refuseItemsExtras } from "./refuse-extras.ts";
import { Unsendable, UnsendableAt, unsendableInstance } from "./unsendable.ts";
import { SinkFull, type ValueSink } from "./value-sink.ts";

export interface WalkOptions {
  /** Write an error of a class of the user's as one of the language's class below it, under its name. */
  anyError?: boolean;
}

/**
 * Writes a value to a wire format, so that the same value can be read again: what cannot be is refused.
 *
 * @throws UnsendableAt, and what the sink throws
 */
export function walkValue(value: unknown, sink: ValueSink, options: WalkOptions = {}): void {
  const walk = new Walk(sink, options);
  try {
    walk.value(value);
  } catch (error) {
    throw walk.refusal(error);
  }
}

class Walk {
  #sink: ValueSink;
  #anyError: boolean;
  #containers: object[] = [];
  #steps: (string | number)[] = [];
  #depth = 0;

  constructor(sink: ValueSink, { anyError = false }: WalkOptions) {
    this.#sink = sink;
    this.#anyError = anyError;
  }

  value(value: unknown): void {
    switch (typeof value) {
      case "string":
        return this.#sink.text(value);
      case "number":
        return this.#sink.number(value);
      case "boolean":
        return this.#sink.boolean(value);
      case "undefined":
        return this.#sink.undefined();
      case "bigint":
        return this.#sink.bigint(value);
      case "object":
        return value === null ? this.#sink.null() : this.#object(value);
      case "function":
        throw new Unsendable("is a function", "Call it here and send what it returns.");
      case "symbol":
        throw new Unsendable("is a symbol", "Send its description instead.");
    }
  }

  /** What a failure of the walk means to who sends the value. */
  refusal(error: unknown): unknown {
    if (error instanceof Unsendable) return new UnsendableAt(this.#place(), error);
    // The sink's own, such as a value that grows too large.
    if (error instanceof SinkFull) return error;
    const isOverflow = error instanceof RangeError && /call stack/.test(error.message);
    const reason = isOverflow
      ? new Unsendable("is nested deeper than the stack that is left here", "Send it from a less deep call.")
      : new Unsendable(`cannot be read: ${textOf(error)}`, undefined, { cause: error });
    return new UnsendableAt(this.#place(), reason);
  }

  #place(): string {
    return placeOf({ containers: this.#containers, steps: this.#steps, depth: this.#depth });
  }

  #object(value: object): void {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) this.#plain(value, undefined);
    else if (Array.isArray(value) && prototype === Array.prototype) this.#array(value);
    else if (prototype === null) this.#plain(value, 2);
    else this.#instance(value, prototype);
  }

  #instance(value: object, prototype: unknown): void {
    switch (prototype) {
      case Uint8Array.prototype:
        return this.#sink.bytes(attached(value as Uint8Array));
      case Buffer.prototype:
        this.#sink.mark(1);
        return this.#sink.bytes(attached(value as Buffer));
      case ArrayBuffer.prototype:
        this.#sink.mark(2);
        return this.#sink.bytes(attached(new Uint8Array(live(value as ArrayBuffer))));
      case Map.prototype:
        return this.#map(value as Map<unknown, unknown>);
      case Set.prototype:
        return this.#set(value as Set<unknown>);
      case Date.prototype:
        refuseExtras(value);
        return this.#sink.date(value as Date);
      case RegExp.prototype:
        return this.#regexp(value as RegExp);
      case String.prototype:
      case Number.prototype:
      case Boolean.prototype:
      case BigInt.prototype:
        return this.#boxed(value);
    }
    const kind = typedArrayKinds.get(prototype as object);
    if (kind !== undefined && types.isTypedArray(value)) this.#sink.typedArray(attached(value), kind);
    else if (types.isNativeError(value)) this.#error(value);
    else if (types.isPromise(value))
      throw new Unsendable("is a promise (an await is missing)", "Await it first.");
    else this.#own(value);
  }

  #own(value: object): void {
    const items = this.#sink.openOwn?.(value);
    if (!items) throw unsendableInstance(value);
    this.#enter(value);
    for (const [index, item] of items.entries()) {
      this.#steps[this.#depth - 1] = index;
      this.value(item);
    }
    this.#leave();
    this.#sink.closeOwn?.();
  }

  #plain(value: object, form: 2 | undefined): void {
    if (Object.getOwnPropertySymbols(value).length > 0)
      throw new Unsendable("has a symbol for a key", "Use strings for keys.");
    const keys = Object.keys(value);
    if (form && keys.length === 0) this.#sink.mark(form);
    this.#enter(value);
    this.#sink.openMap(keys.length);
    // The mark stands at the first key: readers that know nothing of it make something unchangeable of a container under a tag.
    if (form && keys.length > 0) this.#sink.mark(form);
    const depth = this.#depth - 1;
    for (const key of keys) {
      this.#steps[depth] = key;
      this.#sink.text(key);
      this.value((value as Record<string, unknown>)[key]);
    }
    this.#leave();
    this.#sink.closeMap();
  }

  #array(value: readonly unknown[]): void {
    const { length } = value;
    refuseItemsExtras(value);
    this.#enter(value);
    this.#sink.openList(length);
    const depth = this.#depth - 1;
    for (let index = 0; index < length; index++) {
      this.#steps[depth] = index;
      const item = value[index];
      if (item === undefined && !Object.hasOwn(value, index)) this.#sink.mark(1);
      this.value(item);
    }
    this.#leave();
    this.#sink.closeList();
  }

  #map(value: Map<unknown, unknown>): void {
    refuseExtras(value);
    const isMarked = value.size === 0 || typeof value.keys().next().value === "string";
    if (value.size === 0) this.#sink.mark(1);
    this.#enter(value);
    this.#sink.openMap(value.size);
    // A map with other keys than strings is no object to any reader.
    if (isMarked && value.size > 0) this.#sink.mark(1);
    const depth = this.#depth - 1;
    let step = 0;
    for (const [key, item] of value) {
      this.#steps[depth] = step++;
      this.#key(key);
      this.#steps[depth] = step++;
      this.value(item);
    }
    this.#leave();
    this.#sink.closeMap();
  }

  #key(key: unknown): void {
    if (typeof key === "object" && types.isBoxedPrimitive(key))
      throw new Unsendable("is an object as a key", "Use its plain value.");
    this.value(key);
  }

  #set(value: Set<unknown>): void {
    refuseExtras(value);
    this.#enter(value);
    this.#sink.openSet(value.size);
    const depth = this.#depth - 1;
    let step = 0;
    for (const item of value) {
      this.#steps[depth] = step++;
      this.value(item);
    }
    this.#leave();
    this.#sink.closeSet();
  }

  #regexp(value: RegExp): void {
    refuseExtras(value);
    this.#sink.openInstance("RegExp", 4);
    this.#sink.text(value.source);
    this.#sink.text(value.flags);
    this.#sink.number(value.lastIndex);
    this.#sink.closeList();
  }

  #boxed(value: object): void {
    const plain: unknown = value.valueOf();
    if (!types.isBoxedPrimitive(value) || typeof plain === "object") throw unsendableInstance(value);
    if (Object.keys(value).length > (typeof plain === "string" ? plain.length : 0)) throw extras();
    this.#sink.mark(1);
    this.value(plain);
  }

  /** Writes an error: its class, its message, then the properties that it hides and those that it shows. */
  #error(error: Error): void {
    const builtin = builtinErrorName(error);
    if (builtin === undefined && !this.#anyError) throw unsendableInstance(error);
    if (Object.getOwnPropertySymbols(error).length > 0 && !this.#anyError)
      throw new Unsendable("has a symbol for a key", "Use strings for keys.");
    const className = builtin ?? nearestErrorName(error);
    const hidden = new Map<string, unknown>();
    const shown = new Map<string, unknown>();
    for (const name of Object.getOwnPropertyNames(error)) {
      const isShown = Object.prototype.propertyIsEnumerable.call(error, name);
      (isShown ? shown : hidden).set(name, Reflect.get(error, name));
    }
    if (builtin === undefined && !hidden.has("name") && !shown.has("name")) hidden.set("name", error.name);
    const message = hidden.get("message");
    hidden.delete("message");
    this.#sink.openInstance(className, 4);
    this.#enter(error);
    this.#step("message", message);
    this.#properties(hidden);
    this.#properties(shown);
    this.#leave();
    this.#sink.closeList();
  }

  #properties(properties: ReadonlyMap<string, unknown>): void {
    this.#sink.openMap(properties.size);
    for (const [name, value] of properties) {
      this.#sink.text(name);
      this.#step(name, value);
    }
    this.#sink.closeMap();
  }

  #step(name: string, value: unknown): void {
    this.#steps[this.#depth - 1] = name;
    this.value(value);
  }

  #enter(container: object): void {
    const depth = this.#depth;
    for (let at = 0; at < depth; at++) {
      if (this.#containers[at] === container)
        throw new Unsendable("refers back to itself", "Send data without circles.");
    }
    if (depth === maxValueDepth) {
      throw new Unsendable(
        `is nested more than ${maxValueDepth} levels deep`,
        "Send it flat, for example as a list whose items refer to each other by their index.",
      );
    }
    this.#containers[depth] = container;
    this.#depth = depth + 1;
  }

  #leave(): void {
    this.#depth -= 1;
  }
}

const typedArrayKinds = new Map(
  typedArrayClasses.map((each): [object, string] => [each.prototype, each.name]),
);

function textOf(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return "it throws";
  }
}
