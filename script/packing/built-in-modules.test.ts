import { expect, test } from "vitest";
import { takenFromBuiltIns } from "./built-in-modules.ts";

test("names of Node's modules are taken from the modules, other imports stay", () => {
  expect(
    takenFromBuiltIns(`import { once } from "node:events";
import { join as join$1, posix } from "node:path";
import fs, { constants } from "node:fs";
import * as nodeModule from "node:module";
import { pino } from "pino";
const text = \`import { join } from "node:path";\`;`),
  ).toBe(`const { once } = process.getBuiltinModule("node:events");
const { join: join$1, posix } = process.getBuiltinModule("node:path");
import fs, { constants } from "node:fs";
import * as nodeModule from "node:module";
import { pino } from "pino";
const text = \`import { join } from "node:path";\`;`);
});
