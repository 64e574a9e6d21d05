import { expect, test } from "vitest";
import { addressGroup } from "./address-group.ts";

test.for([
  ["203.0.113.9", "203.0.113.9"],
  ["2001:db8::7", "2001:db8:0:0::/64"],
  ["2001:db8:0:0:ffff::1", "2001:db8:0:0::/64"],
  ["2001:0db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::", "fe80:0:0:0::/64"],
])("the peer at %s counts as %s", ([address, group]) => {
  expect(addressGroup(address ?? "")).toBe(group);
});
