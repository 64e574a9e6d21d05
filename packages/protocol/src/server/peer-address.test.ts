import { expect, test } from "vitest";
import { peerAddress } from "./peer-address.ts";

test.for([
  ["203.0.113.9", undefined, "203.0.113.9"],
  ["::ffff:203.0.113.9", undefined, "203.0.113.9"],
  ["203.0.113.9", "198.51.100.1", "203.0.113.9"],
  ["127.0.0.1", undefined, "127.0.0.1"],
  ["127.0.0.1", "198.51.100.1", "198.51.100.1"],
  ["::1", "10.0.0.1, 2001:DB8::7", "2001:db8::7"],
  ["127.0.0.1", "unknown", "127.0.0.1"],
  ["127.0.0.1", `${"1".repeat(90)}`, "127.0.0.1"],
  [undefined, "198.51.100.1", undefined],
] as const)("a peer at %s that forwards for %s counts as %s", ([socket, forwarded, expected]) => {
  expect(peerAddress(socket, forwarded)).toBe(expected);
});
