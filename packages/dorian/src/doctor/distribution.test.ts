import { expect, test } from "vitest";
import { distributionOf } from "./distribution.ts";

const osReleases = {
  debian12: `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n`,
  debian13: `PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_CODENAME=trixie\nID=debian\n`,
  debian11: `PRETTY_NAME="Debian GNU/Linux 11 (bullseye)"\nVERSION_CODENAME=bullseye\nID=debian\n`,
  jammy: `PRETTY_NAME="Ubuntu 22.04.5 LTS"\nVERSION_CODENAME=jammy\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=jammy\n`,
  noble: `PRETTY_NAME="Ubuntu 24.04.3 LTS"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=noble\n`,
  mint: `ID=linuxmint\nID_LIKE="ubuntu debian"\nPRETTY_NAME="Linux Mint 22"\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME=noble\n`,
  lmde: `ID=linuxmint\nID_LIKE=debian\nPRETTY_NAME="LMDE 6 (faye)"\nVERSION_CODENAME=faye\nDEBIAN_CODENAME=bookworm\n`,
  raspbian: `ID=raspbian\nID_LIKE=debian\nPRETTY_NAME="Raspbian GNU/Linux 12 (bookworm)"\nVERSION_CODENAME=bookworm\n`,
  kali: `ID=kali\nID_LIKE=debian\nPRETTY_NAME="Kali GNU/Linux Rolling"\nVERSION_CODENAME=kali-rolling\n`,
  fedora: `ID=fedora\nPRETTY_NAME="Fedora Linux 42 (Server Edition)"\n`,
  rocky: `ID="rocky"\nID_LIKE="rhel centos fedora"\nPRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"\n`,
  arch: `ID=arch\nPRETTY_NAME="Arch Linux"\n`,
  alpine: `ID=alpine\nPRETTY_NAME="Alpine Linux v3.22"\n`,
  nixos: `ID=nixos\nPRETTY_NAME='NixOS 25.05 (Warbler)'\nVERSION_CODENAME=noble\n`,
};

test.each([
  ["debian12", "Debian GNU/Linux 12 (bookworm)", "apt", "debian", "bookworm"],
  ["debian13", "Debian GNU/Linux 13 (trixie)", "apt", "debian", "trixie"],
  ["debian11", "Debian GNU/Linux 11 (bullseye)", "apt", "debian", undefined],
  ["jammy", "Ubuntu 22.04.5 LTS", "apt", "ubuntu", "jammy"],
  ["noble", "Ubuntu 24.04.3 LTS", "apt", "ubuntu", "noble"],
  ["mint", "Linux Mint 22", "apt", "ubuntu", "noble"],
  ["lmde", "LMDE 6 (faye)", "apt", "debian", "bookworm"],
  ["raspbian", "Raspbian GNU/Linux 12 (bookworm)", "apt", "debian", "bookworm"],
  ["kali", "Kali GNU/Linux Rolling", "apt", "debian", undefined],
  ["fedora", "Fedora Linux 42 (Server Edition)", "dnf", undefined, undefined],
  ["rocky", "Rocky Linux 9.4 (Blue Onyx)", "dnf", undefined, undefined],
  ["arch", "Arch Linux", "pacman", undefined, undefined],
  ["alpine", "Alpine Linux v3.22", "apk", undefined, undefined],
  ["nixos", "NixOS 25.05 (Warbler)", undefined, undefined, undefined],
] as const)("%s is %s, with the packages of %s, %s, %s", (key, name, manager, family, release) => {
  expect(distributionOf(osReleases[key])).toEqual({ name, manager, family, release });
});

test("a file that says nothing, or is absent, is no distribution that is known", () => {
  expect(distributionOf("")).toEqual({
    name: "a Linux without a name",
    manager: undefined,
    family: undefined,
    release: undefined,
  });
});
