import { AppError } from "@dorian/base/app-error";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { DataLock } from "./data-lock.ts";

const holder = `
  const { DataLock } = await import(${JSON.stringify(fileURLToPath(new URL("./data-lock.ts", import.meta.url)))});
  globalThis.lock = DataLock.acquire(process.argv[1], "worker");
  console.log("held");
  setInterval(() => undefined, 1000);
`;

test("a data directory has one worker at a time, and the refusal names the process that holds it", async () => {
  const directory = scratch();
  using _lock = DataLock.acquire(directory, "worker");
  const error = caught(() => DataLock.acquire(directory, "worker"));
  expect(error.code).toBe("DATA_DIRECTORY_IN_USE");
  expect(String((error.cause as Error).message)).toContain(String(process.pid));
});

test("a server and a worker may share a data directory", () => {
  const directory = scratch();
  using _server = DataLock.acquire(directory, "server");
  using _worker = DataLock.acquire(directory, "worker");
  expect(readFileSync(join(directory, "server.pid"), "utf8")).toBe(
    readFileSync(join(directory, "worker.pid"), "utf8"),
  );
});

test("letting go makes room for the next one and leaves no process id behind", () => {
  const directory = scratch();
  DataLock.acquire(directory, "worker")[Symbol.dispose]();
  expect(existsSync(join(directory, "worker.pid"))).toBe(false);
  using _lock = DataLock.acquire(directory, "worker");
});

test("the lock of a process that was killed is free at once", async () => {
  const directory = scratch();
  const child = spawn(process.execPath, ["--input-type=module", "-e", holder, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  expect(caught(() => DataLock.acquire(directory, "worker")).code).toBe("DATA_DIRECTORY_IN_USE");
  child.kill("SIGKILL");
  await once(child, "exit");
  using _lock = DataLock.acquire(directory, "worker");
});

test("a directory that does not exist is refused with advice", () => {
  expect(caught(() => DataLock.acquire("/nonexistent/dorian", "worker")).code).toBe(
    "DATA_DIRECTORY_UNUSABLE",
  );
});

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), "dorian-lock-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

function caught(act: () => unknown): AppError {
  try {
    act();
  } catch (error) {
    if (AppError.is(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
