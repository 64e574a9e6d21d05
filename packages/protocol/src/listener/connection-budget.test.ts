import { expect, test } from "vitest";
import { ConnectionBudget, isLoopback, limitsWithin } from "./connection-budget.ts";

const limits = { all: 6, eachPeer: 2, thisMachine: 4 };

function admitted(budget: ConnectionBudget, address: string, times: number): number {
  return Array.from({ length: times }, () => budget.admit(address)).filter((place) => place !== undefined)
    .length;
}

test("one peer has no more than its part, and the others theirs", () => {
  const budget = new ConnectionBudget(limits);
  expect(admitted(budget, "192.0.2.1", 9)).toBe(2);
  expect(admitted(budget, "::ffff:192.0.2.1", 1)).toBe(0);
  expect(admitted(budget, "192.0.2.2", 9)).toBe(2);
});

test("this machine has more, and leaves something to the others", () => {
  const budget = new ConnectionBudget(limits);
  expect(admitted(budget, "127.0.0.1", 3) + admitted(budget, "::1", 9)).toBe(4);
  expect(admitted(budget, "192.0.2.1", 9)).toBe(2);
  expect(admitted(budget, "192.0.2.2", 9)).toBe(0);
});

test("a process that may have few files open takes fewer connections, and keeps files for its work", () => {
  const usual = { all: 4096, eachPeer: 512, thisMachine: 3072 };
  expect([Infinity, 1_048_576, 13_000].map(limitsWithin)).toEqual([usual, usual, usual]);
  expect(limitsWithin(1_024)).toEqual({ all: 170, eachPeer: 22, thisMachine: 127 });
  expect(limitsWithin(256)).toEqual({ all: 16, eachPeer: 2, thisMachine: 12 });
});

test("addresses of one IPv6 network are one peer", () => {
  const budget = new ConnectionBudget(limits);
  expect(admitted(budget, "2001:db8:1:2::1", 1)).toBe(1);
  expect(admitted(budget, "2001:db8:1:2:ffff::9", 1)).toBe(1);
  expect(admitted(budget, "2001:db8:1:2::3", 1)).toBe(0);
  expect(admitted(budget, "2001:db8:1:3::1", 1)).toBe(1);
  expect(admitted(budget, "fe80::1%eth0", 3)).toBe(2);
});

test("a place that is given back is there again, once", () => {
  const budget = new ConnectionBudget(limits);
  const first = budget.admit("192.0.2.1");
  expect(admitted(budget, "192.0.2.1", 2)).toBe(1);
  first?.[Symbol.dispose]();
  first?.[Symbol.dispose]();
  expect(admitted(budget, "192.0.2.1", 2)).toBe(1);
  expect(budget.open).toBe(2);
});

test.each([
  ["127.0.0.1", true],
  ["127.8.8.8", true],
  ["::1", true],
  ["::ffff:127.0.0.1", true],
  ["", true],
  ["192.0.2.1", false],
  ["2001:db8::1", false],
])("%s is of this machine alone: %s", (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});
