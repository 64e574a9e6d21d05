import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { runtimeProcesses } from "../../reap/runtime-processes.ts";
import { collector, testRuntime } from "../../../test/test-container.ts";

type Host = Awaited<ReturnType<typeof testRuntime>>;

const bundles = (host: Host) => readdir(join(host.runtimeDirectory, "bundles"));
const engines = (host: Host) => runtimeProcesses(join(host.runtimeDirectory, "runc"));

/** Resolves once an engine waits, where no container runs. */
async function waiting(host: Host): Promise<void> {
  await expect.poll(async () => (await engines(host)).length).toBe(1);
}

async function outputOf(host: Host, script: string, more = {}): Promise<string> {
  const { text, onOutput } = collector();
  await using container = await host.runtime.run(host.spec(script, more), { onOutput });
  await container.exited;
  expect(text.stderr).toBe("");
  return text.stdout;
}

test("an engine that was started ahead gets a container's configuration through a pipe, and the next one is started", async () => {
  await using host = await testRuntime({ startsAhead: true });
  for (const name of ["ahead-1", "ahead-2"]) {
    await waiting(host);
    expect(await bundles(host)).toEqual([name]);
    expect(statSync(join(host.runtimeDirectory, "bundles", name, "config.json")).isFIFO()).toBe(true);
    const env = { PATH: "/bin", GREETING: "good day" };
    const spec = host.spec("echo $GREETING; exec sleep 100", { env });
    const { text, onOutput } = collector();
    {
      await using container = await host.runtime.run(spec, { onOutput });
      expect(await readdir(join(host.runtimeDirectory, "runc"))).toEqual([name]);
      await expect.poll(() => text.stdout).toBe("good day\n");
      const exec = collector();
      const signal = new AbortController().signal;
      const code = await container.exec(["/bin/sh", "-c", "hostname; exit 3"], { ...exec, signal });
      expect([code, exec.text.stdout]).toEqual([3, "dorian\n"]);
      await expect(host.runtime.run(spec, collector())).rejects.toMatchObject({ code: "CONTAINER_EXISTS" });
    }
    expect(await readdir(join(host.runtimeDirectory, "runc"))).toEqual([]);
  }
});

test("containers that come faster than engines are started ahead start all the same", async () => {
  await using host = await testRuntime({ startsAhead: true });
  const outputs = await Promise.all(["a", "b", "c"].map((name) => outputOf(host, `echo ${name}`)));
  expect(outputs).toEqual(["a\n", "b\n", "c\n"]);
});

test("a configuration that the pipe does not hold, an open input and devices do without the engine that waits", async () => {
  await using host = await testRuntime({ startsAhead: true });
  await waiting(host);
  const env = { PATH: "/bin", LONG: "x".repeat(100_000) };
  expect(await outputOf(host, "echo ${#LONG}", { env })).toBe("100000\n");
  await waiting(host);
  const before = await bundles(host);
  expect(await outputOf(host, "echo open", { stdin: "open" })).toBe("open\n");
  expect(await outputOf(host, "test -c /dev/fuse && echo there", { devices: ["/dev/fuse"] })).toBe("there\n");
  expect(await bundles(host)).toEqual(before);
});

test("an engine that was killed while it waited is replaced", async () => {
  await using host = await testRuntime({ startsAhead: true });
  await waiting(host);
  for (const pid of await engines(host)) process.kill(pid, "SIGKILL");
  await expect.poll(() => engines(host)).toEqual([]);
  // Its end is told in a later turn of the event loop than we may see it in.
  await delay(50);
  expect(await outputOf(host, "echo well")).toBe("well\n");
  await waiting(host);
  await expect.poll(() => bundles(host)).toEqual(["ahead-2"]);
});

test("a start that fails in an engine that waited is one clear error and leaves nothing of it", async () => {
  await using host = await testRuntime({ startsAhead: true });
  await waiting(host);
  const mounts = [{ source: "/absent", target: "/x", readOnly: true }];
  await expect(host.runtime.run(host.spec("", { mounts }), collector())).rejects.toMatchObject({
    code: "CONTAINER_START_FAILED",
  });
  await waiting(host);
  expect(await readdir(join(host.runtimeDirectory, "runc"))).toEqual([]);
  expect(await outputOf(host, "echo well")).toBe("well\n");
});

test("no engine waits any more after the runtime's end", async () => {
  await using host = await testRuntime({ startsAhead: true });
  await waiting(host);
  await host.runtime[Symbol.asyncDispose]();
  expect(await engines(host)).toEqual([]);
  expect(await bundles(host)).toEqual([]);
});

test("an engine that waits ends by itself when its worker is killed", async () => {
  await using host = await testRuntime();
  const { instance, runtimeDirectory } = host;
  const module = JSON.stringify(new URL("runc-runtime.ts", import.meta.url).href);
  const program = `
    const { RuncRuntime } = await import(${module});
    new RuncRuntime({ ...${JSON.stringify({ instance, runtimeDirectory })}, startsAhead: true });
    setInterval(() => undefined, 1000);
    console.log("up");`;
  const worker = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(worker, "exit");
  await once(worker.stdout, "data");
  await waiting(host);
  worker.kill("SIGKILL");
  await ended;
  await expect.poll(() => engines(host)).toEqual([]);
});
