import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";
import { removeTree } from "@dorian/linux/remove-tree";
import { mountTable } from "@dorian/linux/mount-table";
import pino from "pino";
import { busyboxRootfs } from "@dorian/testkit/busybox-rootfs";
import { expect, onTestFinished, test } from "vitest";
import { readCgroupLayout } from "../cgroup/cgroup-layout.ts";
import { collector, testRuntime } from "../../test/test-container.ts";
import { networkCommand } from "../network/network-command.ts";
import { networkInterfaces } from "../network/network-interfaces.ts";
import { NetworkPool } from "../network/network-pool.ts";
import { DeadWorkers, showAlive } from "./dead-workers.ts";
import { reapLeftovers } from "./reap-leftovers.ts";

/** A worker process that holds containers, mounts and networks. */
async function startVictim() {
  const instance = randomBytes(4).toString("hex");
  const rootfs = await busyboxRootfs();
  // As on a machine: named by the instance, beside those of other workers.
  const beside = await mkdtemp(join(tmpdir(), "dorian-run-"));
  const runtimeDirectory = join(beside, instance);
  await mkdir(runtimeDirectory);
  const scratchDirectory = await mkdtemp(join(tmpdir(), "dorian-scratch-"));
  onTestFinished(async () => {
    await reapLeftovers({ instance, runtimeDirectory, scratchDirectory, discard: removeTree });
    await rm(beside, { recursive: true });
    await rm(scratchDirectory, { recursive: true });
    await rootfs[Symbol.asyncDispose]();
  });
  const program = fileURLToPath(new URL("victim-process.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    [program, instance, runtimeDirectory, rootfs.path, scratchDirectory],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const { pids } = JSON.parse(line.toString()) as { pids: number[] };
  return { instance, beside, runtimeDirectory, scratchDirectory, rootfs, child, pids };
}

/** Everything on this machine that carries the worker's name. */
async function tracesOf(victim: { instance: string; runtimeDirectory: string; pids: number[] }) {
  const { instance, runtimeDirectory, pids } = victim;
  const layout = await readCgroupLayout();
  const processes = await Promise.all(
    (await readdir("/proc"))
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return {
    mounts: (await mountTable()).filter((mount) => mount.target.startsWith(runtimeDirectory)).length,
    cgroups: layout.hierarchies.filter((root) => existsSync(join(root, `dorian-${instance}`))).length,
    links: (await networkInterfaces()).filter((entry) => entry.name.includes(instance)).length,
    tables: (await networkCommand("nft", ["list", "tables"]))
      .split("\n")
      .filter((line) => line.includes(instance)).length,
    runcs: processes.filter((line) => line.includes(runtimeDirectory)).length,
    pids: pids.filter(isAlive).length,
    files: (await readdir(runtimeDirectory)).length,
  };
}

/** A zombie is dead: it waits for this machine's init to notice. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

const nothing = { mounts: 0, cgroups: 0, links: 0, tables: 0, runcs: 0, pids: 0, files: 0 };

test("after kill -9 of a worker nothing of it remains, and what it had on disk below mounts is intact", async () => {
  const victim = await startVictim();
  await writeFile(join(victim.rootfs.path, "etc/kept"), "kept");
  // Somewhere within the start of one more container.
  await delay(Math.random() * 60);
  victim.child.kill("SIGKILL");
  await once(victim.child, "exit");
  const before = await tracesOf(victim);
  expect(Object.entries(before).filter(([, count]) => count === 0)).toEqual([]);

  const reaped = await reapLeftovers({ ...victim, discard: removeTree });

  await expect.poll(() => tracesOf(victim)).toEqual(nothing);
  expect(reaped).toMatchObject({ natTables: 1 });
  expect(reaped.processes).toBeGreaterThan(5);
  expect(await readdir(victim.scratchDirectory)).toEqual([]);
  expect(await readFile(join(victim.rootfs.path, "etc/kept"), "utf8")).toBe("kept");
  expect(await reapLeftovers({ ...victim, discard: removeTree })).toEqual({
    processes: 0,
    cgroups: 0,
    mounts: 0,
    links: 0,
    natTables: 0,
  });
});

test("reaping one worker leaves another one's containers and network alone", async () => {
  const victim = await startVictim();
  await using host = await testRuntime();
  await using pool = await NetworkPool.open({ ...host, size: 1 });
  await using lease = await pool.acquire({ signal: new AbortController().signal });
  const { text, onOutput } = collector();
  const spec = host.spec("while true; do echo on; sleep 0.02; done", {
    network: { kind: "namespace", path: lease.path },
  });
  await using bystander = await host.runtime.run(spec, { onOutput });
  victim.child.kill("SIGKILL");
  await once(victim.child, "exit");
  await reapLeftovers({ ...victim, discard: removeTree });
  expect((await bystander.pids()).length).toBeGreaterThan(0);
  const { length } = text.stdout;
  await expect.poll(() => text.stdout.length).toBeGreaterThan(length);
  expect((await tracesOf({ ...host, pids: [] })).tables).toBe(1);
  expect(
    (await networkInterfaces()).filter((entry) => entry.name.includes(host.instance)).length,
  ).toBeGreaterThan(1);
});

test("what a killed worker left is cleared by another one that finds it dead twice, and what a living one has is not", async () => {
  const victim = await startVictim();
  const survivor = await startVictim();
  const signal = new AbortController().signal;
  const instance = "0badcafe";
  const runtimeDirectory = join(victim.beside, instance);
  await using _alive = await showAlive({ instance, runtimeDirectory }, { signal });
  await using _other = await showAlive(
    { instance: survivor.instance, runtimeDirectory: join(victim.beside, survivor.instance) },
    { signal },
  );
  using watcher = new DeadWorkers({ instance, runtimeDirectory, logger: pino({ level: "silent" }) });
  expect(await watcher.sweep()).toEqual([]);
  victim.child.kill("SIGKILL");
  await once(victim.child, "exit");
  expect(await watcher.sweep()).toEqual([]);
  expect((await tracesOf(victim)).links).toBeGreaterThan(0);
  // A program that the victim was just starting may hold its lock until it runs: then the next look is the first that finds it dead.
  await expect.poll(() => watcher.sweep()).toEqual([victim.instance]);
  await mkdir(victim.runtimeDirectory);
  await expect.poll(() => tracesOf(victim)).toEqual(nothing);
  expect(await watcher.sweep()).toEqual([]);
  expect((await tracesOf(survivor)).pids).toBe(survivor.pids.length);
  expect((await readdir(join(victim.beside, "workers"))).toSorted()).toEqual(
    [instance, survivor.instance].toSorted(),
  );
});

test("a worker that comes back in between is not taken for dead, and its end leaves no sign of it", async () => {
  const beside = await mkdtemp(join(tmpdir(), "dorian-run-"));
  onTestFinished(() => rm(beside, { recursive: true }));
  const signal = new AbortController().signal;
  const named = (instance: string) => ({ instance, runtimeDirectory: join(beside, instance) });
  using watcher = new DeadWorkers({ ...named("11111111"), logger: pino({ level: "silent" }) });
  await writeFile(join(beside, "x"), "");
  {
    await using _alive = await showAlive(named("22222222"), { signal });
    await writeFile(join(beside, "workers", "33333333"), "");
    expect(await watcher.sweep()).toEqual([]);
    {
      await using _back = await showAlive(named("33333333"), { signal });
      expect(await watcher.sweep()).toEqual([]);
    }
  }
  expect(await readdir(join(beside, "workers"))).toEqual([]);
});

test("an engine that was writing a snapshot is ended with all that it has begun", async () => {
  const runtimeDirectory = await mkdtemp(join(tmpdir(), "dorian-run-"));
  onTestFinished(() => rm(runtimeDirectory, { recursive: true }));
  const bundle = join(runtimeDirectory, "bundles", "ta-1");
  await mkdir(bundle, { recursive: true });
  // It waits for its configuration, and has another process in its group.
  const script = `mkfifo ${bundle}/config.json; sleep 1000 & echo $!; exec runc --root ${bundle}/checkpoint-1/state run --bundle ${bundle} ta-1`;
  const child = spawn("sh", ["-c", script], { detached: true, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const [pid] = (await once(child.stdout, "data")) as [Buffer];
  await expect.poll(() => readFile(`/proc/${child.pid}/cmdline`, "utf8")).toContain("checkpoint-1/state");
  await reapLeftovers({ instance: randomBytes(4).toString("hex"), runtimeDirectory, discard: removeTree });
  expect((await ended)[1]).toBe("SIGKILL");
  await expect.poll(() => isAlive(Number(pid))).toBe(false);
});

test("reaping where no worker ever ran does nothing", async () => {
  const runtimeDirectory = join(tmpdir(), `dorian-none-${randomBytes(4).toString("hex")}`);
  expect(await reapLeftovers({ instance: "00000000", runtimeDirectory, discard: removeTree })).toEqual({
    processes: 0,
    cgroups: 0,
    mounts: 0,
    links: 0,
    natTables: 0,
  });
});
