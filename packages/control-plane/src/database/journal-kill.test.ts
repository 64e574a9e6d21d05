import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "./database.ts";

const writer = fileURLToPath(new URL("../../test/journal-writer.ts", import.meta.url));

test("kill -9 in the middle of writing loses nothing acknowledged and leaves nothing half done", async () => {
  const directory = await mkdtemp(join(tmpdir(), "dorian-kill-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, "state.db");
  let acknowledged = "";
  for (let round = 1; round <= 3; round++) {
    const roundPath = `${path}.${round}`;
    const child = spawn(process.execPath, [writer, roundPath], { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    acknowledged = "";
    for await (const chunk of child.stdout) {
      acknowledged += String(chunk);
      if (acknowledged.length > 1500 * round) break;
    }
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");

    const db = await openDatabase(roundPath);
    const names = new Set(
      (await db.selectFrom("environment").select("name").execute()).map((row) => row.name ?? ""),
    );
    await db.destroy();
    const pairs = acknowledged.slice(0, acknowledged.lastIndexOf("\n")).split("\n");
    expect(pairs.length).toBeGreaterThan(100);
    expect(pairs.filter((pair) => !names.has(`${pair}-first`))).toEqual([]);
    const firsts = [...names].filter((name) => name.endsWith("-first"));
    expect(firsts.length * 2).toBe(names.size);
  }
});
