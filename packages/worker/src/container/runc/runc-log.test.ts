import { expect, test } from "vitest";
import { errorIn } from "./runc-log.ts";

test("the last error counts, whatever else and half lines the log has", () => {
  const log = `{"level":"warning","msg":"w"}\n{"level":"error","msg":"one"}\n{"level":"error","msg":"two"}\n{"level":"err`;
  expect(errorIn(log)).toBe("two");
  expect(errorIn("")).toBeUndefined();
});
