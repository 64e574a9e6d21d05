import { readFileSync } from "node:fs";
import { readDocstring } from "@dorian/testkit/api-reference/docstring";
import { runCommand } from "@dorian/testkit/run-command";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, test } from "vitest";

const files = ["run-in-process.ts", "clock/test-clock.ts", "vite.ts"];

test("each example in the documentation runs", async () => {
  const examples = files.flatMap((file) => {
    const source = readFileSync(new URL(file, import.meta.url), "utf8");
    const comments = source.match(/\/\*\*.*?\*\//gs) ?? [];
    return comments.flatMap((comment) => readDocstring(comment).examples);
  });
  expect(examples).toHaveLength(files.length);
  await using project = await temporaryDirectory({
    "examples.ts": `
import { App } from "${import.meta.resolve("@dorian/sdk")}";
import { runInProcess } from "${import.meta.resolve("./index.ts")}";
import { decorators } from "${import.meta.resolve("./vite.ts")}";
${examples
  .map((code) =>
    code.includes("new App(")
      ? code
      : `const app = new App("example");\napp.function({ name: "f" }, async () => 1);\n${code}`,
  )
  .map((code) => `await (async () => {\n${code}\n})();`)
  .join("\n")}
`,
  });
  const { code, stdout, stderr } = await runCommand([process.execPath, "examples.ts"], { cwd: project.path });
  expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: "9\n" });
});
