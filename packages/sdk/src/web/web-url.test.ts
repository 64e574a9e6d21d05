import { ParameterType } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { ScriptedServer } from "@dorian/testkit/scripted-server";
import { App } from "../app/app.ts";
import { Cls } from "../class/cls.ts";
import { RemoteFunction } from "../function/remote-function.ts";

class Model {
  modelId = "small";
  key = new Uint8Array();
  async page(request: Request) {
    return new Response(request.url);
  }
}

const webUrl = "http://127.0.0.1:7100";
const handleMetadata = {
  webUrl,
  methodHandleMetadata: { page: { webUrl } },
  classParameterInfo: {
    schema: [
      { name: "modelId", type: ParameterType.PARAM_TYPE_STRING, hasDefault: true },
      { name: "key", type: ParameterType.PARAM_TYPE_BYTES, hasDefault: true },
    ].map((spec) => ({
      ...spec,
      defaultOneof:
        spec.name === "key"
          ? { case: "bytesDefault" as const, value: new Uint8Array() }
          : { case: "stringDefault" as const, value: "small" },
    })),
  },
};

/** The class by its name, and by its code. */
async function classes() {
  await ScriptedServer.open({
    functionGet: async () => ({ functionId: "fu-1", handleMetadata }),
    functionGetById: async () => ({ handleMetadata }),
  });
  const app = new App("web");
  app.cls({}, Model, { web: { page: {} }, parameters: ["modelId", "key"] });
  app.hydrate(new Map([["Model.*", { functionId: "fu-1" }]]));
  return { app, found: Cls.fromName<typeof Model>("web", "Model") };
}

test("the address of an instance has its parameters in the query", async () => {
  const { app, found } = await classes();
  const parameters = { modelId: "a b", key: Buffer.from("ü") };
  for (const instance of [app.instance(Model, parameters), found.instance(parameters)])
    expect(await instance.page.url()).toBe(`${webUrl}/?modelId=a+b&key=%C3%BC`);
});

test("what requests would not lead to has no address: other options, another version", async () => {
  const { app, found } = await classes();
  const options = { memory: 512 };
  const pinned = { version: 2 };
  const handles = [
    app.withOptions(Model, options).instance().page,
    found.withOptions(options).instance().page,
    Cls.fromName<typeof Model>("web", "Model", pinned).instance().page,
    RemoteFunction.fromName("web", "page", pinned),
    RemoteFunction.fromName("web", "page").withOptions(options),
  ];
  for (const handle of handles)
    await expect(handle.url()).rejects.toMatchObject({ code: "WEB_ADDRESS_OF_ANOTHER" });
  expect(await RemoteFunction.fromName("web", "page").url()).toBe(webUrl);
});

test("parameters that a class does not have, or not so, are refused for an address as for a call", async () => {
  const { app, found } = await classes();
  const url = (parameters: object) => found.instance(parameters).page.url();
  await expect(url({ model: "b" })).rejects.toMatchObject({ code: "PARAMETER_UNKNOWN" });
  await expect(url({ modelId: 7 })).rejects.toMatchObject({ code: "PARAMETER_INVALID" });
  const bytes = { key: Uint8Array.of(0xff) };
  for (const instance of [app.instance(Model, bytes), found.instance(bytes)])
    await expect(instance.page.url()).rejects.toMatchObject({
      code: "PARAMETER_INVALID",
      message: 'Parameter "key" has bytes that are not UTF-8.',
    });
});
