import * as fc from "fast-check";
import { expect, test } from "vitest";
import { addressIn, chooseRange, formatRange, parseRange } from "./address-range.ts";

const ranges = (texts: string[]) => texts.map(parseRange).filter((range) => range !== undefined);
const span = (text: string) => {
  const range = parseRange(text);
  return range ? [range.first, range.first + 2 ** (32 - range.prefix) - 1] : [0, 0];
};

test("the range chosen overlaps no route and no address", () => {
  // Six routes of this length cannot take every private range.
  const routeText = fc
    .tuple(fc.constantFrom(10, 172, 192), fc.nat(255), fc.nat(255), fc.integer({ min: 11, max: 32 }))
    .map(([a, b, c, length]) => `${a}.${b}.${c}.0/${length}`);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.array(routeText, { maxLength: 6 }),
      (seed, taken) => {
        const instance = seed.toString(16).padStart(8, "0");
        const [first = 0, last = 0] = span(formatRange(chooseRange(instance, ranges(taken))));
        for (const text of taken) {
          const [from = 0, to = 0] = span(text);
          expect(last < from || first > to).toBe(true);
        }
      },
    ),
  );
});

test("a default route is no obstacle, and when every private range is taken the error says so", () => {
  expect(formatRange(chooseRange("00000000", ranges(["0.0.0.0/0"])))).toBe("10.64.0.0/20");
  expect(() => chooseRange("00000000", ranges(["10.0.0.0/8", "172.16.0.0/12"]))).toThrow("routed elsewhere");
});

test("addresses are read and written", () => {
  expect(parseRange("10.1.2.3/20")).toEqual({ first: 0x0a010000, prefix: 20 });
  expect(parseRange("fd00::1/64")).toBeUndefined();
  expect(parseRange("default")).toBeUndefined();
  expect(addressIn({ first: 0x0a010000, prefix: 20 }, 257)).toBe("10.1.1.1");
});
