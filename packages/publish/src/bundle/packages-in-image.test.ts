import { join } from "node:path";
import { Image } from "@dorian/sdk";
import { expect, test } from "vitest";
import { project } from "../../test/test-project.ts";
import { packagesInImage } from "./packages-in-image.ts";

const install = (root: string, name: string) =>
  Image.debianSlim().npmInstallFrom(join(root, name), "package-lock.json");

test("an image holds what a project's package.json depends on, and what later steps add", async () => {
  const root = await project({
    "package.json": JSON.stringify({
      dependencies: { a: "1", "@b/c": "^2" },
      optionalDependencies: { d: "*" },
      devDependencies: { e: "*" },
    }),
  });
  const image = install(root, "package.json").npmInstall("f@1");
  expect(await packagesInImage(image)).toEqual(new Set(["a", "@b/c", "d", "f"]));
});

test("a package that is a directory of this machine is refused by its name, and so is what is no manifest", async () => {
  const root = await project({
    "linked.json": JSON.stringify({ dependencies: { a: "1", shared: "workspace:*" } }),
    "broken.json": "{",
    "list.json": "null",
  });
  for (const [name, problem] of [
    ["linked.json", /depends on "shared" from "workspace:\*"/],
    ["broken.json", /is not JSON/],
    ["list.json", /holds no object/],
  ] as const)
    await expect(packagesInImage(install(root, name))).rejects.toMatchObject({
      code: "MANIFEST_INVALID",
      message: expect.stringMatching(problem) as string,
    });
});
