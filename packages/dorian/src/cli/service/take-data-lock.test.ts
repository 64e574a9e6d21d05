import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { takeDataLock } from "./take-data-lock.ts";

const signal = new AbortController().signal;
const dataLock = JSON.stringify(fileURLToPath(new URL("../../process/data-lock.ts", import.meta.url)));

/** A process that holds the lock until it is ended, in the way of one whose supervisor has the given process id. */
async function holder(directory: string, supervisorPid: number | undefined): Promise<ChildProcess> {
  const program = `
    const { DataLock } = await import(${dataLock});
    globalThis.lock = DataLock.acquire(process.argv[1], "worker", ${JSON.stringify({ supervisorPid })});
    console.log("held");
    setInterval(() => undefined, 1000);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

async function endedPid(): Promise<number> {
  const child = spawn("true");
  await once(child, "exit");
  return child.pid ?? 0;
}

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), "dorian-take-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

test("a process whose supervisor is gone is waited for, and its role taken when it ends", async () => {
  const directory = scratch();
  const orphan = await holder(directory, await endedPid());
  const taking = takeDataLock(directory, "worker", { signal });
  setTimeout(() => orphan.kill("SIGTERM"), 300);
  using _lock = await taking;
  expect(orphan.killed).toBe(true);
});

test("one that does not end by itself is killed", async () => {
  const directory = scratch();
  const orphan = await holder(directory, await endedPid());
  const ended = once(orphan, "exit");
  using _lock = await takeDataLock(directory, "worker", { signal });
  expect(await ended).toEqual([null, "SIGKILL"]);
});

test("a process that nobody supervises, or whose supervisor lives, keeps its role", async () => {
  for (const supervisorPid of [undefined, process.pid]) {
    const directory = scratch();
    await holder(directory, supervisorPid);
    await expect(takeDataLock(directory, "worker", { signal })).rejects.toMatchObject({
      code: "DATA_DIRECTORY_IN_USE",
    });
  }
});

test("one that no longer says who it is has a moment to let go", async () => {
  const directory = scratch();
  const leaving = await holder(directory, undefined);
  rmSync(join(directory, "worker.pid"));
  const taking = takeDataLock(directory, "worker", { signal });
  setTimeout(() => leaving.kill("SIGTERM"), 300);
  using _lock = await taking;
  expect(leaving.killed).toBe(true);

  const other = scratch();
  await holder(other, undefined);
  rmSync(join(other, "worker.pid"));
  await expect(takeDataLock(other, "worker", { signal })).rejects.toMatchObject({
    code: "DATA_DIRECTORY_IN_USE",
  });
});
