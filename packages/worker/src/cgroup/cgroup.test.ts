import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { freeze, hitOwnMemoryLimit, killAll, oomKillsOf, processesOf, thaw } from "./cgroup.ts";
import { readCgroupLayout } from "./cgroup-layout.ts";

/** A directory with the given files, as the kernel would show them. */
async function fixture(files: Record<string, string>, links: Record<string, string> = {}): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "dorian-cgroup-"));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  for (const [name, target] of Object.entries(links)) await symlink(target, join(root, name));
  return root;
}

const group = "/dorian-1/ta-1";
const oomControl = "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n";
const memoryEvents = "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\noom_group_kill 0\n";

test("v2: one tree does everything", async () => {
  const root = await fixture({
    "cgroup.controllers": "cpuset cpu io memory pids\n",
    "cgroup.procs": "1\n",
    "dorian-1/ta-1/cgroup.procs": "12\n13\n",
    "dorian-1/ta-1/inner/cgroup.procs": "14\n",
    "dorian-1/ta-1/memory.events": memoryEvents,
    "dorian-1/ta-1/cgroup.freeze": "0\n",
    "dorian-1/ta-1/cgroup.events": "populated 1\nfrozen 1\n",
  });
  const layout = await readCgroupLayout(root);
  expect(layout).toMatchObject({ kind: "v2", hierarchies: [root], swapAccounting: true });
  expect(await processesOf(layout, group)).toEqual([12, 13, 14]);
  expect(await oomKillsOf(layout, group)).toBe(1);
  await freeze(layout, group);
  expect(await readFile(join(root, group, "cgroup.freeze"), "utf8")).toMatch(/^1/);
  await thaw(layout, group);
  expect(await readFile(join(root, group, "cgroup.freeze"), "utf8")).toMatch(/^0/);
});

const v1Files = {
  "cpu,cpuacct/cgroup.procs": "1\n",
  "freezer/cgroup.procs": "1\n",
  "freezer/dorian-1/ta-1/freezer.state": "THAWED\n",
  "memory/cgroup.procs": "1\n",
  "memory/memory.memsw.limit_in_bytes": "1\n",
  "memory/dorian-1/ta-1/memory.oom_control": oomControl,
  "pids/cgroup.procs": "1\n",
  "pids/dorian-1/ta-1/cgroup.procs": "12\n",
  "systemd/cgroup.procs": "1\n",
};

test("v1: a hierarchy for each controller, links not counted twice", async () => {
  const root = await fixture(v1Files, { cpu: "cpu,cpuacct", cpuacct: "cpu,cpuacct" });
  const layout = await readCgroupLayout(root);
  expect(layout.kind).toBe("v1");
  expect(layout.hierarchies.map((path) => path.slice(root.length + 1))).toEqual([
    "cpu,cpuacct",
    "freezer",
    "memory",
    "pids",
    "systemd",
  ]);
  expect(layout.swapAccounting).toBe(true);
  expect(await processesOf(layout, group)).toEqual([12]);
  expect(await oomKillsOf(layout, group)).toBe(2);
  await freeze(layout, group);
  expect(await readFile(join(root, "freezer", group, "freezer.state"), "utf8")).toBe("FROZEN");
});

test("hybrid: v1 where it has the controller, the unified tree for the rest", async () => {
  const { "memory/cgroup.procs": _1, "memory/memory.memsw.limit_in_bytes": _2, ...others } = v1Files;
  const root = await fixture({
    ...others,
    "unified/cgroup.controllers": "memory hugetlb\n",
    "unified/cgroup.procs": "1\n",
    "unified/dorian-1/ta-1/memory.events": memoryEvents,
  });
  const layout = await readCgroupLayout(root);
  expect(layout.kind).toBe("hybrid");
  expect(layout.memory).toEqual({ version: 2, root: join(root, "unified") });
  expect(layout.freezer).toEqual({ version: 1, root: join(root, "freezer") });
  expect(await oomKillsOf(layout, group)).toBe(1);
  expect(await processesOf(layout, group)).toEqual([12]);
});

test("whose memory limit was reached is read from the group's own counters", async () => {
  const at = (files: Record<string, string>) => fixture({ ...files, "cgroup.procs": "1\n" });
  const v2 = { "cgroup.controllers": "memory\n", "dorian-1/ta-1/memory.events": memoryEvents };
  expect(await hitOwnMemoryLimit(await readCgroupLayout(await at(v2)), group)).toBe(true);
  const others = { ...v2, "dorian-1/ta-1/memory.events": memoryEvents.replace("oom 1", "oom 0") };
  expect(await hitOwnMemoryLimit(await readCgroupLayout(await at(others)), group)).toBe(false);
  for (const [most, expected] of [
    [33_554_432, true],
    [32_000_000, true],
    [20_000_000, false],
  ] as const) {
    const root = await fixture({
      ...v1Files,
      "memory/dorian-1/ta-1/memory.limit_in_bytes": "33554432\n",
      "memory/dorian-1/ta-1/memory.max_usage_in_bytes": `${most}\n`,
    });
    expect(await hitOwnMemoryLimit(await readCgroupLayout(root), group)).toBe(expected);
  }
});

test("a group that is gone has no processes and no kills", async () => {
  const layout = await readCgroupLayout(await fixture(v1Files));
  expect(await processesOf(layout, "/dorian-1/gone")).toEqual([]);
  expect(await oomKillsOf(layout, "/dorian-1/gone")).toBe(0);
  await thaw(layout, "/dorian-1/gone");
});

test("a machine without control groups is told so", async () => {
  await expect(readCgroupLayout(await fixture({}))).rejects.toMatchObject({ code: "CGROUP_NOT_MOUNTED" });
});

test("a kernel without swap accounting is not asked to limit swap", async () => {
  const { "memory/memory.memsw.limit_in_bytes": _, ...files } = v1Files;
  expect((await readCgroupLayout(await fixture(files))).swapAccounting).toBe(false);
});

test("what was killed may take a minute to die on a machine that is busy, and is given up after two", async () => {
  const clock = vi.spyOn(performance, "now").mockReturnValue(0);
  onTestFinished(() => clock.mockRestore());
  // One that has died is still listed until the kernel is done with it.
  const gone = spawnSync("true").pid;
  const root = await fixture({
    "cgroup.controllers": "pids\n",
    "cgroup.procs": "1\n",
    [`${group.slice(1)}/cgroup.procs`]: `${gone}\n`,
    [`${group.slice(1)}/cgroup.freeze`]: "0\n",
  });
  const layout = await readCgroupLayout(root);
  const slow = killAll(layout, group);
  clock.mockReturnValue(60_000);
  await sleep(100);
  await writeFile(join(root, group, "cgroup.procs"), "");
  await slow;
  await writeFile(join(root, group, "cgroup.procs"), `${gone}\n`);
  const never = killAll(layout, group);
  await sleep(100);
  clock.mockReturnValue(200_000);
  await expect(never).rejects.toMatchObject({ code: "CGROUP_STUCK" });
});
