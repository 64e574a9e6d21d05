import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const source = new URL("end-process.ts", import.meta.url).href;

/** How a process ends that runs `program` and then ends itself with code 3. */
async function endOf(program: string): Promise<[number | null, NodeJS.Signals | null]> {
  const script = `const { endProcess } = await import(${JSON.stringify(source)}); ${program}; await endProcess(3);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  return (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
}

test("a process ends with its code, and waits for file system calls that come to their end", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "dorian-end-")), "file");
  onTestFinished(() => rmSync(join(path, ".."), { recursive: true }));
  expect(await endOf(`(await import("node:fs")).promises.writeFile(${JSON.stringify(path)}, "x")`)).toEqual([
    3,
    null,
  ]);
});

test("a process ends though one of its file system calls never returns", async () => {
  const directory = mkdtempSync(join(tmpdir(), "dorian-end-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const pipe = join(directory, "pipe");
  execFileSync("mkfifo", [pipe]);
  // Nobody opens the other end of the pipe.
  expect(await endOf(`void (await import("node:fs")).promises.open(${JSON.stringify(pipe)}, "r")`)).toEqual([
    null,
    "SIGKILL",
  ]);
});
