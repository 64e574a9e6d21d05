import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { waitUntilWoken } from "./wait-until-woken.ts";

test("a guest goes on that may not remove the file which wakes it", async () => {
  const directory = mkdtempSync(join(tmpdir(), "dorian-woken-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = openSync(join(directory, "state"), "w+");
  onTestFinished(() => closeSync(file));
  writeSync(file, JSON.stringify({ task_id: "ta-2" }));
  const env: NodeJS.ProcessEnv = {};
  // A name that nobody may remove, root included.
  await waitUntilWoken(`/proc/self/fd/${file}`, env);
  expect(env["MODAL_TASK_ID"]).toBe("ta-2");
});
