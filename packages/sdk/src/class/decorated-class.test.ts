import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { must } from "@dorian/base/must";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { App } from "../app/app.ts";
import { setTransport } from "../client/current-transport.ts";
import { construct } from "./construct.ts";

const source = `
import { App, build, enter, exit, method, parameter } from ${JSON.stringify(import.meta.resolve("../index.ts"))};

export const app = new App("decorated");

class Base {
  @parameter() modelId = "iris-a";
  log: string[] = ["base:" + this.modelId];
  @enter() load() { this.log.push("load " + this.modelId); }
}

@app.cls({ timeout: 60 })
export class Model extends Base {
  @parameter({ type: "number" }) size!: number;
  @build() @enter() download() { this.log.push("download"); }
  @method() predict(x: number) { return [this.modelId, this.size, x]; }
  @method() async *stream(n: number) { for (let i = 0; i < n; i++) yield i; }
  @exit() bye() {}
  helper() {}
}
`;

async function compiled() {
  await using directory = await temporaryDirectory({ "model.ts": source });
  // As the bundler does it: Node runs no decorators.
  const { outputFiles } = await build({
    entryPoints: [join(directory.path, "model.ts")],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node24",
    supported: { decorators: false },
    external: ["file:*"],
  });
  const file = join(directory.path, "model.mjs");
  await writeFile(file, outputFiles[0]?.text ?? "");
  return (await import(file)) as {
    app: App;
    Model: new () => { modelId: string; size: number; log: string[]; predict(x: number): unknown };
  };
}

test("a decorated class that was compiled is registered with its marks and parameters", async () => {
  const { app, Model } = await compiled();
  const [registered] = app.registered;
  expect(registered).toMatchObject({ kind: "class", tag: "Model", target: Model, options: { timeout: 60 } });
  if (registered?.kind !== "class") throw new Error("Not a class.");
  expect(registered.marks.parameters).toEqual([{ name: "modelId" }, { name: "size", type: "number" }]);
  expect(registered.marks.marks).toEqual([
    { kind: "enter", name: "load" },
    { kind: "enter", name: "download" },
    { kind: "build", name: "download" },
    { kind: "method", name: "predict" },
    { kind: "method", name: "stream" },
    { kind: "exit", name: "bye" },
  ]);
});

test("parameters have their values while the constructor runs, and none leak into later instances [P4]", async () => {
  const { Model } = await compiled();
  const bound = construct(
    Model,
    new Map<string, string | number>([
      ["modelId", "iris-b"],
      ["size", 7],
    ]),
  );
  expect(bound).toMatchObject({ modelId: "iris-b", size: 7, log: ["base:iris-b"] });
  expect(bound.predict(1)).toEqual(["iris-b", 7, 1]);
  expect(new Model()).toMatchObject({ modelId: "iris-a", log: ["base:iris-a"] });
});

test("only methods with @method() can be called on a handle; the rest says why", async () => {
  const { app, Model } = await compiled();
  setTransport(undefined);
  const handle = app.instance(Model as never, { modelId: "iris-b", size: 2 } as never) as unknown as Record<
    string,
    { local(...args: unknown[]): unknown }
  >;
  expect(Object.keys(handle).toSorted()).toEqual(["predict", "stream"]);
  expect(await handle["predict"]?.local(5)).toEqual(["iris-b", 2, 5]);
  const items: unknown[] = [];
  const stream = must(handle["stream"], "the generator");
  for await (const item of stream.local(3) as AsyncIterable<unknown>) items.push(item);
  expect(items).toEqual([0, 1, 2]);
  for (const name of ["helper", "download"]) {
    expect(() => handle[name]).toThrow(expect.objectContaining({ code: "METHOD_NOT_CALLABLE" }));
  }
});

test("an instance of a class without a value for a parameter that needs one is refused", async () => {
  const { app, Model } = await compiled();
  expect(() => app.instance(Model)).toThrow(expect.objectContaining({ code: "PARAMETER_MISSING" }));
  class Other {
    run() {}
  }
  expect(() => app.instance(Other)).toThrow(expect.objectContaining({ code: "CLASS_NOT_REGISTERED" }));
});
