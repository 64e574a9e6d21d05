import { expect, test } from "vitest";
import { readConfiguration, readManifest } from "./manifest.ts";

test.each([
  ["a list in the place of the whole", (deep: string) => readManifest(deep, "x")],
  ["a digest", (deep: string) => readManifest(`{"config":{"digest":${deep}},"layers":[]}`, "x")],
  ["its variables", (deep: string) => readConfiguration(`{"config":{"Env":${deep}}}`, "x")],
])("an image that has a million levels for %s is refused in words [B11]", (_, read) => {
  const deep = "[".repeat(1_000_000) + "]".repeat(1_000_000);
  expect(() => read(deep)).toThrow(
    expect.objectContaining({
      code: "REGISTRY_ANSWER_INVALID",
      message: expect.stringMatching(/is nested more than 100 levels deep\.$/),
    }),
  );
});

test("brackets in texts are no levels", () => {
  const cmd = ['["{'.repeat(1_000), "\\"];
  expect(readConfiguration(JSON.stringify({ config: { Cmd: cmd } }), "x").config.cmd).toEqual(cmd);
});
