import { normalName } from "./requirement.ts";

/** What a wheel's file name says. */
export interface WheelName {
  filename: string;
  /** In normal form. */
  name: string;
  version: string;
  /** Later builds of one version have greater ones. */
  build: number;
  /** Each a triple of Python, ABI and platform, such as `["cp311", "cp311", "manylinux_2_17_x86_64"]`. */
  tags: WheelTag[];
}

export type WheelTag = readonly [python: string, abi: string, platform: string];

/** Undefined when it is no wheel's name. */
export function parseWheelName(filename: string): WheelName | undefined {
  const match = /^([^-]+)-([^-]+)(?:-(\d+)[^-]*)?-([^-]+)-([^-]+)-([^-]+)\.whl$/.exec(filename);
  if (!match) return undefined;
  const [, name = "", version = "", build, pythons = "", abis = "", platforms = ""] = match;
  const tags = pythons
    .split(".")
    .flatMap((python) =>
      abis
        .split(".")
        .flatMap((abi) => platforms.split(".").map((platform): WheelTag => [python, abi, platform])),
    );
  return {
    filename,
    name: normalName(name),
    version: version.replaceAll("_", "-"),
    build: Number(build ?? -1),
    tags,
  };
}
