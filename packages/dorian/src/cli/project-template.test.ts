import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { appNameOf, projectFiles, projectTemplates, writeProject } from "./project-template.ts";

test.each([
  ["/home/ann/iris", "iris"],
  ["/home/ann/My Project!", "my-project"],
  ["/home/ann/...", "my-app"],
  ["/", "my-app"],
  [`/${"x".repeat(60)}`, "x".repeat(50)],
])("the project in %s is called %s", (directory, name) => {
  expect(appNameOf(directory)).toBe(name);
});

test.each(projectTemplates.map(({ name }) => name))(
  "%s is whole, and called as it is to be",
  async (template) => {
    const files = await projectFiles(template, { name: "iris", version: "1.2.3" });
    const names = ["app.ts", "README.md", "package.json", "tsconfig.json", ".gitignore"];
    expect([...files.keys()]).toEqual(expect.arrayContaining(names));
    expect(JSON.parse(files.get("package.json") ?? "")).toMatchObject({
      name: "iris",
      dependencies: { dorian: "1.2.3" },
    });
    expect(files.get("app.ts")).toContain('new App("iris"');
    expect([...files.values()].join()).not.toContain("my-app");
  },
);

test("nothing is overwritten, and nothing written where something would be", async () => {
  await using directory = await temporaryDirectory({ "app.ts": "mine" });
  const files = new Map([
    ["new.ts", "new"],
    ["app.ts", "theirs"],
  ]);
  await expect(writeProject(directory.path, files)).rejects.toMatchObject({ code: "PROJECT_FILES_EXIST" });
  expect(await readdir(directory.path)).toEqual(["app.ts"]);
});
