import { expect, test } from "vitest";
import { judgeRunc, runcWarning } from "./runc-holes.ts";

const masked = ["CVE-2025-31133", "CVE-2025-52565", "CVE-2025-52881"];

const debian = (version: string, commit: string) =>
  `runc version ${version}\ncommit: ${commit}\nspec: 1.0.2-dev\n`;

test.each([
  ["1.0.0-rc6", ["CVE-2019-5736", "CVE-2021-30465", "CVE-2024-21626", ...masked]],
  ["1.0.0-rc93", ["CVE-2021-30465", "CVE-2024-21626", ...masked]],
  ["1.1.11", ["CVE-2024-21626", ...masked]],
  ["1.1.12", masked],
  ["1.2.7", masked],
  ["1.2.8", []],
  ["1.3.2", masked],
  ["1.3.3", []],
  ["1.4.0-rc.2", masked],
  ["1.4.0-rc.3", []],
  ["1.4.0", []],
  ["1.5.1", []],
  ["2.0.0", []],
])("runc %s has %j [B19]", (version, holes) => {
  expect(judgeRunc(`runc version ${version}\ncommit: v${version}-0-gabcdef\nspec: 1.2.0\n`)).toMatchObject({
    holes,
    unknown: [],
  });
});

test.each([
  ["1.1.5+ds1", "1.1.5+ds1-1", ["CVE-2024-21626", ...masked], []],
  ["1.1.5+ds1", "1.1.5+ds1-1+deb12u1", masked, []],
  ["1.1.5+ds1", "1.1.5+ds1-1+deb12u2", [], masked],
  ["1.1.15+ds1", "1.1.15+ds1-2", masked, []],
  ["1.1.15+ds1", "1.1.15+ds1-2+deb13u1", [], ["CVE-2025-52881"]],
  ["1.3.3+ds1", "1.3.3+ds1-2", [], []],
  ["1.1.7-0ubuntu1~22.04.1", "", [], ["CVE-2024-21626", ...masked]],
  ["1.3.3-0ubuntu1~24.04.2", "", [], []],
])(
  "of a distribution's %s, built as %s, it is known what it has and what could not be told [B19]",
  (version, commit, holes, unknown) => {
    expect(judgeRunc(debian(version, commit))).toMatchObject({ holes, unknown });
  },
);

test("what says no version is not called safe, and a warning names what is open [B19]", () => {
  expect(judgeRunc("").unknown).toContain("CVE-2025-31133");
  expect(runcWarning(judgeRunc(debian("1.1.5+ds1", "1.1.5+ds1-1+deb12u1")))).toBe(
    "runc 1.1.5+ds1-1+deb12u1 has CVE-2025-31133, CVE-2025-52565, CVE-2025-52881: hostile images and containers may reach this machine.",
  );
  expect(runcWarning(judgeRunc("runc version 1.3.3\n"))).toBeUndefined();
});
