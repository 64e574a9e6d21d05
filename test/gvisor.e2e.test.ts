import { chmod, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { Function as RemoteFunction } from "dorian";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { pathWithGvisor } from "@dorian/testkit/gvisor";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer } from "@dorian/testkit/running-server";
import { seededData } from "@dorian/testkit/seeded-data";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, test } from "vitest";

/** Named by the version of the kernel that a container sees: gVisor's own says 4.4.0. */
const gvisorKernel = /^Linux version 4\.4\.0 /;

const source = `
import { readFile, readdir, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image, Volume, currentTaskId } from "dorian";

const volume = Volume.fromName("sandboxed", { createIfMissing: true });
export const app = new App("sandboxed", { image: Image.debianSlim() });
const options = { runtime: "runsc" as const, volumes: { "/data": volume } };

export const plain = app.function({ name: "plain" }, () => readFile("/proc/version", "utf8"));
export const kernel = app.function({ name: "kernel", runtime: "runsc" }, async () => {
  console.log("a line of the log");
  return await readFile("/proc/version", "utf8");
});

export const write = app.function({ name: "write", ...options }, async (text: string) => {
  await writeFile("/data/file", text);
  await volume.commit();
  return await volume.reload().then(() => "reloaded", (error) => error.code);
});
export const read = app.function({ name: "read", ...options }, async () => [await readFile("/data/file", "utf8"), await readdir("/data")]);

export const offline = app.function({ name: "offline", runtime: "runsc", blockNetwork: true }, () => new Promise<string>((resolve) => {
  connect({ host: "1.1.1.1", port: 443 }).once("connect", () => resolve("connected")).once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
}));

export const held = app.function({ name: "held", runtime: "runsc", maxContainers: 1 }, async () => {
  await writeFile("/tmp/held", "");
  while (!existsSync("/tmp/go")) await delay(50);
  return currentTaskId();
});

export const grow = app.function({ name: "grow", runtime: "runsc", memory: { request: 64, limit: 300 } }, async () => {
  const all: Buffer[] = [];
  for (;;) { all.push(Buffer.alloc(8 * 1024 * 1024, 1)); await delay(1); }
});
`;

const pythonSource = `
import modal
app = modal.App("sandboxed-python", image=modal.Image.debian_slim("3.11"))

@app.function()
def kernel():
    return open("/proc/version").read()

@app.local_entrypoint()
def main():
    print(kernel.remote())
`;

function functionOf<A extends unknown[], R>(name: string): RemoteFunction<(...args: A) => Promise<R>> {
  return RemoteFunction.fromName<(...args: A) => Promise<R>>("sandboxed", name);
}

function running(options: { path: string; args?: string[] }) {
  const env = { PATH: options.path };
  return runningServer({ clients: [modalVersions.newest], apps: [source], args: options.args ?? [], env });
}

test("a function that asks for gVisor runs under its kernel, with volumes, limits, exec, logs and a way to be stopped", async () => {
  await using up = await running({ path: await pathWithGvisor() });
  expect(await functionOf<[], string>("kernel").remote()).toMatch(gvisorKernel);
  expect(await functionOf<[], string>("plain").remote()).not.toMatch(gvisorKernel);
  const logs = await dorian(up.dataDirectory, ["app", "logs", "sandboxed"]);
  expect(logs.stdout).toContain("a line of the log");

  // A commit goes through; a mount that was there at the start cannot be exchanged under gVisor, which is said.
  expect(await functionOf<[string], string>("write").remote("first")).toBe("VOLUME_RELOAD_UNSUPPORTED");
  expect(await functionOf<[], unknown>("read").remote()).toEqual(["first", ["file"]]);

  expect(await functionOf<[], string>("offline").remote()).toMatch(/^E(NETUNREACH|HOSTUNREACH|NETDOWN)$/);
  await expect(functionOf<[], never>("grow").remote()).rejects.toThrow(/./);

  const call = await functionOf<[], string>("held").spawn();
  const listed = async () => {
    const { stdout } = await dorian(up.dataDirectory, ["container", "list", "--json"]);
    const all = JSON.parse(stdout) as { taskId: string; function?: string; functionTag?: string }[];
    return all.find((each) => [each.function, each.functionTag].includes("held"))?.taskId ?? "";
  };
  await expect.poll(listed, { timeout: 20_000 }).not.toBe("");
  const taskId = await listed();
  const inside = (...command: string[]) =>
    dorian(up.dataDirectory, ["container", "exec", taskId, "--", ...command]);
  await expect
    .poll(async () => (await inside("cat", "/proc/version")).stdout, { timeout: 20_000 })
    .toMatch(gvisorKernel);
  expect((await inside("touch", "/tmp/go")).code).toBe(0);
  expect(await call.get()).toBe(taskId);
  const stopped = await dorian(up.dataDirectory, ["app", "stop", "sandboxed"]);
  expect(stopped.code, stopped.stderr).toBe(0);
});

test("a Python function of the official client runs in gVisor when it asks for it, or when the operator says so", async () => {
  const path = await pathWithGvisor();
  await using project = await temporaryDirectory({ "app.py": pythonSource });
  await using up = await running({ path });
  const client = await ModalClient.open(modalVersions.newest, up.dataDirectory);
  const asked = await client.modal(["run", "app.py"], {
    cwd: project.path,
    env: { MODAL_FUNCTION_RUNTIME: "gvisor" },
  });
  expect(asked.stdout, asked.stderr).toMatch(/Linux version 4\.4\.0 /);
});

test("where gVisor is not installed a function that asks for it never starts, and says what to install", async () => {
  await using hidden = await temporaryDirectory({});
  await writeFile(join(hidden.path, "runsc"), "#!/bin/sh\nexit 1\n");
  await chmod(join(hidden.path, "runsc"), 0o755);
  const path = [hidden.path, process.env["PATH"]].join(delimiter);
  await using up = await running({ path });
  const call = await functionOf<[], string>("kernel").spawn();
  const said = async () => {
    const { stdout, stderr } = await dorian(up.dataDirectory, ["app", "logs", "sandboxed"]);
    return stdout + stderr;
  };
  await expect
    .poll(said, { timeout: 20_000 })
    .toMatch(/no worker has it; install runsc \(gVisor\) on a worker's machine/);
  await call.cancel();

  await using other = await seededData();
  await expect(
    DorianProcess.start({
      dataDirectory: other.path,
      args: ["--runtime-untrusted", "runsc"],
      env: { PATH: path },
    }),
  ).rejects.toThrow(/RUNTIME_MISSING|runsc was not found/);
});
