import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inWordsOf, languageOf } from "./words.ts";

test("clients of Python are known by their type, all others speak TypeScript", () => {
  expect(["1", "3", "5"].map(languageOf)).toEqual(["python", "python", "python"]);
  expect(["7", "8", "", undefined, "x"].map(languageOf)).toEqual(Array(5).fill("typescript"));
});

test("code in a message is said in the reader's language, and what else stands there is left alone [A23]", () => {
  const text =
    'There is no volume "createIfMissing". Create it with `dorian volume create createIfMissing`, or pass `createIfMissing: true` to `Volume.fromName`; Volume `minContainersOfMine`.';
  expect(inWordsOf("typescript", text)).toBe(text);
  expect(
    inWordsOf("python", "Pass `Secret.fromObject({ … })` or `createIfMissing: true`. Secret.fromObject"),
  ).toBe("Pass `modal.Secret.from_dict({ … })` or `create_if_missing=True`. Secret.fromObject");
  expect(inWordsOf("python", "`dorian app list --all`, `dorian doctor`, `myVolume`, `./Volume.d`")).toBe(
    "`modal app list`, `dorian doctor`, `myVolume`, `./modal.Volume.d`",
  );
});

test("a command that a message names, and that the official client has as well, is said as its own [A23]", () => {
  const packages = join(import.meta.dirname, "../../..");
  const sources = globSync("{control-plane,worker,protocol,oci,storage,operator}/src/**/*.ts", {
    cwd: packages,
    exclude: (path) => path.endsWith(".test.ts"),
  });
  const named = sources.flatMap((path) => [
    ...readFileSync(join(packages, path), "utf8").matchAll(
      /`(dorian (?:run|deploy|(?:app|container|volume|secret|dict|queue|environment) (?:create|delete|exec|get|list|logs|ls|put|rm|stop)))\b/g,
    ),
  ]);
  expect(named.length).toBeGreaterThan(20);
  const unknown = named.map(([, command]) => inWordsOf("python", `\`${command}\``));
  expect(unknown.filter((text) => text.includes("dorian"))).toEqual([]);
});
