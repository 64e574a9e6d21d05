import { fromBinary } from "@bufbuild/protobuf";
import { newId } from "@dorian/base/ids";
import {
  ClassParameterSetSchema,
  Function_FunctionType as FunctionType,
  ParameterType,
  type FunctionBindParamsRequest,
  type FunctionMapRequest,
} from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { outputs, ScriptedServer, success, type Script } from "@dorian/testkit/scripted-server";
import { App } from "../app/app.ts";
import { Cls } from "./cls.ts";

class Model {
  modelId = "iris-a";
  async inference(features: number[]) {
    return `${this.modelId}: ${features.length}`;
  }
  async *stream() {
    yield this.modelId;
  }
  helper() {}
}

function scripted() {
  const bound: FunctionBindParamsRequest[] = [];
  const called: FunctionMapRequest[] = [];
  const script: Script = {
    functionGet: async ({ objectTag }) => ({
      functionId: "fu-class",
      handleMetadata: {
        functionName: objectTag,
        isMethod: true,
        methodHandleMetadata: {
          inference: { functionType: FunctionType.FUNCTION },
          stream: { functionType: FunctionType.GENERATOR },
        },
        classParameterInfo: {
          schema: [
            {
              name: "modelId",
              type: ParameterType.PARAM_TYPE_STRING,
              hasDefault: true,
              defaultOneof: { case: "stringDefault", value: "iris-a" },
            },
          ],
        },
      },
    }),
    async functionBindParams(request) {
      bound.push(request);
      return { boundFunctionId: `fu-bound-${bound.length}` };
    },
    async functionMap(request) {
      called.push(request);
      return { functionCallId: newId("fc") };
    },
    functionGetOutputs: async () => outputs(success("setosa")),
  };
  return { script, bound, called };
}

function parametersOf(request: FunctionBindParamsRequest | undefined) {
  const { parameters } = fromBinary(ClassParameterSetSchema, request?.serializedParams ?? new Uint8Array());
  return Object.fromEntries(parameters.map(({ name, valueOneof }) => [name, valueOneof.value]));
}

function appWithModel() {
  const app = new App("classes");
  app.cls({}, Model, { methods: ["inference", "stream"], parameters: ["modelId"] });
  app.hydrate(new Map([["Model.*", { functionId: "fu-class" }]]));
  return app;
}

test("each instance binds its parameters once, at its first call [P3]", async () => {
  const { script, bound, called } = scripted();
  await ScriptedServer.open(script);
  const app = appWithModel();
  const model = app.instance(Model, { modelId: "iris-b" });
  expect(bound).toEqual([]);
  expect(await model.inference.remote([1, 2])).toBe("setosa");
  await Promise.all([model.inference.remote([1]), model.inference.spawn([1])]);
  expect(bound).toHaveLength(1);
  expect(bound[0]?.functionId).toBe("fu-class");
  expect(parametersOf(bound[0])).toEqual({ modelId: "iris-b" });
  await app.instance(Model).inference.remote([1]);
  expect(parametersOf(bound[1])).toEqual({ modelId: "iris-a" });
  expect(
    called.map(({ functionId, pipelinedInputs }) => [functionId, pipelinedInputs[0]?.input?.methodName]),
  ).toEqual([
    ["fu-bound-1", "inference"],
    ["fu-bound-1", "inference"],
    ["fu-bound-1", "inference"],
    ["fu-bound-2", "inference"],
  ]);
});

test("a class found by name is called like one whose code is here", async () => {
  const { script, bound, called } = scripted();
  await ScriptedServer.open(script);
  const found = Cls.fromName<typeof Model>("classes", "Model");
  expect(await found.instance({ modelId: "iris-b" }).inference.remote([1])).toBe("setosa");
  await appWithModel().instance(Model, { modelId: "iris-b" }).inference.remote([1]);
  // The same bytes lead to the same containers.
  expect(bound[0]?.serializedParams).toEqual(bound[1]?.serializedParams);
  expect(called).toHaveLength(2);
});

test("a method that a class found by name lacks, and an unknown parameter, are errors that name what there is", async () => {
  const { script } = scripted();
  await ScriptedServer.open(script);
  const found = Cls.fromName<{ new (): { missing(): Promise<void>; modelId: string } }>("classes", "Model");
  await expect(found.instance().missing.remote()).rejects.toMatchObject({
    code: "METHOD_NOT_FOUND",
    remedy: expect.stringContaining("inference") as unknown,
  });
  const unknown = { model: "b" } as never;
  await expect(found.instance(unknown).missing.remote()).rejects.toMatchObject({ code: "PARAMETER_UNKNOWN" });
});

test("a handle can be awaited without calling anything", async () => {
  const { script, called } = scripted();
  await ScriptedServer.open(script);
  const handle = await Promise.resolve(Cls.fromName<typeof Model>("classes", "Model").instance());
  expect(typeof handle.inference.remote).toBe("function");
  expect(called).toEqual([]);
});

test("a binding that failed is tried again", async () => {
  const { script } = scripted();
  let tries = 0;
  await ScriptedServer.open({
    ...script,
    async functionBindParams() {
      tries += 1;
      if (tries === 1) throw new Error("not now");
      return { boundFunctionId: "fu-bound" };
    },
  });
  const model = appWithModel().instance(Model);
  await expect(model.inference.remote([1])).rejects.toMatchObject({ status: "INTERNAL" });
  expect(await model.inference.remote([1])).toBe("setosa");
});
