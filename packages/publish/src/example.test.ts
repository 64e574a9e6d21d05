import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { must } from "@dorian/base/must";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleForLocal } from "./bundle/bundle-for-local.ts";
import { forgetApps, registeredApps, type App } from "@dorian/sdk/app/app";
import type { RegisteredClass } from "@dorian/sdk/class/registered";
import { construct } from "@dorian/sdk/class/construct";
import { parameterSpecs } from "@dorian/sdk/class/parameters";

const directory = await mkdtemp(join(tmpdir(), "dorian-example-"));
let app: App;
let Model: RegisteredClass;

beforeAll(async () => {
  const source = await readFile(new URL("./example.test-d.ts", import.meta.url), "utf8");
  await writeFile(join(directory, "app.ts"), source.replace(`"@dorian/sdk"`, `"dorian"`));
  const sdkUrl = import.meta.resolve("@dorian/sdk");
  const { path } = await bundleForLocal(join(directory, "app.ts"), { sdkUrl, directory, root: directory });
  forgetApps();
  await import(pathToFileURL(path).href);
  app = must(registeredApps()[0], "the app");
  const found = app.registered.find(({ tag }) => tag === "Model");
  if (found?.kind !== "class") throw new Error("Model is no class");
  Model = found;
});
afterAll(() => rm(directory, { recursive: true }));

describe("the example of the guide, with its decorators compiled [U1]", () => {
  test("registers its functions, its class and its local entrypoint", () => {
    expect(app.name).toBe("quickstart");
    expect(app.registered.map(({ kind, tag }) => [kind, tag])).toEqual([
      ["function", "train"],
      ["function", "count-to"],
      ["class", "Model"],
      ["class", "Plain"],
    ]);
    expect(app.entrypoint).toBeTypeOf("function");
  });

  test("knows what each method is for, in the order they are written in [F6]", () => {
    expect(Model.marks.marks.map(({ kind, name }) => [kind, name])).toEqual([
      ["build", "downloadModelToFolder"],
      ["enter", "setup"],
      ["method", "inference"],
      ["method", "explain"],
      ["exit", "close"],
    ]);
  });

  test("knows its parameter with its default, and constructs with another value [P1]", () => {
    expect(parameterSpecs("Model", Model.target, Model.marks)).toMatchObject([
      { name: "modelId", hasDefault: true, defaultOneof: { case: "stringDefault", value: "iris-a" } },
    ]);
    expect(construct(Model.target, new Map())).toMatchObject({ modelId: "iris-a" });
    expect(construct(Model.target, new Map([["modelId", "iris-b"]]))).toMatchObject({ modelId: "iris-b" });
  });

  test("has the options of app, function and class", () => {
    expect(Model.options).toMatchObject({ gpu: "any", scaledownWindow: 60 });
    expect(Object.keys(Model.options.volumes ?? {})).toEqual(["/vol/models"]);
    expect([...must(Model.options.image, "the image").npmPackages]).toEqual(["@huggingface/hub"]);
  });

  test("runs here with local(), after its enter hooks", async () => {
    const model = app.instance(Model.target, { modelId: "iris-b" } as never) as never as {
      inference: { local(input: number[]): Promise<unknown> };
      explain: { local(input: number[]): AsyncGenerator<unknown> };
    };
    expect(await model.inference.local([1, 2])).toEqual({ modelId: "iris-b", label: 4 });
    const items = [];
    for await (const item of model.explain.local([7, 8])) items.push(item);
    expect(items).toEqual([{ value: 7 }, { value: 8 }]);
  });
});
