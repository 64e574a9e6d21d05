import { AppError } from "@dorian/base/app-error";
import { expect, test } from "vitest";
import { encodeValue } from "./payload.ts";
import { pickleValue } from "./pickle/write-pickle.ts";
import { decodeStored, encodeStored, isPickle } from "./stored-value.ts";

const kept = (value: unknown) => decodeStored(encodeStored(value, "it"), "it");

test("plain data is stored as the very pickle that Python reads", () => {
  const value = {
    name: "iris",
    sizes: [1, -2.5, 2 ** 40, 2n ** 70n],
    none: null,
    raw: new Uint8Array([1, 2]),
  };
  expect(Buffer.from(encodeStored(value, "it"))).toEqual(Buffer.from(pickleValue(value)));
  expect(kept(value)).toEqual(value);
});

test("what Python does not tell apart is the same value again, and a pickle for Python all the same", () => {
  const values = [
    undefined,
    { a: undefined },
    new Map([["a", 1]]),
    new Map(),
    Buffer.from("abc"),
    5n,
    [1, , 3], // oxlint-disable-line no-sparse-arrays
    Object.assign(Object.create(null), { a: 1 }),
  ];
  for (const value of values) {
    expect(isPickle(encodeStored(value, "it"))).toBe(true);
    expect(kept(value)).toStrictEqual(value);
  }
});

test("a Buffer is written once, with a word on what it is", () => {
  for (const value of [Buffer.alloc(600 * 1024, 7), Buffer.alloc(0), Buffer.from("abc").subarray(1)]) {
    const stored = encodeStored(value, "it");
    expect(stored.length).toBeLessThan(value.length + 20);
    expect(Buffer.from(stored.subarray(0, 2)).toString("hex")).toBe("8004");
    expect(decodeStored(stored, "it")).toStrictEqual(value);
  }
});

test("what is kept once for each language is refused where both together are too large", () => {
  const half = { none: undefined, bytes: new Uint8Array(33 * 2 ** 20) };
  expect(() => encodeStored(half, 'the value of "a"')).toThrow(
    expect.objectContaining({
      code: "VALUE_TOO_LARGE",
      message: expect.stringContaining('What is kept for the value of "a" has 66.0 MiB, the limit is 64 MiB'),
    }),
  );
});

test("what Python has nothing for comes back to JavaScript", () => {
  const values = [new Date(5), { at: new Date(5) }, new Float32Array([1, 2]), /a/g, new RangeError("far")];
  for (const value of values) {
    expect(isPickle(encodeStored(value, "it"))).toBe(false);
    expect(kept(value)).toStrictEqual(value);
  }
});

test("a list with nothing in it is no pickle, though it begins like one", () => {
  expect(decodeStored(encodeValue([], "it"), "it")).toEqual([]);
  expect(decodeStored(pickleValue([]), "it")).toEqual([]);
});

test("what cannot be stored or read is refused, with what it is", () => {
  expect(() => encodeStored({ run: () => 1 }, 'the value of "a"')).toThrow(
    'Cannot send the value of "a": .run is a function.',
  );
  expect(() => encodeStored(new Uint8Array(65 * 2 ** 20), 'the value of "a"')).toThrow(
    expect.objectContaining({
      code: "VALUE_TOO_LARGE",
      message: 'The value of "a" has 65 MiB, the limit is 64 MiB.',
    }),
  );
  // pickle.dumps(datetime.date(2024, 1, 31), 4)
  const date = Buffer.from(
    "80049520000000000000008c086461746574696d65948c0464617465949394430407e8011f94859452942e",
    "hex",
  );
  for (const bytes of [date, date.subarray(0, 20), Buffer.from("ff", "hex")])
    expect(() => decodeStored(bytes, "the item")).toThrow(
      expect.objectContaining({
        code: "VALUE_NOT_READABLE",
        message: expect.stringContaining("Cannot read the item"),
      }),
    );
  expect(() => decodeStored(date, "the item")).toThrow(AppError);
});
