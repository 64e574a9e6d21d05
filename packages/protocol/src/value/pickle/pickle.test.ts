import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readPickle } from "./read-pickle.ts";
import { PickleTuple } from "./pickle-writer.ts";
import { pickleArguments, pickleValue } from "./write-pickle.ts";

/** What the expression is, pickled by Python. */
function pickled(expression: string, protocol = 4): Uint8Array {
  const program = `import pickle, sys; sys.stdout.buffer.write(pickle.dumps(${expression}, ${protocol}))`;
  return execFileSync("/usr/bin/python3", ["-c", program]);
}

/** Python's words for what it reads. */
function seenByPython(pickle: Uint8Array): string {
  return execFileSync(
    "/usr/bin/python3",
    ["-c", "import pickle, sys; print(ascii(pickle.load(sys.stdin.buffer)))"],
    { input: pickle, encoding: "utf8" },
  ).trimEnd();
}

test.for([2, 3, 4, 5])("plain data that Python pickled with protocol %d is read as it was", (protocol) => {
  const shared = "(lambda x: [x, x])({'k': [1, 2]})";
  expect(
    readPickle(pickled("((1, -2, 300, 70000, 2**40, -2**31), {'a': 1.5, 'b': None, 'c': True})", protocol)),
  ).toEqual([[1, -2, 300, 70000, 2 ** 40, -(2 ** 31)], { a: 1.5, b: null, c: true }]);
  expect(readPickle(pickled("['', 'ä€😀', 'x' * 300]", protocol))).toEqual(["", "ä€😀", "x".repeat(300)]);
  expect(readPickle(pickled("2**100", protocol))).toBe(2n ** 100n);
  expect(readPickle(pickled(shared, protocol))).toEqual([{ k: [1, 2] }, { k: [1, 2] }]);
  expect(readPickle(pickled("{1: 'a', (2, 3): 'b'}", protocol))).toEqual(
    new Map<unknown, unknown>([
      [1, "a"],
      [[2, 3], "b"],
    ]),
  );
  expect(readPickle(pickled("list(range(3000))", protocol))).toEqual(
    Array.from({ length: 3000 }, (_, i) => i),
  );
});

test("bytes and sets are read from the protocols that have them", () => {
  expect(readPickle(pickled("[b'\\x00\\xff', bytearray(b'ab')]", 5))).toEqual([
    new Uint8Array([0, 255]),
    new Uint8Array([97, 98]),
  ]);
  expect(readPickle(pickled("[{1, 2}, frozenset([3])]"))).toEqual([new Set([1, 2]), new Set([3])]);
});

test("what only Python can read is refused by its name, and nothing of it is run", () => {
  expect(() => readPickle(pickled("__import__('datetime').date(2024, 1, 2)"))).toThrow("datetime.date");
  expect(() => readPickle(pickled("__import__('os').system"))).toThrow(
    expect.objectContaining({ code: "PICKLE_NOT_PLAIN", remedy: expect.stringContaining("tolist()") }),
  );
  expect(() => readPickle(pickled("[1, 2, 3]").subarray(0, 8))).toThrow(
    expect.objectContaining({ code: "PICKLE_BROKEN" }),
  );
});

test("Python reads what is written here", () => {
  const value = {
    a: [1, -1, 2 ** 31, -(2 ** 53) + 1, 1.5, true, false, null, undefined],
    b: new Uint8Array([1, 2]),
    c: new Map([[1, "x"]]),
    d: new Set([7]),
    e: "ä😀",
    f: 2n ** 70n,
  };
  expect(seenByPython(pickleValue(value))).toBe(
    "{'a': [1, -1, 2147483648, -9007199254740991, 1.5, True, False, None, None], 'b': b'\\x01\\x02', 'c': {1: 'x'}, 'd': {7}, 'e': '\\xe4\\U0001f600', 'f': 1180591620717411303424}",
  );
  expect(seenByPython(pickleArguments([1, [2]], { k: "v" }))).toBe("((1, [2]), {'k': 'v'})");
  const tuples = [new PickleTuple(), new PickleTuple("a", new PickleTuple(1, 2, [3]))];
  expect(seenByPython(pickleValue(tuples))).toBe("[(), ('a', (1, 2, [3]))]");
});

test("what is written is read again as it was", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(readPickle(pickleValue(value))).toEqual(value);
    }),
  );
});

test("what has no plain form is refused", () => {
  const circle: unknown[] = [];
  circle.push(circle);
  for (const value of [() => 1, circle, new Date(0), new URL("http://localhost")])
    expect(() => pickleValue(value)).toThrow(expect.objectContaining({ code: "VALUE_NOT_SERIALISABLE" }));
});
