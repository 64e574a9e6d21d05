/** What is known of an installed runc. */
export interface RuncVerdict {
  /** As it says itself, with the distribution's revision where it has one. */
  version: string;
  /** Published holes that it has. */
  holes: string[];
  /** Holes of its upstream version that a distribution may have mended in this build: nobody here knows. */
  unknown: string[];
}

interface Hole {
  id: string;
  /** First release of each line that is mended. A line without one is, if it is later than the last. */
  mended: string[];
  /** Builds of distributions that mended it without a new version: up to which revision they had not. */
  builds?: { upstream: string; unmended?: string; mended?: string }[];
}

/** Holes through which a container or an image reaches the host. */
const holes: Hole[] = [
  { id: "CVE-2019-5736", mended: ["1.0.0-rc.7"] },
  { id: "CVE-2021-30465", mended: ["1.0.0-rc.95"] },
  {
    id: "CVE-2024-21626",
    mended: ["1.1.12"],
    builds: [{ upstream: "1.1.5+ds1", unmended: "1", mended: "1+deb12u1" }],
  },
  ...["CVE-2025-31133", "CVE-2025-52565", "CVE-2025-52881"].map((id): Hole => ({
    id,
    mended: ["1.2.8", "1.3.3", "1.4.0-rc.3"],
    builds: [
      { upstream: "1.1.5+ds1", unmended: "1+deb12u1" },
      {
        upstream: "1.1.15+ds1",
        unmended: "2",
        // What Debian's changelog says of it; the third one is not named there.
        ...(id === "CVE-2025-52881" ? {} : { mended: "2+deb13u1" }),
      },
    ],
  })),
];

/** Judges by what `runc --version` prints: the version, and as "commit" the package that Debian built. */
export function judgeRunc(output: string): RuncVerdict {
  const said = /^runc version (\S+)/m.exec(output)?.[1] ?? "";
  const commit = /^commit: (\S+)/m.exec(output)?.[1] ?? "";
  const build = commit.startsWith(said) && commit.length > said.length ? commit : said;
  const verdict: RuncVerdict = { version: build, holes: [], unknown: [] };
  const version = parse(said);
  for (const hole of holes) {
    if (version && isMended(version, hole.mended.map(parse))) continue;
    const state = version ? stateOfBuild(build, hole) : "unknown";
    if (state === "open") verdict.holes.push(hole.id);
    else if (state === "unknown") verdict.unknown.push(hole.id);
  }
  return verdict;
}

/** What a person is told of it; undefined when all is well. */
export function runcWarning({ version, holes: open, unknown }: RuncVerdict): string | undefined {
  const parts = [
    ...(open.length > 0 ? [`has ${open.join(", ")}`] : []),
    ...(unknown.length > 0 ? [`could not be told to be free of ${unknown.join(", ")}`] : []),
  ];
  if (parts.length === 0) return undefined;
  return `runc ${version || "of an unknown version"} ${parts.join("; it ")}: hostile images and containers may reach this machine.`;
}

export const runcAdvice =
  "install 1.2.8, 1.3.3 or newer, or your distribution's mended build; until then run only images and code that you trust.";

function stateOfBuild(build: string, hole: Hole): "open" | "mended" | "unknown" {
  const [, upstream = "", revision] = /^(.+?)(?:-([^-]+))?$/.exec(build) ?? [];
  const isDistribution = /\+ds|ubuntu|\+deb|~|-\d+(\.|$)/.test(build) && !/-rc/.test(build);
  if (!isDistribution) return "open";
  const known = hole.builds?.find((each) => each.upstream === upstream);
  if (!known || revision === undefined) return "unknown";
  if (known.unmended !== undefined && revisionOf(revision) <= revisionOf(known.unmended)) return "open";
  return known.mended !== undefined && revisionOf(revision) >= revisionOf(known.mended)
    ? "mended"
    : "unknown";
}

/** "1+deb12u2" → 1.02: its own number, then that of the update to a release. */
function revisionOf(text: string): number {
  const [, own = "0", update = "0"] = /^(\d+)(?:\D+\d+u(\d+))?/.exec(text) ?? [];
  return Number(own) + Number(update) / 100;
}

interface Version {
  line: string;
  numbers: number[];
}

/** "1.1.5+ds1" → 1.1.5; release candidates come before their release. */
function parse(text: string): Version | undefined {
  const found = /^v?(\d+)\.(\d+)\.(\d+)(?:[-~]rc\.?(\d+))?/.exec(text);
  if (!found) return undefined;
  const [major = 0, minor = 0, patch = 0] = found.slice(1, 4).map(Number);
  const candidate = found[4] === undefined ? Number.POSITIVE_INFINITY : Number(found[4]);
  return { line: `${major}.${minor}`, numbers: [major, minor, patch, candidate] };
}

function isMended(version: Version, mended: (Version | undefined)[]): boolean {
  const own = mended.find((each) => each?.line === version.line);
  const from = own ?? mended.at(-1);
  return from !== undefined && compare(version.numbers, from.numbers) >= 0;
}

function compare(a: number[], b: number[]): number {
  for (const [index, number] of a.entries()) {
    const other = b[index] ?? 0;
    if (number !== other) return number < other ? -1 : 1;
  }
  return 0;
}
