import type { IdRange } from "@dorian/linux/user-namespace";

/**
 * The user namespace of a snapshot (`userns-*.img`) with another range of the host's ids. What is inside the namespace is stored by
 * its own ids, and stays.
 *
 * Its form: two magic numbers and a length, four bytes each and little-endian, then a message with the maps of users (1) and groups (2),
 * each of `inner` (1), `outer` (2) and `count` (3).
 */
export function withUserIds(image: Buffer, ids: IdRange): Buffer {
  const map = [...field(1, 0), ...field(2, ids.first), ...field(3, ids.size)];
  const message = Buffer.from([0x0a, map.length, ...map, 0x12, map.length, ...map]);
  const head = Buffer.from(image.subarray(0, 12));
  head.writeUInt32LE(message.length, 8);
  return Buffer.concat([head, message]);
}

function field(number: number, value: number): number[] {
  const bytes = [number << 3];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}
