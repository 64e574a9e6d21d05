import { expect, test } from "vitest";
import { contentsText } from "./environment-contents.ts";

const empty = { apps: [], volumes: [], secrets: [], dicts: [], queues: [] };

test("what an environment holds is counted and named, a long list in part", () => {
  expect(contentsText(empty)).toBe("");
  expect(contentsText({ ...empty, secrets: ["hub"] })).toBe("1 secret (hub)");
  expect(contentsText({ ...empty, apps: ["a"], volumes: ["v", "w"], queues: ["q"] })).toBe(
    "1 app (a), 2 volumes (v, w) and 1 queue (q)",
  );
  expect(contentsText({ ...empty, dicts: ["1", "2", "3", "4", "5", "6", "7"] })).toBe(
    "7 dicts (1, 2, 3, 4, 5, and 2 more)",
  );
});
