import { AppError } from "@dorian/base/app-error";
import { compare, explain, satisfies, valid } from "@renovatebot/pep440";
import type { IndexFile } from "./index-page.ts";
import { normalName, type Requirement } from "./requirement.ts";
import { parseWheelName, type WheelName } from "./wheel-name.ts";
import { wheelRank, type WheelTarget } from "./wheel-tags.ts";

/** A wheel that runs on any Python 3 and any system has no need of a target. */
export type WheelFor = WheelTarget | "any";

export interface WheelChoice {
  file: IndexFile;
  wheel: WheelName;
}

/** What was chosen, or why no file will do. */
export type Choice = ({ kind: "found" } & WheelChoice) | { kind: "none"; error: AppError };

/** Chooses the newest version that satisfies a requirement, and of it the wheel that fits best. */
export function chooseWheel(
  files: readonly IndexFile[],
  requirement: Requirement,
  target: WheelFor,
  /** The sources that were asked, for the message. */
  asked: string,
): Choice {
  const wheels = files.flatMap((file) => {
    const wheel = parseWheelName(file.filename);
    return wheel?.name === requirement.name && valid(wheel.version) ? [{ file, wheel }] : [];
  });
  const wanted = `${requirement.name}${requirement.specifier}`;
  if (wheels.length === 0) {
    const isKnown = files.some(({ filename }) => normalName(filename).startsWith(`${requirement.name}-`));
    const what = isKnown ? `no wheel of "${requirement.name}"` : `no package "${requirement.name}"`;
    return notFound(`There is ${what} at ${asked}.`, wanted);
  }
  const matching = settle(wheels, requirement.specifier);
  if (matching.length === 0) {
    return notFound(`No wheel at ${asked} satisfies ${wanted}; there are ${someVersions(wheels)}.`, wanted);
  }
  const ranked = matching.flatMap((each) => {
    const rank = rankFor(each.wheel, target);
    return rank === undefined || !allowsPython(each.file, target) ? [] : [{ ...each, rank }];
  });
  const [best] = ranked.toSorted(
    (a, b) => compare(b.wheel.version, a.wheel.version) || a.rank - b.rank || b.wheel.build - a.wheel.build,
  );
  if (best) return { kind: "found", file: best.file, wheel: best.wheel };
  return notFound(
    `None of the wheels of ${wanted} at ${asked} fits ${describe(target)}: ${someNames(matching)}.`,
    wanted,
  );
}

/** Chooses the wheels of satisfying versions. Yanked ones only when named exactly, early ones only when there are no others. */
function settle(wheels: readonly WheelChoice[], specifier: string): WheelChoice[] {
  const matching = wheels.filter(({ wheel }) =>
    specifier === "" ? true : satisfies(wheel.version, specifier, { prereleases: true }),
  );
  const offered = matching.filter(({ file }) => isExact({ specifier }) || !file.isYanked);
  const final = offered.filter(({ wheel }) => {
    const version = explain(wheel.version);
    return version !== null && !version.is_prerelease && !version.is_devrelease;
  });
  return final.length > 0 ? final : offered;
}

/** Whether only one version will do. */
export function isExact({ specifier }: Pick<Requirement, "specifier">): boolean {
  return /^={2,3}[^,*]+$/.test(specifier);
}

function rankFor(wheel: WheelName, target: WheelFor): number | undefined {
  if (target !== "any") return wheelRank(wheel, target);
  const runsAnywhere = wheel.tags.some(
    ([python, abi, platform]) => python === "py3" && abi === "none" && platform === "any",
  );
  return runsAnywhere ? 0 : undefined;
}

function allowsPython({ requiresPython }: IndexFile, target: WheelFor): boolean {
  if (requiresPython === undefined || target === "any") return true;
  const minor = target.pythonMinor.replace(/t$/, "");
  // The patch version is not known: any that fits will do.
  return ["0", "99"].some((patch) =>
    satisfies(`${minor}.${patch}`, requiresPython.replaceAll(/\s+/g, ""), { prereleases: true }),
  );
}

function describe(target: WheelFor): string {
  if (target === "any") return "every Python";
  return (
    `Python ${target.pythonMinor} on ${target.arch} (${target.libc} ${target.libcVersion ?? ""}`.trim() + ")"
  );
}

function someVersions(wheels: readonly WheelChoice[]): string {
  const versions = [...new Set(wheels.map(({ wheel }) => wheel.version))].toSorted((a, b) => compare(b, a));
  return versions.length > 6 ? `${versions.slice(0, 6).join(", ")}, …` : versions.join(", ");
}

function someNames(wheels: readonly WheelChoice[]): string {
  const names = wheels.map(({ wheel }) => wheel.filename);
  return names.length > 4 ? `${names.slice(0, 4).join(", ")}, …` : names.join(", ");
}

function notFound(message: string, wanted: string): Choice {
  const error = new AppError("WHEEL_NOT_FOUND", message, {
    status: "NOT_FOUND",
    remedy: `Put a wheel of ${wanted} into a directory that PIP_FIND_LINKS names where the server runs, or name another index there with PIP_INDEX_URL.`,
  });
  return { kind: "none", error };
}
