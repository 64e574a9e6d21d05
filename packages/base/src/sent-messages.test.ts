import { expect, test } from "vitest";
import { SentMessages } from "./sent-messages.ts";

function sent(...bytes: number[]) {
  const messages = new SentMessages<string>({ mostBytes: 100 });
  for (const each of bytes) messages.add(each, (number) => `${number}`);
  return messages;
}

test("a peer that says how many have come is sent the others", () => {
  const messages = sent(10, 10, 10);
  expect([0, 1, 3, 4].map((come) => messages.after(come))).toEqual([["1", "2", "3"], ["2", "3"], [], []]);
});

test("what is kept is bounded, and the newest whatever its size", () => {
  const messages = sent(60, 30, 30, 5);
  expect([0, 1, 3].map((come) => messages.after(come))).toEqual([["2", "3", "4"], ["2", "3", "4"], ["4"]]);
  expect(sent(10, 1_000).after(0)).toEqual(["2"]);
});
