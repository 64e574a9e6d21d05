import { execFile } from "node:child_process";
import { statfsSync } from "node:fs";
import { chmod, readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { Function as RemoteFunction } from "dorian";
import { sdkConnection } from "@dorian/testkit/connection";
import { containersOf } from "@dorian/testkit/containers";
import { deployApp } from "@dorian/testkit/deployed-app";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { copySeed } from "@dorian/testkit/seeded-data";
import { smallDisk } from "@dorian/testkit/small-disk";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

const run = promisify(execFile);
/** CAP_SYS_RESOURCE. */
const sysResource = 24n;

const source = `
import { execFile, execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { App, Image, Volume } from "dorian";

const image = Image.debianSlim();
const volume = Volume.fromName("setuid", { createIfMissing: true });
export const app = new App("limits", { image });

export const add = app.function({ name: "add", minContainers: 1 }, (a: number, b: number) => a + b);

export const takeMemory = app.function({ name: "takeMemory", maxContainers: 1 }, () => {
  const all: Buffer[] = [];
  for (;;) all.push(Buffer.alloc(32 * 1024 * 1024, 1));
});

export const takeProcesses = app.function({ name: "takeProcesses" }, () => new Promise<string>((resolve) => {
  execFile("/bin/sh", ["-c", "b() { b | b & }; b; sleep 3; echo over"], { timeout: 20_000, killSignal: "SIGKILL" }, (error, stdout, stderr) =>
    resolve(String(error ?? "") + stdout + stderr));
}));

/** Whoever is refused a child asks again. */
export const multiply = app.function({ name: "multiply", maxContainers: 1 }, () => new Promise<string>((resolve) => {
  execFile("perl", ["-e", "alarm 60; for (;;) { $p = fork; alarm 60 if defined $p && !$p }"], (error) => resolve(String(error ?? "over")));
}));

export const orphans = app.function({ name: "orphans" }, () =>
  execFileSync("/bin/sh", ["-c", 'for i in $(seq 40); do (sleep 0.2 &); done; sleep 1; cat /proc/[0-9]*/stat | awk \\'$3 == "Z"\\' | wc -l'], { encoding: "utf8" }).trim());

export const kill = app.function({ name: "kill", maxContainers: 1 }, (name: NodeJS.Signals) => new Promise<string>((resolve) => {
  process.kill(process.pid, name);
  setTimeout(() => resolve("survived"), 5_000);
}));

/** 64 MiB, by writes that wait. */
export const flood = app.function({ name: "flood" }, () => {
  const line = Buffer.from("x".repeat(1023) + "\\n");
  const block = Buffer.concat(Array.from({ length: 64 }, () => line));
  for (let count = 0; count < 1024; count += 1) {
    for (let done = 0; done < block.length;) {
      try { done += writeSync(1, block, done); } catch (error) { if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error; }
    }
  }
  return "said";
});

export const putSetuid = app.function({ name: "putSetuid", volumes: { "/vol": volume } }, async () => {
  const options = () => readFileSync("/proc/self/mountinfo", "utf8").split("\\n").find((line) => line.split(" ")[4] === "/vol")?.split(" ")[5];
  const before = options();
  copyFileSync("/usr/bin/id", "/vol/id");
  chmodSync("/vol/id", 0o4755);
  await volume.commit();
  return [before, options(), readFileSync("/proc/self/mountinfo", "utf8").split("\\n").find((line) => line.split(" ")[4] === "/run/dorian")?.split(" ")[5]];
});

export const useSetuid = app.function({ name: "useSetuid", volumes: { "/vol": volume }, image: image.dockerfileCommands("USER nobody") }, () =>
  execFileSync("/vol/id", ["-u"], { encoding: "utf8" }).trim());

export const readOnly = app.function({ name: "readOnly", readOnlyRoot: true, volumes: { "/vol": volume } }, () =>
  ["/x", "/root/x", "/usr/x", "/tmp/x", "/run/x", "/vol/x"].map((path) => {
    try { writeFileSync(path, "x"); return path; } catch (error) { return (error as NodeJS.ErrnoException).code; }
  }));

export const fill = app.function({ name: "fill", maxContainers: 1 }, (where: string) => {
  const block = Buffer.alloc(4 * 1024 * 1024, 1);
  for (let count = 0; ; count += 1) {
    try { writeFileSync(where, block, { flag: "a" }); } catch (error) { if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error; }
  }
});

export const takeAtOnce = app.function({ name: "takeAtOnce" }, () => execFileSync("/bin/sh", ["-c",
  'for how in "" -n -z; do for i in 1 2 3 4; do fallocate $how -l 64G /taken$i 2>&1 & done; wait; done; du -cm /taken* | tail -n 1'], { encoding: "utf8" }));

export const fillTogether = app.function({ name: "fillTogether", maxContainers: 1 }, () => new Promise<void>((resolve) => {
  const script = "for i in 1 2 3 4; do (while :; do dd if=/dev/zero of=/f$i bs=64M oflag=append conv=notrunc 2>/dev/null; done) & done; wait";
  execFile("/bin/sh", ["-c", script], () => resolve());
}));
`;

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer({
    apps: [source],
    start: async (dataDirectory) => {
      // As an administrator may have made it beforehand.
      await chmod(dataDirectory, 0o755);
      return DorianProcess.start({
        dataDirectory,
        args: ["--cpus", "1.5", "--container-memory", "400m", "--container-pids", "300"],
      });
    },
  });
});

afterAll(() => server[Symbol.asyncDispose]());

function call<R>(name: string, ...args: unknown[]): Promise<R> {
  return RemoteFunction.fromName<(...args: never[]) => Promise<R>>("limits", name).remote(
    ...(args as never[]),
  );
}

/** Whether calls of others are answered while `work` runs. */
async function withCanary<R>(work: Promise<R>): Promise<{ result: R; answered: number }> {
  const over = new AbortController();
  const finished = work.finally(() => over.abort());
  finished.catch(() => undefined);
  let answered = 0;
  for (;;) {
    expect(await call<number>("add", answered, 1)).toBe(answered + 1);
    answered += 1;
    if (over.signal.aborted) return { result: await finished, answered };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

test("a container that takes memory without end is ended alone, and told its limit and how to raise it [B16]", async () => {
  const { result, answered } = await withCanary(call("takeMemory").then(() => "returned", messageOf));
  expect(result).toMatch(/ran out of memory: its limit is 400 MiB\. Ask for more with `memory`\./);
  expect(answered).toBeGreaterThan(1);
});

test("a fork bomb fills its own container and nothing else [B15] [B16]", async () => {
  const { result } = await withCanary(call<string>("takeProcesses").catch(messageOf));
  expect(result).toMatch(
    /fork|Resource temporarily unavailable|killed|over|Command failed|limit of 300 processes/i,
  );
  expect(await call<number>("add", 1, 2)).toBe(3);
});

test("a container that stays at its limit of processes is ended alone, and told its limit and what to do [B15]", async () => {
  const { result, answered } = await withCanary(call("multiply").then(String, messageOf));
  expect(result).toMatch(/The container was ended\. It stayed at its limit of 300 processes and threads/);
  expect(result).toContain("--container-pids");
  expect(answered).toBeGreaterThan(1);
});

test("forty orphans leave no dead processes in a TypeScript container [B15]", async () => {
  expect(await call<string>("orphans")).toBe("0");
});

test.each(["SIGKILL", "SIGSEGV", "SIGABRT"])(
  "user code that ends itself by %s is told so [B15]",
  async (name) => {
    expect(await call("kill", name).then(String, messageOf)).toContain(`ended by ${name}`);
  },
);

test("output without end is dropped with a word, and others are served meanwhile [B16]", async () => {
  const { result } = await withCanary(call<string>("flood"));
  expect(result).toBe("said");
  const dropped = /\d+ bytes of output were dropped here: the container wrote faster than 1 MiB\/s/;
  const isTold = async () => {
    const { stdout, stderr } = await dorian(server.dataDirectory, ["app", "logs", "limits"]);
    return dropped.test(stdout) || dropped.test(stderr);
  };
  await expect.poll(isTold, { timeout: 60_000, interval: 2_000 }).toBe(true);
});

test("when memory is short, containers end first and the server last [B16]", async () => {
  await call("add", 1, 1);
  const scoreOf = (pid: number) => readFile(`/proc/${pid}/oom_score_adj`, "utf8").then(Number);
  const [container] = await containersOf(server.dataDirectory);
  expect(await scoreOf(container?.pid ?? 0)).toBe(500);
  // Where this machine does not let anybody lower the score, it stays: containers end first all the same.
  const capabilities = /^CapEff:\s+(\w+)$/m.exec(await readFile("/proc/self/status", "utf8"))?.[1];
  const mayLower = ((BigInt(`0x${capabilities}`) >> sysResource) & 1n) === 1n;
  const { stdout } = await run("pgrep", ["--parent", String(server.processes.pid)]);
  const services = [server.processes.pid, ...stdout.trim().split("\n").map(Number)];
  expect(services).toHaveLength(3);
  for (const pid of services) expect(await scoreOf(pid)).toBe(mayLower ? -900 : 0);
});

test("a setuid file in a volume gives nobody anything, inside or on the host [B14]", async () => {
  const [before, after, own] = await call<string[]>("putSetuid");
  expect(before).toMatch(/nosuid,nodev/);
  expect(after).toMatch(/nosuid,nodev/);
  expect(own).toMatch(/nosuid,nodev,noexec/);
  expect(await call<string>("useSetuid")).toBe("65534");
  const { stdout } = await run("find", [server.dataDirectory, "-name", "id", "-path", "*/layers/*"]);
  const [committed = ""] = stdout.split("\n").filter((path) => /layers\/[^/]+\/id$/.test(path));
  expect((await stat(committed)).mode & 0o7000).toBe(0);
  // Through a shell: setpriv itself keeps its capabilities until then.
  const nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
  const asNobody = run("setpriv", [...nobody, "/bin/sh", "-c", '"$0" -u', committed]);
  await expect(asNobody).rejects.toThrow(/Permission denied/);
});

test("with a read-only root, files go to /tmp, /run and volumes only", async () => {
  expect(await call("readOnly")).toEqual(["EROFS", "EROFS", "EROFS", "/tmp/x", "/run/x", "/vol/x"]);
});

test("a burst of builds queues for the room there is [B16]", async () => {
  const app = (index: number) => `
import { App, Image } from "dorian";
export const app = new App("burst-${index}", { image: Image.debianSlim().dockerfileCommands("RUN sleep 2; echo built ${index}") });
export const f = app.function({ name: "f" }, () => ${index});
`;
  const outputs = await Promise.all(
    [1, 2, 3].map(async (index) => {
      await using project = await temporaryDirectory({ "app.ts": app(index) });
      const { code, stdout, stderr } = await dorian(server.dataDirectory, ["deploy", "app.ts"], {
        cwd: project.path,
      });
      expect(stderr + String(code)).toMatch(/0$/);
      return stdout + stderr;
    }),
  );
  expect(outputs.filter((output) => output.includes("waits for room")).length).toBeGreaterThanOrEqual(2);
});

test("a build step that takes memory without end is told its limit and what to do [B16]", async () => {
  const text = `
import { App, Image } from "dorian";
export const app = new App("greedy", { image: Image.debianSlim().dockerfileCommands("RUN tail /dev/zero") });
export const f = app.function({ name: "f" }, () => 1);
`;
  await using project = await temporaryDirectory({ "app.ts": text });
  const { code, stdout, stderr } = await dorian(server.dataDirectory, ["deploy", "app.ts"], {
    cwd: project.path,
  });
  expect(code).not.toBe(0);
  expect(stdout + stderr).toMatch(/ran out of memory: its limit is 400 MiB/);
  expect(stdout + stderr).toContain("--container-memory");
});

test("a container that fills the disk is ended with the reason, and the server goes on writing [B16]", async () => {
  await using disk = await smallDisk({ mebibytes: 1_900 });
  await copySeed(disk.path);
  await using own = await DorianProcess.start({ dataDirectory: disk.path });
  await deployApp(disk.path, source);
  using _connection = await sdkConnection(disk.path);
  const at = (name: string) =>
    RemoteFunction.fromName<(...args: never[]) => Promise<unknown>>("limits", name);
  const ended = await at("fill")
    .remote("/filling" as never)
    .then(() => "returned", messageOf);
  expect(ended).toMatch(
    /The container was ended\. (More was written to the disk than may be|The disk of the worker was nearly full)/,
  );
  expect(ended).toMatch(/ephemeralDisk|free space/);
  expect(await at("add").remote(2 as never, 3 as never)).toBe(5);
  expect((await dorian(disk.path, ["volume", "create", "still-writable"])).code).toBe(0);
  await own.stop();
});

test("space cannot be taken at once, nor what the file system keeps for root by many who write together [B16]", async () => {
  await using disk = await smallDisk({ mebibytes: 2_000, rootPercent: 5 });
  await copySeed(disk.path);
  await using own = await DorianProcess.start({ dataDirectory: disk.path });
  await deployApp(disk.path, source);
  using _connection = await sdkConnection(disk.path);
  const at = (name: string) => RemoteFunction.fromName<() => Promise<string>>("limits", name);
  const said = (await at("takeAtOnce").remote()).trim().split("\n");
  expect(said.filter((line) => /Operation not supported|mode is unsupported/.test(line))).toHaveLength(12);
  expect(said.at(-1)).toMatch(/^0\t/);
  let leastFree = Number.POSITIVE_INFINITY;
  const looking = setInterval(() => {
    const { bfree, bsize } = statfsSync(disk.path);
    leastFree = Math.min(leastFree, bfree * bsize);
  }, 5);
  const ended = await at("fillTogether")
    .remote()
    .then(() => "returned", messageOf)
    .finally(() => clearInterval(looking));
  expect(ended).toMatch(/More was written to the disk than may be|The disk of the worker was nearly full/);
  expect(leastFree).toBeGreaterThan(90 * 2 ** 20);
  expect((await dorian(disk.path, ["volume", "create", "still-writable"])).code).toBe(0);
  await own.stop();
});
