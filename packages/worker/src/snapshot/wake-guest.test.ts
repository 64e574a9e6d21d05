import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, test } from "vitest";
import { wakeGuest } from "./wake-guest.ts";

const names = ["restore-state.json", "restore-state.json.new"];

test.each(names)("nothing is written through a link that a container has put at %s", async (name) => {
  await using host = await temporaryDirectory({ victim: "the host's" });
  await using own = await temporaryDirectory();
  symlinkSync(join(host.path, "victim"), join(own.path, name));
  wakeGuest(own.path, { task_id: "ta-1" });
  expect(readdirSync(host.path)).toEqual(["victim"]);
  expect(readFileSync(join(host.path, "victim"), "utf8")).toBe("the host's");
  expect(JSON.parse(readFileSync(join(own.path, "restore-state.json"), "utf8"))).toEqual({ task_id: "ta-1" });
});

test.each(names)("a FIFO that a container has put at %s is not waited for", async (name) => {
  await using own = await temporaryDirectory();
  execFileSync("mkfifo", [join(own.path, name)]);
  wakeGuest(own.path, { task_id: "ta-1" });
  expect(statSync(join(own.path, "restore-state.json")).isFile()).toBe(true);
});

test("any user may read it, whatever the worker's umask is", async () => {
  await using own = await temporaryDirectory();
  writeFileSync(join(own.path, "restore-state.json"), "", { mode: 0o600 });
  wakeGuest(own.path, { task_id: "ta-1" });
  expect(statSync(join(own.path, "restore-state.json")).mode & 0o777).toBe(0o644);
});
