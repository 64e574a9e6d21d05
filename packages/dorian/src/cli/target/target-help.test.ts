import { expect, test } from "vitest";
import { functionParameters } from "./function-parameters.ts";
import { targetHelp } from "./target-help.ts";

test("the help of a target shows its arguments with their kinds and defaults [A11]", () => {
  const run = (
    modelId: string,
    { epochs = 3, dryRun = false, since = new Date(0) } = {},
    ...files: string[]
  ) => [modelId, epochs, dryRun, since, files];
  const signature = { name: "train", parameters: functionParameters(run), classParameters: [] };
  expect(targetHelp("app.ts::train", signature)).toBe(`Usage: dorian run app.ts::train [arguments]

Arguments of train:
  --model-id <value>  required
  --epochs <number>   default: 3
  --dry-run           default: false
  --since <date>      default: new Date(0)
  [files...]          any further values

Options of the command itself: dorian run --help`);
});

test("a target without arguments says so", () => {
  const nothing = { name: "The local entrypoint", parameters: [], classParameters: [] };
  expect(targetHelp("app.ts", nothing)).toContain("The local entrypoint takes no arguments.");
});
