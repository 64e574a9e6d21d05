import { expect, test } from "vitest";
import { offeredEngine } from "./offered-engine.ts";

const usual = {
  engine: "criu 4.2",
  standard: "runc",
  guestLayer: "/data/guest/0123",
  runc: "runc version 1.1.5\ncommit: x\n",
  ownIds: true,
} as const;

test("another guest, runc or kind of user ids makes another engine, and gVisor none [I6]", () => {
  expect(offeredEngine(usual)).toBe("criu 4.2, guest 0123, runc version 1.1.5, own ids");
  const others = [{ guestLayer: "/data/guest/4567" }, { runc: "runc version 1.2.0" }, { ownIds: false }];
  const all = [usual, ...others.map((other) => ({ ...usual, ...other }))].map(offeredEngine);
  expect(new Set(all).size).toBe(all.length);
  expect(offeredEngine({ ...usual, standard: "runsc" })).toBe("");
  expect(offeredEngine({ ...usual, engine: undefined })).toBe("");
});
