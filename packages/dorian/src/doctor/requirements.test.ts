import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "@dorian/testkit/checkout";
import { expect, test } from "vitest";
import { installLines, requirementsOf } from "./requirements.ts";

test("the checkout's own set-up, which runs before there is a Node for this, installs the same packages", () => {
  const script = readFileSync(join(checkout, "script/setup"), "utf8");
  const [, table = ""] = /package_of=\(([^)]*)\)/.exec(script) ?? [];
  const installed = [...table.matchAll(/\]=(\S+)/g)].map(([, name]) => name);
  const needed = requirementsOf({ family: "debian" }).map(({ packages }) => packages.apt);
  expect(installed).toEqual(expect.arrayContaining(needed));
});

test("Ubuntu needs Debian's keys, too, and what reads them", () => {
  const [debian, ubuntu] = (["debian", "ubuntu"] as const).map((family) =>
    requirementsOf({ family }).map(({ packages }) => packages.apt),
  );
  expect(ubuntu).toEqual([...(debian ?? []), "debian-archive-keyring", "gpg"]);
});

test("what installs all of it is one line to type for each package manager, as far as names are known", () => {
  const all = requirementsOf({ family: undefined });
  expect(installLines("apt", all)).toEqual([
    "apt-get install --no-install-recommends runc tini nftables iproute2 mmdebstrap s3fs",
  ]);
  expect(installLines("dnf", all)).toEqual(["dnf install runc tini-static nftables iproute s3fs-fuse"]);
  expect(installLines("pacman", all)).toEqual(["pacman -S runc tini nftables iproute2 s3fs-fuse"]);
  expect(installLines("apk", all)).toEqual([
    "apk add runc tini-static nftables iproute2 s3fs-fuse",
    "ln -s /sbin/tini-static /usr/bin/tini-static",
  ]);
  expect(installLines(undefined, all)).toEqual([]);
});
