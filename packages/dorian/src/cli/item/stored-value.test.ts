import { encodeValue } from "@dorian/protocol/value/payload";
import { pickleValue } from "@dorian/protocol/value/pickle/write-pickle";
import { expect, test } from "vitest";
import { storedText, storedValue } from "./stored-value.ts";

test("plain data is read, whichever of the encodings it is in", () => {
  const value = { name: "iris", sizes: [1, 2.5], none: null };
  expect(storedValue(pickleValue(value))).toMatchObject({ encoding: "pickle", value });
  expect(storedValue(encodeValue(value, "it"))).toMatchObject({ encoding: "cbor", value });
  expect(storedText(storedValue(pickleValue("text as it is")), 80)).toBe("text as it is");
  expect(storedText(storedValue(pickleValue(Buffer.from("abc"))), 80)).toBe("YWJj");
});

test("what only Python can read is said, with what it is", () => {
  // pickle.dumps(datetime.date(2024, 1, 31), 4)
  const date = Buffer.from(
    "80049520000000000000008c086461746574696d65948c0464617465949394430407e8011f94859452942e",
    "hex",
  );
  expect(storedText(storedValue(date), 80)).toContain("<pickle, 43 B: The value holds datetime.date");
  expect(storedValue(Buffer.from("8004", "hex"))).toHaveProperty("unreadable");
  expect(storedValue(Buffer.from("ff00", "hex"))).toHaveProperty("unreadable");
});

test("keys that stand for very much, and integers of a million digits, are not unfolded [B11]", () => {
  // A dict whose key is a tuple of tuples, each of which holds the one before it twice.
  const tuples = Array.from({ length: 60 }, () => [0x32, 0x86]).flat();
  const folded = Buffer.from([0x80, 4, 0x7d, 0x4b, 1, ...tuples, 0x4b, 1, 0x73, 0x2e]);
  expect(storedValue(folded)).toMatchObject({ unreadable: "It stands for more than can be shown." });
  const digits = Buffer.alloc(2 ** 20, 0x77);
  const pickled = Buffer.concat([Buffer.from([0x80, 4, 0x8b, 0, 0, 0x10, 0]), digits, Buffer.of(0x2e)]);
  expect(storedValue(pickled)).toMatchObject({ unreadable: "It stands for more than can be shown." });
  expect(storedText(storedValue(pickleValue({ n: 2n ** 200n })), 200)).toContain(String(2n ** 200n));
});

test("a few bytes that stand for very much, or for themselves, are not unfolded", () => {
  const start = Buffer.from([0x80, 4, 0x5d, 0x94]);
  // Each list holds the one before it twice.
  const twice = Array.from({ length: 60 }, (_, index) => [0x5d, 0x94, 0x28, 0x68, index, 0x68, index, 0x65]);
  const folded = Buffer.concat([start, Buffer.from(twice.flat()), Buffer.from([0x2e])]);
  expect(storedValue(folded)).toMatchObject({ unreadable: "It stands for more than can be shown." });
  const itself = Buffer.from([0x80, 4, 0x5d, 0x94, 0x68, 0, 0x61, 0x2e]);
  expect(storedValue(itself)).toHaveProperty("unreadable");
});

test("a long value is cut, and its size said", () => {
  const text = storedText(storedValue(pickleValue("x".repeat(5000))), 80);
  expect(text).toBe(`${"x".repeat(80)}… (4.9 KiB)`);
});
