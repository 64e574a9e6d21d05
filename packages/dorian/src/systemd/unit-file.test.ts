import { execFile } from "node:child_process";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { requireStablePlace } from "./stable-place.ts";
import { settingsOf, unitText } from "./unit-file.ts";

const settings = {
  node: process.execPath,
  program: "/opt/dorian/node_modules/dorian/bin/dorian.js",
  dataDirectory: "/srv/my data",
  options: ["--listen=0.0.0.0:7070", "--web-domain=100%.example", '--public-host=$HOME "x"\\'],
  graceSecs: 90,
};

test("a unit gives each word to the program as it is, and time to stop in order", () => {
  const text = unitText(settings);
  expect(text).toContain(
    `ExecStart=${process.execPath} ${settings.program} up "--data=/srv/my data" --listen=0.0.0.0:7070 --web-domain=100%%.example "--public-host=$$HOME \\"x\\"\\\\"\n`,
  );
  expect(text).toContain("TimeoutStopSec=450\n");
  expect(() => unitText({ ...settings, options: ["a\nExecStartPost=/bin/evil"] })).toThrow(
    "cannot stand in a unit",
  );
});

test("a unit says what it was written with; another's is not taken for one", () => {
  expect(settingsOf(unitText(settings))).toEqual(settings);
  expect(() => settingsOf("[Service]\nExecStart=/bin/true\n")).toThrow(
    "was not written by `dorian service install`",
  );
});

test.skipIf(!existsSync("/usr/bin/systemd-analyze"))("systemd finds nothing wrong with a unit", async () => {
  const plain = { ...settings, program: process.execPath, options: ["--web-domain=100%.example"] };
  await using place = await temporaryDirectory({ "dorian.service": unitText(plain) });
  const { stdout, stderr } = await promisify(execFile)("systemd-analyze", [
    "verify",
    join(place.path, "dorian.service"),
  ]);
  expect((stdout + stderr).split("\n").filter((line) => line.includes("dorian.service"))).toEqual([]);
});

test.each([
  ["/root/.npm/_npx/0a1b/node_modules/dorian", "npx's cache"],
  ["/tmp/x/node_modules/dorian", "is emptied by itself"],
])("%s is no place for a service", (path, why) => {
  expect(() => requireStablePlace(path)).toThrow(why);
});

test("where npm installs for all users is a place for a service", () => {
  for (const path of ["/usr/lib/node_modules/dorian", "/opt/dorian/node_modules/dorian"])
    expect(() => requireStablePlace(path)).not.toThrow();
});
