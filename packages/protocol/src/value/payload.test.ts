import { execFileSync } from "node:child_process";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeArguments, decodeValue, encodeArguments, encodeValue } from "./payload.ts";
import { readPickle } from "./pickle/read-pickle.ts";
import { pickleValue } from "./pickle/write-pickle.ts";

const throughCbor = (value: unknown) => decodeValue(encodeValue(value, "the value"));
const throughPickle = (value: unknown) => readPickle(pickleValue(value));

/** The message with which a value is refused. */
function refusal(value: unknown): string {
  try {
    encodeArguments([0, value]);
  } catch (error) {
    expect(error).toMatchObject({ name: "AppError", code: "VALUE_NOT_SERIALISABLE" });
    return (error as Error).message;
  }
  throw new Error("The value was taken.");
}

/** Sizes around which the formats change the bytes that tell a length. */
const borders = [0, 1, 23, 24, 25, 31, 32, 33, 255, 256, 257, 65_535, 65_536, 65_537];

describe.each([
  ["CBOR", throughCbor],
  ["a pickle", throughPickle],
])("through %s", (_, through) => {
  test.for(borders)("objects, maps, sets, lists, text and bytes of the size %d arrive whole [A4]", (size) => {
    const numbers = Array.from({ length: size }, (_, index) => index);
    const keyed = numbers.map((index): [string, number] => [`key ${index}`, index]);
    const values = [
      Object.fromEntries(keyed),
      new Map(keyed.map(([, index]) => [index + 0.5, index])),
      new Set(numbers),
      numbers,
      "x".repeat(size),
      "é".repeat(size),
      new Uint8Array(size).fill(7),
    ];
    // An empty map and an empty object are one thing to Python.
    const kept = values.filter((value) => size > 0 || !(value instanceof Map));
    expect(kept.filter((value) => !isDeepStrictEqual(through(value), value))).toEqual([]);
  });

  test("whole numbers arrive as they were around all borders of their encodings [A4]", () => {
    for (const exponent of [0, 4, 5, 7, 8, 15, 16, 31, 32, 33, 52, 53]) {
      for (const offset of [-2, -1, 0, 1]) {
        for (const sign of [1, -1]) {
          const value = sign * (2 ** exponent + offset);
          expect(Object.is(through(value), value)).toBe(true);
        }
      }
    }
  });

  test("integers of any size beyond the safe ones arrive as bigints", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 2n ** 53n, max: 2n ** 5000n }), fc.boolean(), (size, negative) => {
        const value = negative ? -size : size;
        expect(through(value)).toBe(value);
      }),
    );
    for (const bits of [54n, 63n, 64n, 65n, 2040n, 2048n, 100_000n])
      for (const value of [2n ** bits, -(2n ** bits), 2n ** bits - 1n, -(2n ** bits) - 1n, 2n ** bits + 1n])
        expect(through(value)).toBe(value);
  });

  test("a key may be named __proto__, a text begin with a byte order mark", () => {
    const value = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}') as object;
    const back = through(value) as object;
    expect(Object.keys(back)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    expect(through("\ufeffx")).toBe("\ufeffx");
  });
});

test("Python reads pickles that are written here, and is read, at all sizes around borders [A4]", () => {
  const program = `
import pickle, struct, sys
out = []
for size in ${JSON.stringify(borders)}:
    (length,) = struct.unpack(">I", sys.stdin.buffer.read(4))
    value = pickle.loads(sys.stdin.buffer.read(length))
    numbers = list(range(size))
    assert value == [{"k%d" % i: i for i in numbers}, numbers, "\\xe9" * size, b"\\x07" * size, set(numbers)], size
    back = pickle.dumps(value, 4)
    out.append(struct.pack(">I", len(back)) + back)
sys.stdout.buffer.write(b"".join(out))
`;
  const valueOf = (size: number) => {
    const numbers = Array.from({ length: size }, (_, index) => index);
    const object = Object.fromEntries(numbers.map((index) => [`k${index}`, index]));
    return [object, numbers, "é".repeat(size), new Uint8Array(size).fill(7), new Set(numbers)];
  };
  const parts = borders.flatMap((size) => {
    const bytes = pickleValue(valueOf(size));
    return [Buffer.from(Uint32Array.of(bytes.length).buffer).swap32(), bytes];
  });
  const input = Buffer.concat(parts);
  const answer = execFileSync("/usr/bin/python3", ["-c", program], { input, maxBuffer: 2 ** 28 });
  let at = 0;
  for (const size of borders) {
    const end = at + 4 + answer.readUInt32BE(at);
    expect(isDeepStrictEqual(readPickle(answer.subarray(at + 4, end)), valueOf(size))).toBe(true);
    at = end;
  }
});

const bytesView = fc.uint8Array({ maxLength: 24 });
const eights = fc
  .uint8Array({ maxLength: 3 })
  .map((bytes) => new Uint8Array(bytes.length * 8).fill(bytes[0] ?? 0));
const typedArray = eights.chain((bytes) =>
  fc.constantFrom(
    ...[Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, BigInt64Array].map(
      (Kind) => new Kind(bytes.buffer),
    ),
    ...[BigUint64Array, Float16Array, Float32Array, Float64Array].map((Kind) => new Kind(bytes.buffer)),
  ),
);
const scalar = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, NaN, Infinity, -Infinity, 5e-324, 2 ** 53, -(2 ** 63)),
  fc.date({ noInvalidDate: false }),
  bytesView,
  bytesView.map((bytes) => new Uint8Array(bytes).buffer),
  typedArray,
  fc.constantFrom(/a+/gi, /[/]\n/u, new RegExp("")),
  fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.bigInt()).map((plain) => Object(plain) as object),
);
const anything = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    scalar,
    fc.array(tie("value"), { maxLength: 5 }),
    fc.sparseArray(tie("value"), { maxLength: 5, maxNumElements: 3 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "0", "")), tie("value"), {
      maxKeys: 5,
      noNullPrototype: true,
    }),
    fc
      .array(
        fc.tuple(
          fc.oneof(
            scalar.filter((key) => !isBoxed(key)),
            fc.string(),
          ),
          tie("value"),
        ),
        { maxLength: 4 },
      )
      .map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 4 }).map((items) => new Set(items)),
    fc
      .tuple(fc.constantFrom(Error, TypeError, RangeError), fc.string(), tie("value"))
      .map(([Kind, message, cause]) => new Kind(message, { cause })),
  ),
})).value;

function isBoxed(value: unknown): boolean {
  return typeof value === "object" && value !== null && typeof value.valueOf() !== "object";
}

test("whatever structured clone keeps arrives as the same value [A10]", () => {
  fc.assert(
    fc.property(anything, (value) => {
      expect(isDeepStrictEqual(throughCbor(value), structuredClone(value))).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test("what structured clone changes arrives as it was, too [A10]", () => {
  const matched = Object.groupBy([1, 2, 3], (n) => (n % 2 === 0 ? "even" : "odd"));
  const sticky = /a/g;
  sticky.lastIndex = 3;
  const failed = Object.assign(new AggregateError([new TypeError("one")], "all"), {
    code: "E1",
    at: new Date(0),
  });
  for (const value of [
    Buffer.from("hi"),
    [Buffer.alloc(0)],
    matched,
    Object.create(null),
    { a: matched },
    sticky,
    failed,
  ])
    expect(isDeepStrictEqual(throughCbor(value), value)).toBe(true);
  const back = throughCbor({ reason: failed }) as { reason: typeof failed };
  expect(back.reason).toBeInstanceOf(AggregateError);
  expect(back.reason.errors[0]).toBeInstanceOf(TypeError);
  expect(back.reason.stack).toBe(failed.stack);
  expect(throughCbor(sticky)).toHaveProperty("lastIndex", 3);
});

test("bytes arrive in memory of their own", () => {
  for (const bytes of [new Uint8Array([1, 2]), Buffer.from([1, 2])])
    expect((throughCbor(bytes) as Uint8Array).buffer.byteLength).toBe(2);
});

class Box {
  width = 1;
  toJSON() {
    return { w: this.width };
  }
}

const circle: Record<string, unknown> = {};
circle["list"] = [circle];
const ownCause = new Error("own cause");
ownCause.cause = ownCause;
const transferred = new Uint8Array(4);
structuredClone(transferred, { transfer: [transferred.buffer] });
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const deep = (levels: number) => Array.from({ length: levels }).reduce((inner) => [inner], 0);

test.for<[what: string, value: unknown, message: RegExp]>([
  ["a function", { a: [1, () => 2] }, /^Cannot send argument 2: \.a\[1\] is a function\.$/],
  ["a symbol", [Symbol("s")], /: \[0\] is a symbol/],
  ["a symbol as a key", { a: { [Symbol("s")]: 1 } }, /: \.a has a symbol for a key/],
  ["a promise", { p: Promise.resolve() }, /: \.p is a promise \(an await is missing\)/],
  ["a URL", { "odd key": new URL("http://localhost") }, /: \["odd key"\] is a URL/],
  ["a URL in a map", new Map([["a", new URL("http://localhost")]]), /: \.get\("a"\) is a URL/],
  ["a URL as a key", new Map([[new URL("http://localhost"), 1]]), /: key \[0\] is a URL/],
  ["a URL in a set", { s: new Set([1, new URL("http://localhost")]) }, /: \.s member \[1\] is a URL/],
  ["a WeakMap", new WeakMap(), /: it is a WeakMap/],
  ["a DataView", new DataView(new ArrayBuffer(2)), /: it is a DataView/],
  ["an instance", { box: new Box() }, /: \.box is a Box, an instance of a class/],
  ["an array of a class of its own", new (class Rows extends Array {})(), /: it is a Rows/],
  ["a map of a class of its own", new (class Index extends Map {})(), /: it is an Index/],
  [
    "an error of a class of its own",
    { e: new (class Failed extends Error {})("x") },
    /: \.e is a Failed, an error/,
  ],
  ["an error with such a cause", new Error("x", { cause: new Box() }), /: \.cause is a Box/],
  ["an error that is its own cause", [ownCause], /: \[0\]\.cause refers back/],
  ["a circle", circle, /: \.list\[0\] refers back to itself/],
  ["half of a pair", { t: "a\ud800b" }, /: \.t is text with half of a surrogate pair/],
  ["half of a pair in a long text", ["x".repeat(99) + "\udc00"], /: \[0\] is text with half/],
  ["half of a pair in a key", { "\ud800": 1 }, /is text with half/],
  ["shared memory", [new SharedArrayBuffer(2)], /: \[0\] is a SharedArrayBuffer/],
  [
    "a view of shared memory",
    new Uint8Array(new SharedArrayBuffer(2)),
    /: it lies in memory that threads share/,
  ],
  ["a detached view", { v: transferred }, /: \.v lies in memory that was transferred/],
  ["a detached buffer", { v: transferred.buffer }, /: \.v lies in memory that was transferred/],
  ["a blob", { b: new Blob(["a"]) }, /: \.b is a Blob/],
  ["a file", new File(["a"], "a.txt"), /: it is a File/],
  ["a stream", { s: new ReadableStream() }, /: \.s is a ReadableStream/],
  ["headers", new Headers({ a: "b" }), /: it is a Headers/],
  ["an iterator", { i: [1].values() }, /: \.i is an? .*Iterator/],
  ["a generator", (function* () {})(), /: it is a Generator/],
  ["an async generator", { g: (async function* () {})() }, /: \.g is an AsyncGenerator/],
  [
    "a getter that throws",
    {
      get x() {
        throw new TypeError("not yet");
      },
    },
    /: \.x cannot be read: TypeError: not yet/,
  ],
  ["a revoked proxy", [revoked.proxy], /: \[0\] cannot be read/],
  ["a match", { m: "abc".match(/b/) }, /: \.m has a property "groups" beside what it holds/],
  ["a large array with a property", Object.assign(Array(200).fill(0), { columns: ["a"] }), /"columns"/],
  ["a date with a property", Object.assign(new Date(0), { zone: "x" }), /: it has properties beside/],
  ["a boxed symbol", Object(Symbol("s")), /: it is a Symbol/],
  [
    "arguments",
    (function () {
      return arguments;
    })(),
    /symbol for a key/,
  ],
  ["Math", { Math }, /: \.Math has a symbol for a key/],
  ["1001 levels", deep(1001), / … .* is nested more than 1000 levels deep/],
  ["100,000 levels", deep(100_000), /is nested more than 1000 levels deep/],
])("%s is refused with its place and the number of its argument [A10]", ([, value, message]) => {
  expect(refusal(value)).toMatch(message);
  expect(refusal(value)).toMatch(/^Cannot send argument 2: /);
});

test("a proxy arrives as what it is read as, a thousand levels arrive", () => {
  expect(throughCbor(new Proxy({ a: 1 }, {}))).toEqual({ a: 1 });
  expect(isDeepStrictEqual(throughCbor(deep(1000)), deep(1000))).toBe(true);
});

test("a value that stands in many places is bounded by the bytes it takes", () => {
  const wide = Array.from({ length: 40 }).reduce((inner: unknown) => [inner, inner], "x".repeat(999));
  expect(() => encodeArguments([wide])).toThrow(expect.objectContaining({ code: "INPUT_TOO_LARGE" }));
  expect(() => pickleValue(wide)).toThrow(expect.objectContaining({ code: "RESULT_TOO_LARGE" }));
});

test("what a client that reads pickles cannot have is refused with its place [A10]", () => {
  for (const [value, message] of [
    [{ at: new Date(0) }, ".at is a Date"],
    [[new Float32Array(1)], "[0] is a Float32Array"],
    [{ a: { re: /x/ } }, ".a.re is a RegExp"],
    [{ e: new Error("x") }, ".e is an Error"],
  ] as const)
    expect(() => pickleValue(value, "the result")).toThrow(`Cannot send the result: ${message}`);
});

test("an argument by name is named in the refusal, and so is an item of a map", () => {
  expect(() => encodeArguments([], { top: [() => 1] })).toThrow(
    'Cannot send argument "top": [0] is a function',
  );
  expect(() => encodeArguments([{ f: () => 1 }], {}, " of the map's items[7]")).toThrow(
    "Cannot send argument 1 of the map's items[7]: .f is a function",
  );
});

const cbor = (hex: string) => Buffer.from(hex.replaceAll(" ", ""), "hex");

test.for<[what: string, hex: string, message: RegExp]>([
  [
    "a decimal",
    "82 82 01 a1 65 7072696365 c4 82 20 0f a0",
    /^Cannot read argument 2: \.price is a decimal number/,
  ],
  ["a UUID by name", "82 80 a1 62 6964 d825 41 00", /^Cannot read argument "id": it is a UUID/],
  [
    "a date of Python",
    "82 81 81 d903ec 6a 323032362d31312d3330 a0",
    /argument 1: \[0\] is a date without a time/,
  ],
  [
    "an unknown tag",
    "82 81 d9ffff 00 a0",
    /argument 1: it is something of another language \(CBOR tag 65535\)/,
  ],
  ["a class of others", "82 81 d81b 82 63 466f6f 00 a0", /argument 1: it is an instance of Foo/],
  ["text that is no Unicode", "82 81 62 c328 a0", /argument 1: it is text that is no UTF-8/],
  ["something else", "01", /arguments of the call are not a list/],
])("%s is refused on arrival with its place and the number of its argument [A10]", ([, hex, message]) => {
  expect(() => decodeArguments(cbor(hex))).toThrow(expect.objectContaining({ code: "VALUE_NOT_READABLE" }));
  expect(() => decodeArguments(cbor(hex))).toThrow(message);
});

test("CBOR of other writers is read: lengths that were not told, longer heads, small floats, maps under their tag", () => {
  expect(decodeValue(cbor("9f 01 02 ff"))).toEqual([1, 2]);
  expect(decodeValue(cbor("bf 61 61 01 ff"))).toEqual({ a: 1 });
  expect(decodeValue(cbor("5f 41 01 42 02 03 ff"))).toEqual(new Uint8Array([1, 2, 3]));
  expect(decodeValue(cbor("7f 61 61 62 c3a4 ff"))).toBe("aä");
  expect(decodeValue(cbor("1b 00 00 00 00 00 00 00 05"))).toBe(5);
  expect(decodeValue(cbor("f9 3c00"))).toBe(1);
  expect(decodeValue(cbor("fa 3fc00000"))).toBe(1.5);
  expect(decodeValue(cbor("d90103 a1 61 61 01"))).toEqual(new Map([["a", 1]]));
  expect(decodeValue(cbor("a2 01 02 61 61 03"))).toEqual(
    new Map<unknown, number>([
      [1, 2],
      ["a", 3],
    ]),
  );
  expect(decodeValue(cbor("c0 74 323031332d30332d32315432303a30343a30305a"))).toEqual(
    new Date("2013-03-21T20:04:00Z"),
  );
});

test("bytes of any kind are read as a value or refused as what they are", () => {
  const hostile = [
    "ff",
    "81 ff",
    "9b ff ff ff ff ff ff ff ff",
    "bb 00 00 00 01 00 00 00 00",
    "7b ff ff ff ff ff ff ff ff",
    "1c",
    "fc",
    "d9d9f7 f7",
    "81 d9d9f7 d9d9f7",
    "c1 61 61",
    "c2 01",
    "d9010201",
    "d90103 01",
    "d855 43 010203",
    "a1 01",
    "5f 61 61 ff",
    "d81b 83 66526567457870 61 28 60",
    "d81b 01",
    "00 00",
  ].map(cbor);
  hostile.push(
    Buffer.alloc(200_000, 0x81),
    Buffer.alloc(200_000, 0xc2),
    Buffer.alloc(300_000, cbor("d9d9f7")),
    Buffer.alloc(300_000, cbor("d90103")),
  );
  for (const bytes of hostile)
    expect(() => decodeValue(bytes)).toThrow(expect.objectContaining({ code: "VALUE_NOT_READABLE" }));
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (bytes) => {
      try {
        decodeValue(bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: "VALUE_NOT_READABLE" });
      }
    }),
    { numRuns: 5_000 },
  );
});
