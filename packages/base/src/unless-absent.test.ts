import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isAbsence, unlessAbsent } from "./unless-absent.ts";

test("what is there is read; what is not, and what would be below a file, comes to nothing; another failure is thrown", async () => {
  const directory = await mkdtemp(join(tmpdir(), "unless-absent-"));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(directory, { recursive: true }));
  const path = join(directory, "file");
  await writeFile(path, "text");
  const read = (each: string) => unlessAbsent(readFile(each, "utf8"));
  expect(await read(path)).toBe("text");
  expect(await read(join(directory, "other"))).toBeUndefined();
  expect(await read(join(path, "below"))).toBeUndefined();
  const failure = await read(directory).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "EISDIR" });
  expect(isAbsence(failure)).toBe(false);
});
