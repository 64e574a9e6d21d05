import { AppError } from "@dorian/base/app-error";
import { compareVersions } from "@dorian/python/interpreters";
import { debianReleases, usualSuite, type DebianRelease } from "./debian-releases.ts";
import type { PythonTag } from "./python-tag.ts";

/** A Python of this machine with what it needs of a release. */
export interface UsableInterpreter {
  version: string;
  minor: string;
  prefix: string;
  /** Names of shared libraries. */
  libraries: string[];
  /** Oldest version of the C library that it runs on. */
  glibc: string;
}

/** One way to put a Python image together. */
export interface PythonPlan {
  release: DebianRelease;
  minor: string;
  /** Undefined: the release's own Python. */
  interpreter: UsableInterpreter | undefined;
}

/**
 * The ways to make a Python image without a registry, best first: on the release that was asked for its own Python, then
 * one of this machine; then the same on the next newer releases, and on older ones.
 *
 * @throws AppError PYTHON_VERSION_UNAVAILABLE naming the versions that can be had.
 */
export function pythonPlans(
  tag: PythonTag,
  name: string,
  interpreters: readonly UsableInterpreter[],
): PythonPlan[] {
  const wanted = tag.suite ?? usualSuite;
  const releases = nearestFirst(wanted);
  const minor = minorOf(tag.version, interpreters);
  const plans = releases.flatMap((release) => plansOn(release, minor, tag.version, interpreters));
  if (plans.length > 0) return plans;
  const choices = availableMinors(interpreters);
  throw new AppError(
    "PYTHON_VERSION_UNAVAILABLE",
    `${name} cannot be had: no registry can be reached, and neither Debian's packages nor this machine have Python ${minor}.`,
    {
      status: "NOT_FOUND",
      remedy: `Choose one of ${choices.join(", ")}, or install Python ${minor} on the worker's machine (with pyenv or uv, or below a directory named in DORIAN_PYTHONS).`,
    },
  );
}

/** Minor versions that can be had, oldest first. */
export function availableMinors(interpreters: readonly UsableInterpreter[]): string[] {
  const minors = [
    ...debianReleases.map((release) => release.python),
    ...interpreters.map((interpreter) => interpreter.minor),
  ];
  return [...new Set(minors)].toSorted(compareVersions);
}

/** How what is made differs from what was asked for; empty when it does not. */
export function differences(tag: PythonTag, plan: PythonPlan, actualVersion: string): string[] {
  const said: string[] = [];
  if (tag.version.split(".").length === 3 && tag.version !== actualVersion)
    said.push(`Python ${actualVersion} stands in for ${tag.version}`);
  if (tag.suite !== undefined && tag.suite !== plan.release.suite)
    said.push(`Debian ${plan.release.suite} for ${tag.suite}`);
  return said;
}

function nearestFirst(suite: string): DebianRelease[] {
  const at = debianReleases.findIndex((release) => release.suite === suite);
  const [newer, older] = [debianReleases.slice(0, at + 1), debianReleases.slice(at + 1)];
  return [...newer.toReversed(), ...older];
}

function plansOn(
  release: DebianRelease,
  minor: string,
  version: string,
  interpreters: readonly UsableInterpreter[],
): PythonPlan[] {
  const own = release.python === minor ? [{ release, minor, interpreter: undefined }] : [];
  const fitting = interpreters
    .filter((each) => each.minor === minor && compareVersions(each.glibc, release.glibc) <= 0)
    .toSorted((a, b) => Number(b.version === version) - Number(a.version === version));
  return [...own, ...fitting.slice(0, 1).map((interpreter) => ({ release, minor, interpreter }))];
}

function minorOf(version: string, interpreters: readonly UsableInterpreter[]): string {
  const parts = version.split(".");
  return parts.length > 1 ? parts.slice(0, 2).join(".") : (availableMinors(interpreters).at(-1) ?? "3");
}
