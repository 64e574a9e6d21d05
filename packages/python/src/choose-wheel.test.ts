import { expect, test } from "vitest";
import { chooseWheel, type WheelFor } from "./choose-wheel.ts";
import type { IndexFile } from "./index-page.ts";
import { parseRequirement } from "./requirement.ts";
import { parseWheelName } from "./wheel-name.ts";
import type { WheelTarget } from "./wheel-tags.ts";

const python311: WheelTarget = { pythonMinor: "3.11", libc: "manylinux", arch: "x86_64" };

function choose(
  names: (string | Partial<IndexFile>)[],
  requirement = "pkg",
  target: WheelFor = python311,
): string {
  const files = names.map((file) => ({
    filename: "",
    url: "https://x.example/",
    isYanked: false,
    ...(typeof file === "string" ? { filename: file } : file),
  }));
  const choice = chooseWheel(files, parseRequirement(requirement), target, "the index");
  return choice.kind === "found" ? choice.wheel.filename : choice.error.message;
}

test("names of wheels are taken apart, with builds and several tags", () => {
  expect(parseWheelName("Some_Pkg-1.0+local-2b-py2.py3-none-any.whl")).toEqual({
    filename: "Some_Pkg-1.0+local-2b-py2.py3-none-any.whl",
    name: "some-pkg",
    version: "1.0+local",
    build: 2,
    tags: [
      ["py2", "none", "any"],
      ["py3", "none", "any"],
    ],
  });
  expect(parseWheelName("pkg-1.0.tar.gz")).toBeUndefined();
});

test("the wheel for this very Python is best, then a stable one, then one that runs anywhere", () => {
  const own = "pkg-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl";
  const stable = "pkg-1.0-cp38-abi3-manylinux_2_17_x86_64.whl";
  const newerStable = "pkg-1.0-cp310-abi3-manylinux_2_17_x86_64.whl";
  const anywhere = "pkg-1.0-py3-none-any.whl";
  const program = "pkg-1.0-py3-none-manylinux_2_17_x86_64.whl";
  expect(choose([anywhere, stable, own, program])).toBe(own);
  expect(choose([anywhere, stable, newerStable, program])).toBe(newerStable);
  expect(choose([anywhere, program])).toBe(program);
  expect(choose([anywhere])).toBe(anywhere);
  expect(choose([own, anywhere], "pkg", "any")).toBe(anywhere);
});

test("wheels for other systems and Pythons do not fit, and of those that do the one for older systems is taken", () => {
  const others = [
    "pkg-1.0-cp312-cp312-manylinux_2_17_x86_64.whl",
    "pkg-1.0-cp311-cp311-musllinux_1_2_x86_64.whl",
    "pkg-1.0-cp311-cp311-manylinux_2_17_aarch64.whl",
    "pkg-1.0-cp311-cp311-macosx_11_0_arm64.whl",
    "pkg-1.0-cp311-cp311-manylinux_2_34_x86_64.whl",
    "pkg-1.0-cp312-abi3-manylinux_2_17_x86_64.whl",
    "pkg-1.0-py312-none-any.whl",
  ];
  expect(choose(others)).toContain("fits Python 3.11 on x86_64");
  const older = "pkg-1.0-cp311-cp311-manylinux2014_x86_64.whl";
  const newer = "pkg-1.0-cp311-cp311-manylinux_2_28_x86_64.whl";
  expect(choose([...others, newer, older])).toBe(older);
  const musl: WheelTarget = { pythonMinor: "3.11", libc: "musllinux", arch: "x86_64" };
  expect(choose([...others, older], "pkg", musl)).toBe("pkg-1.0-cp311-cp311-musllinux_1_2_x86_64.whl");
  const free = "pkg-1.0-cp314-cp314t-manylinux_2_17_x86_64.whl";
  const noLock: WheelTarget = { ...python311, pythonMinor: "3.14t" };
  expect(choose(["pkg-1.0-cp314-cp314-manylinux_2_17_x86_64.whl", free], "pkg", noLock)).toBe(free);
  expect(choose(["pkg-1.0-cp38-abi3-manylinux_2_17_x86_64.whl"], "pkg", noLock)).toContain("fits");
});

test("the newest version that satisfies is taken, early ones only where there are no others", () => {
  const versions = ["0.9", "0.10", "1.0rc1", "1.1.dev2"].map((each) => `pkg-${each}-py3-none-any.whl`);
  expect(choose(versions)).toBe("pkg-0.10-py3-none-any.whl");
  expect(choose(versions, "pkg<0.10")).toBe("pkg-0.9-py3-none-any.whl");
  expect(choose(versions, "pkg~=1.0rc1")).toBe("pkg-1.1.dev2-py3-none-any.whl");
  expect(choose(versions, "pkg==1.0rc1")).toBe("pkg-1.0rc1-py3-none-any.whl");
  expect(choose(versions, "pkg>=2")).toBe(
    "No wheel at the index satisfies pkg>=2; there are 1.1.dev2, 1.0rc1, 0.10, 0.9.",
  );
});

test("a yanked version is only for those who name it, and what a file says of Python counts", () => {
  const yanked = { filename: "pkg-2.0-py3-none-any.whl", isYanked: true };
  const old = { filename: "pkg-1.0-py3-none-any.whl", requiresPython: ">=3.8" };
  const newer = { filename: "pkg-1.5-py3-none-any.whl", requiresPython: ">=3.12, <4" };
  expect(choose([yanked, old, newer])).toBe(old.filename);
  expect(choose([yanked, old], "pkg==2.0")).toBe(yanked.filename);
  expect(choose([newer], "pkg", "any")).toBe(newer.filename);
});

test("of several builds the last is taken; sources alone are no wheel", () => {
  expect(
    choose(["pkg-1.0-1-py3-none-any.whl", "pkg-1.0-10-py3-none-any.whl", "pkg-1.0-py3-none-any.whl"]),
  ).toBe("pkg-1.0-10-py3-none-any.whl");
  expect(choose(["pkg-1.0.tar.gz"])).toBe('There is no wheel of "pkg" at the index.');
  expect(choose([])).toBe('There is no package "pkg" at the index.');
});
