import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { release } from "node:os";
import { promisify } from "node:util";

/** The program that writes processes to files and brings them back. */
export interface Criu {
  /** Its path. */
  program: string;
  version: string;
}

/** Where `dorian setup` puts one, for machines whose distribution has none, or one that is too old. */
export const ownCriu = "/usr/local/lib/dorian/criu/criu";
/** Before it, Linux 6.16 and later crash it on the first socket. */
const leastVersion = [4, 2] as const;
const patienceMs = 10_000;

export type CriuFound = { criu: Criu } | { absence: string };

/** Looks for CRIU: the operator's, else Dorian's own, else the distribution's. */
export async function findCriu(named?: string): Promise<CriuFound> {
  let absence = "There is no CRIU on this machine.";
  for (const program of named === undefined ? [ownCriu, "criu"] : [named]) {
    const version = await versionOf(program);
    if (version === undefined) continue;
    const [major = 0, minor = 0] = version.split(".").map(Number);
    const isOldEnough = major > leastVersion[0] || (major === leastVersion[0] && minor >= leastVersion[1]);
    if (isOldEnough) return { criu: { program, version } };
    absence = `CRIU ${version} is older than ${leastVersion.join(".")}.`;
  }
  return { absence };
}

async function versionOf(program: string): Promise<string | undefined> {
  const { stdout } = await promisify(execFile)(program, ["--version"], { timeout: patienceMs }).catch(() => ({
    stdout: "",
  }));
  return /^Version: (\S+)/m.exec(stdout)?.[1];
}

/** What a snapshot can be brought back with, and where: by no other program, on no processor that lacks something, by no older kernel. */
export function snapshotEngine({ version }: Criu): string {
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "";
  const processor = hash("sha256", flags.trim().split(" ").toSorted().join(" "), "hex").slice(0, 16);
  return `criu ${version} ${process.arch} ${processor} ${release()}`;
}
