import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { dorian } from "../test-command.ts";

const bin = fileURLToPath(new URL("../../../bin/dorian.js", import.meta.url));

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), "dorian-service-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

async function server(data: string) {
  const args = [bin, "server", "--data", data, "--listen", "127.0.0.1:0", "--ready-fd", "3"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exited = once(child, "exit") as Promise<[number | null]>;
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdio[3] as Readable }), "line"),
    exited.then(() => Promise.reject(new Error("the server ended before it was ready"))),
  ])) as [string];
  return { child, exited, ready: JSON.parse(line) as { url: string; dataDirectory: string; pid: number } };
}

test("a server says when it is ready, serves the command line, and ends well on SIGTERM", async () => {
  const data = directory();
  const { child, exited, ready } = await server(data);
  expect(ready).toEqual({
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
    dataDirectory: data,
    pid: child.pid,
  });
  const env = { DORIAN_DATA: data };
  expect((await dorian(["volume", "create", "weights"], { env })).code).toBe(0);
  const put = await dorian(["volume", "put", "weights", "-", "notes/a.txt"], { env, input: "hello" });
  expect(put.code).toBe(0);
  expect((await dorian(["volume", "get", "weights", "notes/a.txt", "-"], { env })).stdout).toBe("hello");
  child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
});

test("a second server on the same data directory is refused, and says who has it", async () => {
  const data = directory();
  const { child } = await server(data);
  const { code, stderr } = await dorian(["server", "--data", data, "--listen", "127.0.0.1:0"]);
  expect(code).toBe(1);
  expect(stderr).toContain(`Another Dorian server uses ${data}`);
  expect(stderr).toContain(`process ${child.pid} holds it`);
});

test("a file that vanishes is one clear error, and the volume stays as it was [O5]", async () => {
  const data = directory();
  await server(data);
  const env = { DORIAN_DATA: data };
  await dorian(["volume", "create", "weights"], { env });
  const { code, stderr } = await dorian(["volume", "put", "weights", join(data, "not-there")], { env });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Error: .*not-there" does not exist/);
  expect((await dorian(["volume", "ls", "weights", "--json"], { env })).stdout).toBe("[]\n");
});
