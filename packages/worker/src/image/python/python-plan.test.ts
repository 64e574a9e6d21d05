import { expect, test } from "vitest";
import { parseImageReference } from "@dorian/oci/image-reference";
import { differences, pythonPlans, type UsableInterpreter } from "./python-plan.ts";
import { pythonTagOf } from "./python-tag.ts";

const interpreter = (version: string, glibc = "2.35"): UsableInterpreter => ({
  version,
  minor: version.split(".").slice(0, 2).join("."),
  prefix: `/opt/${version}`,
  libraries: ["libssl.so.3"],
  glibc,
});

function plansFor(name: string, interpreters: UsableInterpreter[] = []): string[] {
  const tag = pythonTagOf(parseImageReference(name));
  if (!tag) throw new Error(`${name} is not an image of Python`);
  return pythonPlans(tag, name, interpreters).map(
    (plan) => `${plan.release.suite} ${plan.interpreter?.version ?? "own"}`,
  );
}

test.each([
  ["python:3.11.12-slim-bookworm", { version: "3.11.12", suite: "bookworm", slim: true }],
  ["python:3.12-slim", { version: "3.12", suite: undefined, slim: true }],
  ["python:3.12", { version: "3.12", suite: undefined, slim: false }],
  ["python:slim", { version: "3", suite: undefined, slim: true }],
  ["python", { version: "3", suite: undefined, slim: false }],
  ["docker.io/library/python:3.9-bullseye", { version: "3.9", suite: "bullseye", slim: false }],
  ["python:3.12-alpine", undefined],
  ["python:2.7-slim", undefined],
  ["me/python:3.12", undefined],
  ["ghcr.io/library/python:3.12", undefined],
])("%s names a Python on a Debian", (name, tag) => {
  expect(pythonTagOf(parseImageReference(name))).toEqual(tag);
});

test("Debian's own Python comes first, then one of this machine on the same release, then other releases", () => {
  expect(plansFor("python:3.11.12-slim-bookworm")).toEqual(["bookworm own"]);
  expect(plansFor("python:3.11.12-slim-bookworm", [interpreter("3.11.7")])).toEqual([
    "bookworm own",
    "bookworm 3.11.7",
    "trixie 3.11.7",
  ]);
  expect(plansFor("python:3.13-slim-bookworm", [interpreter("3.13.0")])).toEqual([
    "bookworm 3.13.0",
    "trixie own",
    "trixie 3.13.0",
  ]);
});

test("of several Pythons of this machine the wanted version is taken, otherwise the newest", () => {
  const interpreters = [interpreter("3.12.9"), interpreter("3.12.1")];
  expect(plansFor("python:3.12.1-slim-bookworm", interpreters)[0]).toBe("bookworm 3.12.1");
  expect(plansFor("python:3.12.4-slim-bookworm", interpreters)[0]).toBe("bookworm 3.12.9");
});

test("a Python that wants a newer C library than the release has is not put on it", () => {
  expect(plansFor("python:3.10-slim-bullseye", [interpreter("3.10.13")])).toEqual([
    "bookworm 3.10.13",
    "trixie 3.10.13",
  ]);
});

test("a tag without a minor version stands for the newest there is", () => {
  expect(plansFor("python:3-slim", [interpreter("3.12.1")])[0]).toBe("trixie own");
  expect(plansFor("python:3.13-slim-sid", [interpreter("3.12.1")])).toEqual(["trixie own"]);
});

test("what cannot be had is refused with the versions that can", () => {
  expect(() => plansFor("python:3.14.2-slim-bookworm", [interpreter("3.12.1")])).toThrow(
    expect.objectContaining({
      code: "PYTHON_VERSION_UNAVAILABLE",
      remedy: expect.stringContaining("Choose one of 3.9, 3.11, 3.12, 3.13,"),
    }),
  );
});

test("another patch version and another release are said, what was asked for is not", () => {
  const tag = { version: "3.11.12", suite: "bullseye", slim: true };
  const release = { suite: "bookworm", python: "3.11", glibc: "2.36" };
  const plan = { release, minor: "3.11", interpreter: undefined };
  expect(differences(tag, plan, "3.11.2")).toEqual([
    "Python 3.11.2 stands in for 3.11.12",
    "Debian bookworm for bullseye",
  ]);
  expect(differences({ ...tag, version: "3.11", suite: undefined }, plan, "3.11.2")).toEqual([]);
});
