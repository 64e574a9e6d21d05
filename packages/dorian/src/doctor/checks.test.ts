import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import picocolors from "picocolors";
import { defaultBorder } from "@dorian/operator/network-border";
import { describe, expect, onTestFinished, test } from "vitest";
import { renderFindings } from "../cli/output/findings.ts";
import { checks, judgeMachine } from "./checks.ts";
import type { MachineFacts } from "./machine-facts.ts";
import { cgroupsOf, mountLines, mountOf } from "./mount-lines.ts";
import { probeMachine } from "./probe-machine.ts";
import { probeRegistry } from "./probe-registry.ts";
import { goodMachine } from "./test-machine.ts";

const gib = 1024 ** 3;
const good = goodMachine;

const ubuntu: MachineFacts["distribution"] = {
  name: "Ubuntu 24.04.3 LTS",
  manager: "apt",
  family: "ubuntu",
  release: "noble",
};
const fedora: MachineFacts["distribution"] = {
  name: "Fedora Linux 42",
  manager: "dnf",
  family: undefined,
  release: undefined,
};

function verdict(id: string, facts: Partial<MachineFacts>) {
  const found = judgeMachine({ ...good, ...facts }).find((finding) => finding.id === id);
  if (!found) throw new Error(`no check ${id}`);
  return found;
}

describe("verdicts", () => {
  test("a good machine passes every check", () => {
    expect(judgeMachine(good).filter(({ status }) => status !== "ok")).toEqual([]);
  });

  const unreachable = {
    kind: "unreachable",
    url: "https://registry.example",
    reason: "no answer in 3 s",
  } as const;
  test.each<[string, Partial<MachineFacts>, string, RegExp]>([
    ["node", { nodeVersion: "20.1.0" }, "fail", /npm install node@24/],
    ["root", { isRoot: false }, "fail", /sudo/],
    ["kernel", { kernelRelease: "4.19.0-27-amd64" }, "fail", /5\.6 or newer/],
    ["kernel", { kernelRelease: "5.5.21" }, "fail", /5\.6 or newer/],
    ["kernel", { kernelRelease: "5.6.0" }, "warn", /6\.5/],
    ["kernel", { kernelRelease: "6.1.0-30-amd64" }, "warn", /6\.5/],
    ["kernel", { kernelRelease: "6.5.0" }, "ok", /^$/],
    ["kernel", { kernelRelease: "7.0.1" }, "ok", /^$/],
    ["overlay", { overlay: { kind: "fails", reason: "EINVAL" } }, "fail", /ext4/],
    ["overlay", { overlay: { kind: "works", replace: "on top" } }, "warn", /6\.5/],
    ["overlay", { overlay: { kind: "untested" } }, "warn", /root/],
    ["user-namespaces", { userNamespaces: { kind: "fail", reason: "EINVAL" } }, "warn", /5\.19/],
    ["user-namespaces", { userNamespaces: { kind: "untested" } }, "warn", /root/],
    ["cgroups", { cgroups: { layout: "hybrid", controllers: ["cpu", "memory", "pids"] } }, "ok", /^$/],
    ["cgroups", { cgroups: { layout: "v2", controllers: ["cpu", "pids"] } }, "fail", /memory/],
    ["cgroups", { cgroups: { layout: "none", controllers: [] } }, "fail", /mount/],
    ["namespaces", { namespaces: ["mnt", "pid"] }, "fail", /kernel/],
    ["fuse", { hasFuse: false }, "warn", /modprobe/],
    ["runc", { installed: {} }, "fail", /^`dorian setup` installs it, or `apt-get install .*runc`/],
    ["runc-holes", { runcVersion: "runc version 1.1.11\n" }, "warn", /Debian 12 has no mended build.*gVisor/],
    ["runc-holes", { runcVersion: "" }, "warn", /only images and code that you trust/],
    [
      "runc-holes",
      { distribution: ubuntu, runcVersion: "runc version 1.1.11\n" },
      "warn",
      /--only-upgrade runc/,
    ],
    [
      "runc-holes",
      { distribution: fedora, runcVersion: "runc version 1.1.11\n" },
      "warn",
      /1\.2\.8, 1\.3\.3/,
    ],
    ["tini-static", { distribution: fedora, installed: {} }, "fail", /^`dnf install tini-static`$/],
    ["mmdebstrap", { distribution: fedora, installed: {} }, "warn", /Fedora Linux 42 has it is not known/],
    ["gpg", { distribution: ubuntu }, "warn", /`dorian setup`/],
    [
      "container-network",
      { containerNetwork: { kind: "fails", reason: "Unknown device type" } },
      "fail",
      /restart/,
    ],
    ["container-network", { containerNetwork: { kind: "untested" } }, "warn", /as root/],
    ["swap", { swapAccounting: false }, "warn", /swapaccount=1/],
    ["tini-static", { installed: {} }, "fail", /^`dorian setup` installs it, or `apt-get install .*tini`/],
    ["runsc", { installed: {} }, "warn", /apt-get install runsc/],
    ["criu", { criu: { absence: "CRIU 3.17 is older than 4.2." } }, "warn", /CRIU 4\.2 or newer/],
    ["nft", { installed: {} }, "fail", /^`dorian setup` installs it, or `apt-get install .*nftables`/],
    ["ip", { installed: {} }, "fail", /^`dorian setup` installs it, or `apt-get install .*iproute2`/],
    [
      "mmdebstrap",
      { installed: {} },
      "warn",
      /^`dorian setup` installs it, or `apt-get install .*mmdebstrap`/,
    ],
    ["forwarding", { ipForward: "locked off" }, "fail", /ip_forward=1/],
    ["forwarding", { ipForward: "can be switched on" }, "ok", /^$/],
    ["registry", { registry: unreachable }, "warn", /Debian's packages/],
    ["registry", { registry: unreachable, installed: {} }, "fail", /mmdebstrap/],
    ["gpu", { gpu: { devices: [], cdiSpecs: [] } }, "warn", /--simulate-gpus/],
    ["gpu", { gpu: { devices: ["/dev/nvidia0"], cdiSpecs: [] } }, "warn", /nvidia-ctk/],
    ["space", { storage: { ...good.storage, freeBytes: gib } }, "fail", /--data/],
    ["space", { storage: { ...good.storage, lack: "bytes" } }, "fail", /volume delete/],
    ["space", { storage: { ...good.storage, lack: "files" } }, "fail", /volume delete/],
    ["space", { storage: { ...good.storage, freeBytes: 10 * gib } }, "warn", /weights/],
    ["file-system", { storage: { ...good.storage, fileSystem: "nfs4" } }, "fail", /local/],
    ["file-system", { storage: { ...good.storage, fileSystem: "fuse.sshfs" } }, "fail", /local/],
    ["file-system", { storage: { ...good.storage, fileSystem: "tmpfs" } }, "warn", /local/],
  ])("%s of %j is %s", (id, facts, status, advice) => {
    const found = verdict(id, facts);
    expect(found.status).toBe(status);
    expect(found.advice).toMatch(advice);
  });

  test("everything that is not well comes with advice", () => {
    const bad: MachineFacts = {
      ...good,
      isRoot: false,
      installed: {},
      hasFuse: false,
      registry: unreachable,
    };
    for (const { status, advice } of judgeMachine(bad)) expect(advice !== "").toBe(status !== "ok");
  });

  test("a report has a line for each check, advice below what needs it, and a verdict", () => {
    const colors = picocolors.createColors(false);
    const text = renderFindings(judgeMachine({ ...good, isRoot: false }), colors);
    expect(text).toMatch(/✗ Root rights\s+not root\n\s+→ run `dorian up`/);
    expect(text).toMatch(/1 thing is in the way of running Dorian here\.$/);
    expect(renderFindings(judgeMachine(good), colors).split("\n")).toHaveLength(
      checks.filter(({ applies }) => applies?.(good) ?? true).length + 2,
    );
  });
});

describe("reading the mount table", () => {
  const hybrid = mountLines(
    [
      "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
      "30 22 0:26 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755",
      "31 30 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
      "32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
      "33 30 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
      "34 30 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd",
      "40 22 0:31 / /var/lib/data rw - xfs /dev/vdb rw",
    ].join("\n"),
  );

  test("the layout of control groups and the controllers in use are told apart", () => {
    expect(cgroupsOf(hybrid, "")).toEqual({ layout: "hybrid", controllers: ["cpu", "cpuacct", "memory"] });
    const unified = mountLines("30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate");
    expect(cgroupsOf(unified, "cpu memory pids\n")).toEqual({
      layout: "v2",
      controllers: ["cpu", "memory", "pids"],
    });
    expect(cgroupsOf([], "")).toEqual({ layout: "none", controllers: [] });
    expect(
      cgroupsOf(
        hybrid.filter(({ type }) => type !== "cgroup2"),
        "",
      ).layout,
    ).toBe("v1");
  });

  test("a path belongs to the deepest mount above it", () => {
    expect(mountOf("/var/lib/data/x", hybrid)?.type).toBe("xfs");
    expect(mountOf("/var/lib/database", hybrid)?.type).toBe("ext4");
  });
});

describe("probes", () => {
  test("this machine can be looked at, for a data directory that does not exist yet", async () => {
    const facts = await probeMachine({
      dataDirectory: "/var/tmp/dorian-not-there/deeper",
      searchPath: "",
      registryUrls: ["http://127.0.0.1:1"],
      signal: new AbortController().signal,
    });
    expect(facts.storage.path).toBe("/var/tmp");
    expect(facts.storage.freeBytes).toBeGreaterThan(0);
    expect(facts.namespaces).toContain("mnt");
    expect(facts.cgroups.layout).not.toBe("none");
    if (facts.isRoot) expect(facts.overlay.kind).toBe("works");
    if (facts.isRoot) expect(facts.containerNetwork.kind).toBe("works");
    expect(facts.distribution.name).not.toBe("");
  });

  test("a registry that refuses is unreachable with the reason, one that answers anything is not", async () => {
    const server = createServer((_request, response) => response.writeHead(401).end()).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const refusing = "http://127.0.0.1:1";
    const probe = (urls: string[]) =>
      probeRegistry({
        urls,
        operator: { proxyEnv: {}, certificates: undefined, networkBorder: defaultBorder },
        signal: new AbortController().signal,
      });
    expect(await probe([refusing])).toMatchObject({
      kind: "unreachable",
      reason: expect.stringContaining("ECONNREFUSED") as string,
    });
    expect(await probe([refusing, url])).toEqual({ kind: "reachable", url });
  });
});
