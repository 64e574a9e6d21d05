import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readCgroupLayout } from "./cgroup-layout.ts";
import { limitGroup } from "./limit-group.ts";

/** A directory with the given files, as the kernel would show them. */
async function fixture(files: string[], contents: Record<string, string> = {}): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "dorian-limits-"));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const [name, text] of [...files.map((name) => [name, ""] as const), ...Object.entries(contents)]) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return root;
}

const group = "/dorian-1";
const limits = { memoryBytes: 1 << 30, pids: 5_000, cpuWeight: 50, milliCpu: 1_500 };

test("v1: a limit in each hierarchy, for the group and what is below it", async () => {
  const root = await fixture([
    "cpu,cpuacct/cgroup.procs",
    "memory/cgroup.procs",
    "memory/dorian-1/memory.use_hierarchy",
    "memory/dorian-1/memory.memsw.limit_in_bytes",
    "pids/cgroup.procs",
  ]);
  expect(await limitGroup(await readCgroupLayout(root), group, limits)).toEqual([]);
  const set = (path: string) => readFile(join(root, path), "utf8");
  expect(await set("memory/dorian-1/memory.use_hierarchy")).toBe("1");
  expect(await set("memory/dorian-1/memory.limit_in_bytes")).toBe("1073741824");
  expect(await set("memory/dorian-1/memory.memsw.limit_in_bytes")).toBe("1073741824");
  expect(await set("pids/dorian-1/pids.max")).toBe("5000");
  expect(await set("cpu,cpuacct/dorian-1/cpu.shares")).toBe("512");
  expect(await set("cpu,cpuacct/dorian-1/cpu.cfs_quota_us")).toBe("150000");
});

test("v2: controllers are passed on to the group, then limited", async () => {
  const root = await fixture(["cgroup.procs", "cgroup.subtree_control", "dorian-1/memory.swap.max"], {
    "cgroup.controllers": "cpu memory pids\n",
  });
  const { milliCpu: _, ...rest } = limits;
  expect(await limitGroup(await readCgroupLayout(root), group, rest)).toEqual([]);
  const set = (path: string) => readFile(join(root, path), "utf8");
  expect(await set("dorian-1/memory.max")).toBe("1073741824");
  expect(await set("dorian-1/memory.swap.max")).toBe("0");
  expect(await set("dorian-1/pids.max")).toBe("5000");
  expect(await set("dorian-1/cpu.weight")).toBe("50");
  expect(await set("dorian-1/cpu.max")).toBe("max 100000");
  expect(await set("cgroup.subtree_control")).toBe("+cpu");
});

test("hybrid: each controller where it is; one that is missing is told, and the others are set", async () => {
  const root = await fixture(
    ["pids/cgroup.procs", "unified/cgroup.procs", "unified/cgroup.subtree_control"],
    {
      "unified/cgroup.controllers": "memory\n",
    },
  );
  expect(await limitGroup(await readCgroupLayout(root), group, limits)).toEqual([
    expect.stringContaining("The cpu limit of all containers together could not be set"),
  ]);
  expect(await readFile(join(root, "unified/dorian-1/memory.max"), "utf8")).toBe("1073741824");
  expect(await readFile(join(root, "pids/dorian-1/pids.max"), "utf8")).toBe("5000");
});
