import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, test } from "vitest";
import { runInGroup } from "./process-group.ts";

const env = { PATH: process.env["PATH"] };

test("a program that is ended is gone with all that it has begun", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "pid");
  const ending = new AbortController();
  const script = `sleep 1000 & echo "$! done" > ${file}; wait`;
  const running = runInGroup("sh", ["-c", script], { env, signal: ending.signal });
  running.catch(() => undefined);
  await expect.poll(() => readFile(file, "utf8").catch(() => "")).toContain("done");
  const pid = Number((await readFile(file, "utf8")).split(" ")[0]);
  ending.abort(new Error("enough"));
  await expect(running).rejects.toThrow("enough");
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "gone) Z");
  expect(stat).toMatch(/\) [ZX]/);
});

test("a program that fails is told of in its own words, and one that is missing as well", async () => {
  const { signal } = new AbortController();
  await expect(runInGroup("sh", ["-c", "echo no room >&2; exit 3"], { env, signal })).rejects.toThrow(
    "no room",
  );
  await expect(runInGroup("/nowhere/runc", [], { env, signal })).rejects.toThrow("ENOENT");
});
