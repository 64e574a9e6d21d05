import { checkout } from "@dorian/testkit/checkout";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commandIndex } from "./command-index.ts";
import { parseCommandLine } from "./program.ts";

const text = readFileSync(join(checkout, "docs/guide/operating.md"), "utf8");
const lines = [...text.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block = ""]) => block.split("\n"));
const commands = lines.filter((line) => line.startsWith("dorian ")).map((line) => line.replace(/\s+#.*/, ""));

test.each(commands)("the guide's `%s` is a command as it is typed", async (command) => {
  const [, ...words] = command.split(" ");
  expect(
    await parseCommandLine(words, { index: commandIndex, version: "1.2.3", columns: 100 }),
  ).toMatchObject({
    kind: "command",
  });
});
