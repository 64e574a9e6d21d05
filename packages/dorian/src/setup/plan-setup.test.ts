import { expect, test } from "vitest";
import { goodMachine } from "../doctor/test-machine.ts";
import { planSetup } from "./plan-setup.ts";

const ubuntu = { name: "Ubuntu 22.04.5 LTS", manager: "apt", family: "ubuntu", release: "jammy" } as const;
const bare = { ...goodMachine, installed: {}, runcVersion: "" };

test("on a machine that has everything there is nothing to do", () => {
  expect(planSetup(goodMachine)).toEqual({
    distribution: "Debian GNU/Linux 12 (bookworm)",
    missing: [],
    packages: [],
    isAutomatic: true,
    commands: [],
    byHand: [],
  });
});

test("on a bare Debian the packages are named, each with what it is for, and the lines that install them", () => {
  const plan = planSetup(bare);
  expect(plan.packages).toEqual(["runc", "tini", "nftables", "iproute2", "mmdebstrap", "s3fs"]);
  expect(plan.missing[0]).toMatchObject({ file: "runc", package: "runc", purpose: "starts containers" });
  expect(plan.commands).toEqual([
    "apt-get update",
    "apt-get install --no-install-recommends runc tini nftables iproute2 mmdebstrap s3fs",
  ]);
  expect(plan.byHand).toEqual([]);
});

test("only what is missing is installed", () => {
  const { nft: _nft, ...installed } = goodMachine.installed;
  expect(planSetup({ ...goodMachine, installed }).packages).toEqual(["nftables"]);
});

test("on Ubuntu, and what stands on it, Debian's keys come along", () => {
  const plan = planSetup({ ...bare, distribution: ubuntu });
  expect(plan).toMatchObject({ isAutomatic: true, distribution: "Ubuntu 22.04.5 LTS" });
  expect(plan.packages).toEqual([
    "runc",
    "tini",
    "nftables",
    "iproute2",
    "mmdebstrap",
    "s3fs",
    "debian-archive-keyring",
    "gpg",
  ]);
});

test.each([
  [{ name: "Debian GNU/Linux 11", manager: "apt", family: "debian", release: undefined }, "apt-get update"],
  [{ name: "Fedora Linux 42", manager: "dnf", family: undefined, release: undefined }, "dnf install runc"],
  [{ name: "Arch Linux", manager: "pacman", family: undefined, release: undefined }, "pacman -S runc"],
  [{ name: "Alpine Linux v3.22", manager: "apk", family: undefined, release: undefined }, "apk add runc"],
] as const)("on %j a person installs it, and is told what to type", (distribution, line) => {
  const plan = planSetup({ ...bare, distribution });
  expect(plan.isAutomatic).toBe(false);
  expect(plan.commands[0]).toContain(line);
});

test("on a distribution that nobody knows the programs are named", () => {
  const distribution = { name: "NixOS", manager: undefined, family: undefined, release: undefined };
  const plan = planSetup({ ...bare, distribution });
  expect(plan).toMatchObject({ isAutomatic: false, packages: [], commands: [] });
  expect(plan.missing.map(({ file }) => file)).toEqual([
    "runc",
    "/usr/bin/tini-static",
    "nft",
    "ip",
    "mmdebstrap",
    "s3fs",
  ]);
});

test("what no package mends is left to the person: control groups, the kernel, a runc with holes", () => {
  const plan = planSetup({
    ...bare,
    kernelRelease: "4.19.0",
    cgroups: { layout: "v2", controllers: ["cpu", "pids"] },
    isRoot: false,
  });
  expect(plan.byHand.map(({ id }) => id)).toEqual(["kernel", "cgroups"]);
  const holes = planSetup({ ...goodMachine, runcVersion: "runc version 1.1.11\n" });
  expect(holes.byHand).toMatchObject([{ id: "runc-holes", status: "warn" }]);
});

test("what a package will mend is not left to the person", () => {
  const registry = { kind: "unreachable", url: "https://registry.example", reason: "no answer" } as const;
  expect(planSetup({ ...bare, registry }).byHand).toEqual([]);
});

test("a CRIU that is missing or too old is left to the person, who can do without", () => {
  const { byHand } = planSetup({ ...goodMachine, criu: { absence: "CRIU 3.17 is older than 4.2." } });
  expect(byHand).toMatchObject([{ id: "criu", status: "warn" }]);
});
