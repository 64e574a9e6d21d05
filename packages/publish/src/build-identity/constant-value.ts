import {
  App,
  CloudBucketMount,
  Cls,
  Dict,
  Function as RemoteFunction,
  Image,
  Queue,
  Secret,
  Volume,
} from "@dorian/sdk";

/** Form of a value that a build depends on: what the value is made of, as plain data. */
export type ConstantValue =
  | { kind: "constant"; value: unknown }
  /** Nothing that a build is made from: code, or what an app is made of. */
  | { kind: "ignored" }
  /** A value that has no stable form. */
  | { kind: "unserialisable"; reason: string };

/** Modules of Node that are imported as a whole: code, not data. */
const builtins = [
  "fs",
  "fs/promises",
  "path",
  "os",
  "crypto",
  "child_process",
  "util",
  "url",
  "process",
  "stream",
  "zlib",
  "http",
  "https",
  "events",
  "buffer",
  "timers/promises",
];

/**
 * What a value contributes to the identity of a build. Functions and classes contribute nothing: what a build function calls is
 * not part of its identity.
 */
export function constantValue(value: unknown): ConstantValue {
  if (isCode(value)) return { kind: "ignored" };
  if (value instanceof Volume) return { kind: "constant", value: ["volume", value.name] };
  if (value instanceof CloudBucketMount) return { kind: "constant", value: ["bucket", value.bucketName] };
  if (value instanceof Dict) return { kind: "constant", value: ["dict", value.name] };
  if (value instanceof Queue) return { kind: "constant", value: ["queue", value.name] };
  try {
    return { kind: "constant", value: plain(value, []) };
  } catch (error) {
    if (error instanceof Unserialisable) return { kind: "unserialisable", reason: error.message };
    throw error;
  }
}

class Unserialisable extends Error {}

function isCode(value: unknown): boolean {
  if (typeof value === "function") return true;
  if (typeof value !== "object" || value === null) return false;
  if ([App, Cls, Image, RemoteFunction, Secret].some((each) => value instanceof each)) return true;
  const tag: unknown = Reflect.get(value, Symbol.toStringTag);
  return tag === "Module" || builtins.some((name) => process.getBuiltinModule(name) === value);
}

// Every form is a tagged list, so that a string never looks like a date, nor an empty list like an empty map.
function plain(value: unknown, above: readonly object[]): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : ["number", Object.is(value, -0) ? "-0" : String(value)];
    case "undefined":
      return ["undefined"];
    case "bigint":
      return ["bigint", String(value)];
    case "object":
      return value === null ? null : plainObject(value, above);
    default:
      throw new Unserialisable(`it holds a ${typeof value}`);
  }
}

function plainObject(value: object, above: readonly object[]): unknown {
  if (above.includes(value)) throw new Unserialisable("it refers back to itself");
  const inside = [...above, value];
  if (Array.isArray(value)) return ["array", ...value.map((item) => plain(item, inside))];
  if (value instanceof Date) return ["date", value.getTime()];
  if (value instanceof RegExp) return ["regexp", value.source, value.flags];
  if (value instanceof URL) return ["url", value.href];
  if (value instanceof Map) {
    return ["map", ...[...value].map(([key, item]) => [plain(key, inside), plain(item, inside)])];
  }
  if (value instanceof Set) return ["set", ...[...value].map((item) => plain(item, inside))];
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return ["bytes", value.constructor.name, bytes.toString("base64")];
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    throw new Unserialisable(`it is a ${value.constructor?.name || "thing"} and not plain data`);
  }
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return ["object", ...entries.map(([key, item]) => [key, plain(item, inside)])];
}
