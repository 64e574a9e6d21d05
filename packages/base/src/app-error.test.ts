import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { AppError, explanationOf } from "./app-error.ts";

test("callers hear what the system refused, and not where on the machine [A23]", async () => {
  const absent = await readFile("/proc/nothing-here").catch((error: unknown) => error);
  expect(explanationOf(absent)).toBe("ENOENT: no such file or directory");
  expect(explanationOf(new Error("The layer has no name, and no place."))).toBe(
    "The layer has no name, and no place.",
  );
  expect(explanationOf(new AppError("VOLUME_DELETED", "It is gone.", { remedy: "Make it again." }))).toBe(
    "It is gone. Make it again.",
  );
});

test("an error of another copy of the module is one, and none of a class below it", () => {
  const foreign = Object.assign(new Error("Gone."), { [Symbol.for("dorian.AppError")]: true });
  class UsageError extends AppError {}
  const usage = new UsageError("USAGE", "No.", { remedy: "" });
  expect([foreign instanceof AppError, usage instanceof AppError, usage instanceof UsageError]).toEqual([
    true,
    true,
    true,
  ]);
  expect([foreign instanceof UsageError, new Error("Gone.") instanceof AppError]).toEqual([false, false]);
});
