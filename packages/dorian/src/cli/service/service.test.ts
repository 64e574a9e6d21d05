import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";
import { dorian } from "../test-command.ts";

const bin = fileURLToPath(new URL("../../../bin/dorian.js", import.meta.url));

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), "dorian-service-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

async function server(data: string, within: string[] = []) {
  const args = ["server", "--data", data, "--listen", "127.0.0.1:0", "--ready-fd", "3"];
  const [program = process.execPath, ...rest] = [...within, process.execPath, bin, ...args];
  const child = spawn(program, rest, { stdio: ["ignore", "pipe", "pipe", "pipe"] });
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

test("a server that may have few files open takes as many connections as leave it files for its work", async () => {
  const data = directory();
  const { child, ready } = await server(data, ["prlimit", "--nofile=1024"]);
  const { hostname, port } = new URL(ready.url);
  const sockets: Socket[] = [];
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  // By the hundred: where the kernel's queue of new connections is full it drops some, which then neither open nor close.
  for (let opened = 0; opened < 1_500; opened += 100) {
    sockets.push(...Array.from({ length: 100 }, () => connect(Number(port), hostname).on("error", () => {})));
    // Those that it has no place for are closed.
    await vi.waitFor(
      () => expect(sockets.filter((socket) => !socket.closed).length).toBeLessThan(200),
      30_000,
    );
  }
  for (const socket of sockets.slice(0, 1_000)) socket.destroy();
  const env = { DORIAN_DATA: data };
  await vi.waitFor(async () => {
    expect(await dorian(["volume", "list", "--json"], { env })).toMatchObject({ code: 0, stdout: "[]\n" });
  }, 30_000);
  expect(child.exitCode).toBe(null);
});

test("a server that may have next to no files open does not start, and says how to let it", async () => {
  const child = spawn("prlimit", ["--nofile=256", process.execPath, bin, "server", "--data", directory()]);
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/may have 256 files open at once.*\(OPEN_FILES_TOO_FEW\)\n.*ulimit -n 65536/s);
});
