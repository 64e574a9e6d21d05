import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, test } from "vitest";
import { waitUntilWoken } from "./wait-until-woken.ts";

test("a guest goes on that may not remove the file which wakes it", async () => {
  await using directory = await temporaryDirectory();
  const file = openSync(join(directory.path, "state"), "w+");
  try {
    writeSync(file, JSON.stringify({ task_id: "ta-2" }));
    const env: NodeJS.ProcessEnv = {};
    // A name that nobody may remove, root included.
    await waitUntilWoken(`/proc/self/fd/${file}`, env);
    expect(env["MODAL_TASK_ID"]).toBe("ta-2");
  } finally {
    closeSync(file);
  }
});
