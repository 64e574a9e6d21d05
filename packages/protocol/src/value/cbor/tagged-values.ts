import { bareError } from "../builtin-errors.ts";
import { typedArrayClasses } from "../typed-array-classes.ts";
import { typedArrayTags } from "./tags.ts";
import { broken, Unreadable } from "./unreadable.ts";

/** A whole number of any size, from its bytes. */
export function bignum(bytes: unknown): bigint {
  if (!(bytes instanceof Uint8Array)) throw broken();
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

/** Reads a date from seconds since 1970. */
export function epochOf(seconds: unknown): Date {
  if (typeof seconds !== "number") throw broken();
  return new Date(Math.round(seconds * 1000));
}

/** Reads a date from text as of RFC 3339. */
export function dateOf(text: unknown): Date {
  const date = new Date(typeof text === "string" ? text : Number.NaN);
  if (Number.isNaN(date.getTime())) throw new Unreadable("is a date that JavaScript cannot read");
  return date;
}

/** An error or a regular expression: the only classes of which something is made here. */
export function instanceOf(parts: unknown): object {
  if (!Array.isArray(parts)) throw broken();
  const [className, first, second, third] = parts as unknown[];
  if (className === "RegExp" && typeof first === "string" && typeof second === "string") {
    const expression = new RegExp(first, second);
    if (typeof third === "number") expression.lastIndex = third;
    return expression;
  }
  const error = typeof className === "string" ? bareError(className) : undefined;
  if (!error) throw new Unreadable(`is an instance of ${String(className)}, a class that is not known here`);
  const define = (name: string, value: unknown, enumerable: boolean) =>
    Object.defineProperty(error, name, { value, enumerable, configurable: true, writable: true });
  if (first !== undefined) define("message", first, false);
  for (const [name, value] of entriesOf(second)) define(name, value, false);
  for (const [name, value] of entriesOf(third)) define(name, value, true);
  return error;
}

function entriesOf(properties: unknown): [string, unknown][] {
  return typeof properties === "object" && properties !== null ? Object.entries(properties) : [];
}

type FromBytes = (content: unknown) => ArrayBufferView;

/** What makes a typed array of bytes, by its tag. */
export const typedArrays: ReadonlyMap<number, FromBytes> = new Map(
  typedArrayClasses.map((Kind): [number, FromBytes] => [
    typedArrayTags.get(Kind.name) ?? -1,
    (content) => {
      if (!(content instanceof Uint8Array) || content.length % Kind.BYTES_PER_ELEMENT !== 0) throw broken();
      return new Kind(new Uint8Array(content).buffer);
    },
  ]),
);
