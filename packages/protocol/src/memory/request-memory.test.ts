import { expect, test } from "vitest";
import { HeldRequest, RequestMemory } from "./request-memory.ts";

const memory = () => new RequestMemory({ connection: 100, caller: 150, anonymous: 10, process: 200 });
const client = (tokenId: string) => ({ kind: "client", tokenId }) as const;
const tooLarge = expect.objectContaining({ code: "REQUESTS_TOO_LARGE", status: "RESOURCE_EXHAUSTED" });

test("requests hold no more than their connection, their caller and the process may, and give all of it back", () => {
  const shared = memory();
  const [one, two, three] = [{}, {}, {}];
  const first = new HeldRequest(shared, one, client("a"));
  first.hold(90);
  expect(() => new HeldRequest(shared, one, client("b")).hold(20)).toThrow(tooLarge);
  const second = new HeldRequest(shared, two, client("a"));
  expect(() => second.hold(70)).toThrow(tooLarge);
  second.hold(60);
  expect(() => new HeldRequest(shared, three, client("b")).hold(60)).toThrow(tooLarge);
  second.hold(-60);
  new HeldRequest(shared, three, client("b")).hold(60);
  first.release();
  expect(shared.heldBytes()).toBe(60);
  expect(shared.heldBytes(one)).toBe(0);
});

test("all callers without a token share what little they may hold", () => {
  const shared = memory();
  const anonymous = { kind: "anonymous" } as const;
  new HeldRequest(shared, {}, anonymous).hold(8);
  expect(() => new HeldRequest(shared, {}, anonymous).hold(8)).toThrow(tooLarge);
});
