/** Why a value cannot be sent, in words that follow its place: "is a function". */
export class Unsendable extends Error {
  /** What to do about it, where there is more to say than to send plain data. */
  readonly remedy: string | undefined;

  constructor(reason: string, remedy?: string, options?: ErrorOptions) {
    super(reason, options);
    this.remedy = remedy;
  }
}

/** Why a value cannot be sent, and where in it the reason lies. */
export class UnsendableAt extends Error {
  /** As one would write it in code; empty for the whole value. */
  readonly place: string;
  readonly remedy: string | undefined;

  constructor(place: string, reason: Unsendable) {
    super(reason.message, { cause: reason.cause });
    this.place = place;
    this.remedy = reason.remedy;
  }
}

/** @throws Unsendable for text that no bytes of Unicode stand for: it would arrive as other text. */
export function refuseHalfPairs(text: string): void {
  if (text.isWellFormed()) return;
  throw new Unsendable(
    "is text with half of a surrogate pair in it, which is no Unicode",
    "Send text.toWellFormed(), or the bytes that it came from.",
  );
}

/** Under it an object says what it is, and what to send in its place: its class's name is short where it was minified. */
export const sendInstead: unique symbol = Symbol.for("dorian.sendInstead");

/** An instance of a class that has no form on the wire. */
export function unsendableInstance(value: object): Unsendable {
  const own: unknown = Reflect.get(value, sendInstead);
  if (Array.isArray(own)) return new Unsendable(`is ${String(own[0])}`, `Send ${String(own[1])}.`);
  const name = classNameOf(value);
  if (name === "Object" || name === "") {
    return new Unsendable(
      "has a prototype that is not its own kind's (of a class without a name, or of another realm)",
      "Send a plain copy: { ...value }.",
    );
  }
  const known = instead[name];
  if (known !== undefined) return new Unsendable(`is ${article(name)} ${name}`, `Send ${known} instead.`);
  if (value instanceof Error) {
    return new Unsendable(
      `is ${article(name)} ${name}, an error of a class of its own`,
      "Throw it, or send its name and message.",
    );
  }
  return new Unsendable(
    `is ${article(name)} ${name}, an instance of a class`,
    "What arrives would not be of that class: send the data that it is made of, as a plain object.",
  );
}

/** What carries the same, for classes that programs often try to send. */
const instead: Record<string, string> = {
  URL: "its text, url.href,",
  URLSearchParams: "its text, String(parameters),",
  Blob: "its bytes, await blob.bytes(),",
  File: "its name and its bytes, await file.bytes(),",
  DataView: "its bytes, new Uint8Array(view.buffer, view.byteOffset, view.byteLength),",
  SharedArrayBuffer: "a copy of its bytes, new Uint8Array(shared).slice(),",
  Headers: "its entries, Object.fromEntries(headers),",
  FormData: "its entries, [...form],",
  Request: "its address and its body, await request.bytes(),",
  Response: "its body, await response.bytes(),",
  ReadableStream: "what it holds, or yield its pieces from a generator,",
  Readable: "what it holds, or yield its pieces from a generator,",
  ReadStream: "what it holds, or yield its pieces from a generator,",
  Generator: "its items, [...generator],",
  AsyncGenerator: "its items, await Array.fromAsync(generator),",
  WeakMap: "a Map",
  WeakSet: "a Set",
  WeakRef: "what it refers to",
};

function classNameOf(value: object): string {
  try {
    const named = (value as { constructor?: { name?: unknown } }).constructor?.name;
    if (typeof named === "string" && named !== "" && named !== "GeneratorFunction") return named;
    const tag: unknown = Reflect.get(value, Symbol.toStringTag);
    return typeof tag === "string" ? tag : "";
  } catch {
    return "";
  }
}

/** The article for a name. */
export function article(name: string): string {
  return /^[AEIOaeio]/.test(name) ? "an" : "a";
}
