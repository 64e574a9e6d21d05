import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { pickle, PickleTuple, type PickleValue } from "./pickle.ts";

/** What real Python makes of pickles: one literal per line of hexadecimal text. */
function readByPython(pickles: readonly Uint8Array[]): string[] {
  const script = "import pickle, sys\nfor line in sys.stdin: print(ascii(pickle.loads(bytes.fromhex(line))))";
  const input = pickles.map((each) => `${Buffer.from(each).toString("hex")}\n`).join("");
  return execFileSync("python3", ["-c", script], { input, encoding: "utf8", maxBuffer: 1 << 28 })
    .trimEnd()
    .split("\n");
}

test("Python reads a web request's scope out of it", () => {
  const scope = {
    type: "http",
    path: "/größe",
    query_string: Buffer.from("a=1&b=%20"),
    headers: [
      new PickleTuple(Buffer.from("host"), Buffer.from("x")),
      new PickleTuple(Buffer.alloc(0), Buffer.alloc(300, 7)),
    ],
    client: new PickleTuple("127.0.0.1", 54321),
    extensions: { "http.response.trailers": {} },
  };
  const long = `b'${String.raw`\x07`.repeat(300)}'`;
  expect(readByPython([pickle(new PickleTuple(new PickleTuple(scope), {}))])).toEqual([
    String.raw`(({'type': 'http', 'path': '/gr\xf6\xdfe', 'query_string': b'a=1&b=%20', ` +
      `'headers': [(b'host', b'x'), (b'', ${long})], 'client': ('127.0.0.1', 54321), ` +
      `'extensions': {'http.response.trailers': {}}},), {})`,
  ]);
});

test("whatever is written, Python reads the same", () => {
  const values: PickleValue[] = [];
  const leaf = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.nat(70_000),
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }),
  );
  const { value } = fc.letrec<{ value: PickleValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie("value"), { maxLength: 5 }),
      fc.array(tie("value"), { maxLength: 5 }).map((items) => new PickleTuple(...items)),
      fc.dictionary(fc.string({ unit: "binary" }), tie("value"), { maxKeys: 5, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(value, (each) => {
      values.push(each);
    }),
    { numRuns: 120 },
  );
  const literals = readByPython(values.map(pickle));
  expect(literals).toEqual(evaluatedByPython(values));
});

/** The same values from text that Python evaluates. */
function evaluatedByPython(values: readonly PickleValue[]): string[] {
  const script = "import sys\nfor line in sys.stdin: print(ascii(eval(line)))";
  const input = values.map((each) => `${literalOf(each)}\n`).join("");
  return execFileSync("python3", ["-c", script], { input, encoding: "utf8", maxBuffer: 1 << 28 })
    .trimEnd()
    .split("\n");
}

function literalOf(value: PickleValue): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return `bytes.fromhex('${Buffer.from(value).toString("hex")}').decode()`;
  if (value instanceof Uint8Array) return `bytes.fromhex('${Buffer.from(value).toString("hex")}')`;
  if (value instanceof PickleTuple) return `(${value.items.map((item) => `${literalOf(item)},`).join("")})`;
  if (Array.isArray(value)) return `[${value.map(literalOf).join(",")}]`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${literalOf(key)}:${literalOf(item)}`)
    .join(",")}}`;
}

test("a number that is not whole, or too large, is refused", () => {
  expect(() => pickle(1.5)).toThrow("1.5");
  expect(() => pickle(2 ** 31)).toThrow("2147483648");
});
