import { expect, test } from "vitest";
import { aptFailure } from "./apt-failure.ts";

const before = { updating: "", hasBegun: false };
const offline = `Err:1 http://deb.debian.org/debian bookworm InRelease
  Temporary failure resolving 'deb.debian.org'
W: Failed to fetch http://deb.debian.org/debian/dists/bookworm/InRelease  Temporary failure resolving 'deb.debian.org'
W: Some index files failed to download. They have been ignored, or old ones used instead.`;
const unknown = "Building dependency tree...\nE: Unable to locate package tini\n";

test.each([
  [
    "Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 14 (unattended-upgr)...\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?",
    "SETUP_APT_BUSY",
    /process 14 \(unattended-upgr\)/,
  ],
  [
    "E: Could not get lock /var/cache/apt/archives/lock. It is held by process 288 (apt-get)\nE: Unable to lock directory /var/cache/apt/archives/",
    "SETUP_APT_BUSY",
    /process 288 \(apt-get\)/,
  ],
  [
    "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem. ",
    "SETUP_DPKG_INTERRUPTED",
    /has to be completed/,
  ],
  ["E: You don't have enough free space in /var/cache/apt/archives/.", "SETUP_DISK_FULL", /full/],
  [
    "E: Release file for http://deb.debian.org/debian/dists/trixie-updates/InRelease is not valid yet (invalid for another 3h 2min). Updates for this repository will not be applied.",
    "SETUP_CLOCK_WRONG",
    /not valid yet/,
  ],
  [
    "E: Failed to fetch http://deb.debian.org/debian/pool/main/t/tini/tini_0.19.0-1_amd64.deb  404  Not Found [IP: 10.0.0.1 80]",
    "SETUP_ARCHIVE_UNREACHABLE",
    /404/,
  ],
  [
    "E: There were unauthenticated packages and -y was used: tini cannot be authenticated!",
    "SETUP_ARCHIVE_UNTRUSTED",
    /trust/,
  ],
  [unknown, "SETUP_PACKAGE_UNKNOWN", /no package tini/],
  ["E: Package 'mmdebstrap' has no installation candidate", "SETUP_PACKAGE_UNKNOWN", /no package mmdebstrap/],
  [
    "The following packages have unmet dependencies:\n runc : Conflicts: containerd",
    "SETUP_PACKAGES_CONFLICT",
    /beside/,
  ],
])("apt's %j is told as %s", (output, code, message) => {
  const failure = aptFailure(output, before);
  expect(failure).toMatchObject({ code, message: expect.stringMatching(message) as string });
  expect(failure.message).toContain("Nothing was installed.");
  expect(failure.remedy).toContain("`dorian setup` again");
});

test("a package that is unknown because the lists could not be fetched is a matter of the network", () => {
  expect(aptFailure(unknown, { ...before, updating: offline })).toMatchObject({
    code: "SETUP_ARCHIVE_UNREACHABLE",
    message:
      "The archive of packages could not be reached: Temporary failure resolving 'deb.debian.org'. Nothing was installed.",
  });
});

test("an archive that is away does not hide what apt itself complains of", () => {
  const full = "dpkg: error: write: No space left on device";
  expect(aptFailure(full, { updating: offline, hasBegun: true })).toMatchObject({
    code: "SETUP_DISK_FULL",
    message: "The disk is full. Some packages may be installed in part.",
  });
});

test("what nobody foresaw is told in apt's own last words", () => {
  const failure = aptFailure("a\nSub-process /usr/bin/dpkg returned an error code (1)\n", before);
  expect(failure.code).toBe("SETUP_APT_FAILED");
  expect(failure.message).toContain("Sub-process /usr/bin/dpkg returned an error code (1)");
});
