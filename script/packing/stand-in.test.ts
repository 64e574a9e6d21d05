import { expect, test } from "vitest";
import { standIn } from "./stand-in.ts";

test("what it stands for is made once, when somebody looks", () => {
  let made = 0;
  const descriptor = standIn(() => {
    made += 1;
    return { kind: "message", fields: [1, 2] };
  });
  expect(made).toBe(0);
  expect(descriptor.kind).toBe("message");
  expect(descriptor.fields).toEqual([1, 2]);
  expect("fields" in descriptor).toBe(true);
  expect(made).toBe(1);
});

test("a question for a name makes it, too", () => {
  expect("kind" in standIn(() => ({ kind: "file" }))).toBe(true);
});
