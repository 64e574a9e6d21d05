import { expect, test } from "vitest";
import { defaultBorder, ipv4Networks, readNetworkBorder } from "./network-border.ts";

test("what builds may fetch from, and what nothing reaches, is read from two variables", () => {
  const env = {
    DORIAN_FETCH_FROM: " 127.0.0.1:5000, Registry.lan,[::1]:5000,10.0.0.0/8,",
    DORIAN_BLOCKED_NETWORKS: "192.168.0.0/16,fd00::/7",
  };
  const border = readNetworkBorder(env);
  expect(border.fetchFrom).toEqual(["127.0.0.1:5000", "registry.lan", "[::1]:5000", "10.0.0.0/8"]);
  expect(ipv4Networks(border.blockedNetworks)).toEqual(["192.168.0.0/16"]);
  expect(readNetworkBorder({})).toEqual(defaultBorder);
});

test.each(["http://127.0.0.1:5000", "10.0.0.0/40", "a b", "host:port"])(
  "a place written as %s is refused",
  (place) => {
    expect(() => readNetworkBorder({ DORIAN_FETCH_FROM: place })).toThrow(
      expect.objectContaining({ code: "FETCH_FROM_INVALID" }) as Error,
    );
  },
);

test.each(["router.lan", "10.0.0.0/40", "10.0.0.1; drop"])("a network written as %s is refused", (range) => {
  expect(() => readNetworkBorder({ DORIAN_BLOCKED_NETWORKS: range })).toThrow(
    expect.objectContaining({ code: "BLOCKED_NETWORKS_INVALID" }) as Error,
  );
});
