import { expect, test } from "vitest";
import { withUserIds } from "./user-ids.ts";

/** As CRIU 4.2 writes it for a container whose root is 657195008 on the host. */
const written = Buffer.from(
  "19435654064947551c0000000a0c0800108080b0b90218808004120c0800108080b0b90218808004",
  "hex",
);

test("the user namespace of a snapshot is written as CRIU writes it", () => {
  expect(withUserIds(written, { first: 657_195_008, size: 65_536 })).toEqual(written);
});

test.each([
  [65_536, 65_536],
  [1, 1],
  [4_294_901_760, 65_535],
])("%d and %d ids from there on take the place of those that it was taken with", (first, size) => {
  const image = withUserIds(written, { first, size });
  expect(image.subarray(0, 8)).toEqual(written.subarray(0, 8));
  expect(image.readUInt32LE(8)).toBe(image.length - 12);
  // Maps of users and of groups, which are the same.
  const map = image.subarray(14, 14 + (image[13] ?? 0));
  expect(image.subarray(14 + map.length + 2)).toEqual(map);
  expect([...fields(map)]).toEqual([0, first, size]);
  expect(withUserIds(image, { first: 657_195_008, size: 65_536 })).toEqual(written);
});

function* fields(map: Buffer): Generator<number> {
  for (let at = 1; at < map.length; at++) {
    let value = 0;
    for (let place = 1; ; place *= 128, at++) {
      value += ((map[at] ?? 0) % 128) * place;
      if ((map[at] ?? 0) < 128) break;
    }
    yield value;
    at++;
  }
}
