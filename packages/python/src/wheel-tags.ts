import type { WheelName, WheelTag } from "./wheel-name.ts";

/** The Python and the system that a wheel has to fit. */
export interface WheelTarget {
  /** Such as "3.11"; "3.13t" for the build without a global lock. */
  pythonMinor: string;
  libc: "manylinux" | "musllinux";
  /** Newest version of the C library that may be asked for. Default: 2.28 of glibc, 1.2 of musl. */
  libcVersion?: string;
  arch: "x86_64" | "aarch64";
}

/** Names from before platforms were named by the version of their C library. */
const legacyPlatforms: Record<string, string> = {
  manylinux1: "manylinux_2_5",
  manylinux2010: "manylinux_2_12",
  manylinux2014: "manylinux_2_17",
};
const usualLibcVersion = { manylinux: "2.28", musllinux: "1.2" };

/**
 * How well a wheel fits a target, less being better; undefined when it does not. A wheel for exactly this Python beats
 * one for several, a compiled one beats one that runs anywhere, one for older systems beats one for newer ones.
 */
export function wheelRank(wheel: WheelName, target: WheelTarget): number | undefined {
  const ranks = wheel.tags.map((tag) => tagRank(tag, target)).filter((rank) => rank !== undefined);
  return ranks.length === 0 ? undefined : Math.min(...ranks);
}

function tagRank([python, abi, platform]: WheelTag, target: WheelTarget): number | undefined {
  const interpreter = interpreterRank(python, abi, target.pythonMinor);
  const system = platformRank(platform, target);
  return interpreter === undefined || system === undefined ? undefined : system + interpreter;
}

function interpreterRank(python: string, abi: string, pythonMinor: string): number | undefined {
  const [, minorText = "", free = ""] = /^3\.(\d+)(t?)$/.exec(pythonMinor) ?? [];
  const minor = Number(minorText);
  const wanted = `cp3${minor}`;
  if (python === wanted && abi === `${wanted}${free}`) return 0;
  const [, kind, wheelMinorText] = /^(cp|py)3(\d*)$/.exec(python) ?? [];
  if (kind === undefined) return undefined;
  const behind = minor - Number(wheelMinorText || 0);
  if (behind < 0) return undefined;
  if (abi === `abi3${free}` && kind === "cp") return 1 + behind;
  if (abi !== "none") return undefined;
  if (kind === "cp") return behind === 0 ? 100 : undefined;
  return 200 + behind;
}

function platformRank(platform: string, target: WheelTarget): number | undefined {
  if (platform === "any") return 1_000_000;
  const [, name = "", arch] = /^(.+)_(x86_64|aarch64)$/.exec(platform) ?? [];
  if (arch !== target.arch) return undefined;
  if (name === "linux") return 500_000;
  const [, libc, major, minor] = /^([a-z]+)_(\d+)_(\d+)$/.exec(legacyPlatforms[name] ?? name) ?? [];
  if (libc !== target.libc) return undefined;
  const [maxMajor = 0, maxMinor = 0] = (target.libcVersion ?? usualLibcVersion[target.libc])
    .split(".")
    .map(Number);
  if (Number(major) !== maxMajor || Number(minor) > maxMinor) return undefined;
  return 1_000 * Number(minor);
}
