import { AppError } from "@dorian/base/app-error";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readConfig } from "../config/config.ts";
import { LocalFailure } from "../../process/local-failure.ts";
import { Output } from "../output/output.ts";
import { chooseApp, loadApp, loadAppFor } from "./load-app.ts";
import { outlineApp } from "./outline-app.ts";

const source = `
  import { App, method, parameter } from "dorian";
  export const app = new App("quickstart");
  export const train = app.function({ name: "train" }, async (modelId: string, epochs = 3) => [modelId, epochs]);
  @app.cls()
  export class Model {
    @parameter() modelId = "iris-a";
    @method() async inference(input: number[]): Promise<string> { return String(input); }
  }
  app.localEntrypoint(async ({ fast }: { fast: boolean }) => fast);
`;

function project(content: string): { cwd: string; write: (text: string) => void } {
  const cwd = mkdtempSync(join(tmpdir(), "dorian-project-"));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  const write = (text: string) => writeFileSync(join(cwd, "app.ts"), text);
  write(content);
  return { cwd, write };
}

test("an app's functions, classes and parameters are found by loading its module", async () => {
  const { app, inputs } = await loadApp("app.ts", project(source));
  expect(inputs.some((path) => path.endsWith("/app.ts"))).toBe(true);
  expect(outlineApp(app)).toEqual({
    name: "quickstart",
    functions: [
      {
        name: "train",
        parameters: [
          { kind: "value", name: "modelId", optional: false },
          { kind: "value", name: "epochs", optional: true, type: "number", default: "3" },
        ],
      },
    ],
    classes: [
      {
        name: "Model",
        parameters: [{ kind: "value", name: "modelId", optional: true, type: "string", default: "'iris-a'" }],
        methods: [{ name: "inference", parameters: [{ kind: "value", name: "input", optional: false }] }],
      },
    ],
    localEntrypoint: {
      parameters: [{ kind: "object", properties: [{ kind: "value", name: "fast", optional: true }] }],
    },
  });
});

test("loading a module again after an edit gives the new app alone", async () => {
  const { cwd, write } = project(source);
  await loadApp("app.ts", { cwd });
  write(source.replace('"train"', '"learn"'));
  const { app } = await loadApp("app.ts", { cwd });
  expect(outlineApp(app).functions.map(({ name }) => name)).toEqual(["learn"]);
});

test("a file that is not there, or makes no app, is one clear error", async () => {
  const { cwd } = project("export const nothing = 1;");
  await expect(loadApp("other.ts", { cwd })).rejects.toMatchObject({ code: "APP_FILE_NOT_FOUND" });
  await expect(loadApp("app.ts", { cwd })).rejects.toMatchObject({ code: "APP_MISSING" });
});

test("an error of the module itself is shown with the user's own file and line", async () => {
  const { cwd } = project('import "dorian";\n\nthrow new RangeError("too many");\n');
  let shown = "";
  const sink = { write: (chunk: string | Uint8Array) => ((shown += String(chunk)), true) };
  const output = new Output({ stdout: sink, stderr: sink, env: {} });
  await expect(loadAppFor("app.ts", { cwd, output, config: readConfig({}, {}) })).rejects.toBeInstanceOf(
    LocalFailure,
  );
  expect(shown).toMatch(/^Error in your code: RangeError: too many\n/);
  expect(shown).toContain(`${cwd}/app.ts:3:7`);
});

test("decorators that a tsconfig makes old ones are told with what to change, not to run what was run [A8]", async () => {
  const { cwd } = project(`import { marked } from "./marks.ts"; class Model { @marked() run() {} }`);
  writeFileSync(join(cwd, "marks.ts"), `export { enter as marked } from "dorian";`);
  writeFileSync(join(cwd, "tsconfig.json"), `{ "compilerOptions": { "experimentalDecorators": true } }`);
  const refused = await loadApp("app.ts", { cwd }).catch((error: unknown) => error);
  if (!AppError.is(refused)) throw refused;
  expect(refused.code).toBe("DECORATORS_NOT_STANDARD");
  expect(refused.remedy).toContain('Import enter from "dorian"');
  expect(refused.remedy).not.toContain("dorian run");
});

test("of several apps the exported one is meant", () => {
  const [a, b] = [{ name: "a" }, { name: "b" }];
  expect(chooseApp("x.ts", { app: b }, [a, b])).toBe(b);
  expect(chooseApp("x.ts", { default: a }, [a, b])).toBe(a);
  expect(chooseApp("x.ts", {}, [a])).toBe(a);
  expect(() => chooseApp("x.ts", {}, [a, b])).toThrow(AppError);
});
