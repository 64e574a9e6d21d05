import {
  AppState,
  ClassParameterInfo_ParameterSerializationFormat as Format,
  Function_FunctionType as FunctionType,
} from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import {
  BuildWorker,
  buildImage,
  CatalogServer,
  temporaryDirectory,
  type ModalCaller,
} from "../../../test/catalog-server.ts";

async function openWithImage() {
  const server = await CatalogServer.open(await temporaryDirectory());
  const worker = await BuildWorker.join(server);
  const { imageId } = await buildImage(server.modal, { dockerfileCommands: ["FROM debian:bookworm-slim"] });
  return {
    modal: server.modal,
    worker,
    imageId,
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** As clients from 0.63 to 0.66 do: a function for the class, and a name for each of its methods. */
async function deployWithAliases(modal: ModalCaller, imageId: string, existing: Record<string, string> = {}) {
  const known = await modal.appGetByDeploymentName({ name: "shop" });
  const { appId } = known.appId
    ? known
    : await modal.appCreate({ description: "shop", appState: AppState.INITIALIZING });
  const precreate = async (functionName: string, rest: object = {}) =>
    (
      await modal.functionPrecreate({
        appId,
        functionName,
        functionType: FunctionType.FUNCTION,
        existingFunctionId: existing[functionName] ?? "",
        ...rest,
      })
    ).functionId;
  const [classFunctionId, methodId] = await Promise.all([
    precreate("Model.*"),
    precreate("Model.infer", { useMethodName: "infer" }),
  ]);
  const cls = await modal.functionCreate({
    appId,
    existingFunctionId: classFunctionId,
    deferUpdates: true,
    function: {
      functionName: "Model.*",
      imageId,
      isClass: true,
      functionType: FunctionType.FUNCTION,
      classParameterInfo: { format: Format.PARAM_SERIALIZATION_FORMAT_PICKLE },
    },
  });
  const method = await modal.functionCreate({
    appId,
    existingFunctionId: methodId,
    deferUpdates: true,
    function: {
      functionName: "Model.infer",
      functionType: FunctionType.FUNCTION,
      isMethod: true,
      useFunctionId: classFunctionId,
      useMethodName: "infer",
    },
  });
  const { classId, handleMetadata } = await modal.classCreate({
    appId,
    existingClassId: existing["Model"] ?? "",
    methods: [{ functionName: "infer", functionId: methodId }],
  });
  const definitionIds = {
    [classFunctionId]: cls.handleMetadata?.definitionId ?? "",
    [methodId]: method.handleMetadata?.definitionId ?? "",
  };
  await modal.appPublish({
    appId,
    name: "shop",
    appState: AppState.DEPLOYED,
    functionIds: { "Model.*": classFunctionId, "Model.infer": methodId },
    classIds: { Model: classId },
    definitionIds,
  });
  return { appId, classFunctionId, methodId, classId, echoed: handleMetadata?.methods, method };
}

test("of a class with a name for each method, every name is the class's function with that method", async () => {
  await using open = await openWithImage();
  const { modal, imageId } = open;
  const made = await deployWithAliases(modal, imageId);
  const { appId, classFunctionId, methodId, classId } = made;
  const metadata = { isMethod: true, useFunctionId: classFunctionId, useMethodName: "infer" };
  expect(made.method.handleMetadata).toMatchObject(metadata);
  expect(made.echoed).toMatchObject([
    { functionName: "infer", functionId: methodId, functionHandleMetadata: metadata },
  ]);
  expect(await modal.classGet({ appName: "shop", objectTag: "Model" })).toMatchObject({
    classId,
    handleMetadata: {
      methods: [{ functionName: "infer", functionId: methodId, functionHandleMetadata: metadata }],
      classFunctionId,
      classFunctionMetadata: { methodHandleMetadata: { infer: metadata } },
    },
  });
  // Clients that know nothing of such names call the class's function.
  expect(await modal.functionGet({ appName: "shop", objectTag: "Model.infer" })).toMatchObject({
    functionId: classFunctionId,
    handleMetadata: metadata,
  });

  await expect(
    modal.classGet({ appName: "shop", objectTag: "Model" }, { clientVersion: "0.62.181" }),
  ).rejects.toMatchObject({ code: "CLASS_LAYOUT_NEW" });

  const objects = await modal.appGetObjects({ appId });
  const ids = Object.fromEntries(objects.items.map(({ tag, object }) => [tag, object?.objectId ?? ""]));
  expect(ids).toEqual({ "Model.*": classFunctionId, "Model.infer": methodId, Model: classId });
  const withoutAliases = await modal.appGetObjects({ appId, onlyClassFunction: true });
  expect(withoutAliases.items.map((item) => item.tag).toSorted()).toEqual(["Model", "Model.*"]);
  const again = await deployWithAliases(modal, imageId, ids);
  expect(again).toMatchObject({ appId, classFunctionId, methodId, classId });
});

test("a call by the class's function runs its method, and binding by a method's name binds the class", async () => {
  await using open = await openWithImage();
  const { modal, worker, imageId } = open;
  const { classFunctionId, methodId } = await deployWithAliases(modal, imageId);
  const params = new Uint8Array([1, 2, 3]);
  const bound = await modal.functionBindParams({ functionId: classFunctionId, serializedParams: params });
  expect(await modal.functionBindParams({ functionId: methodId, serializedParams: params })).toEqual(bound);
  const { functionCallId } = await modal.functionMap({
    functionId: bound.boundFunctionId,
    functionCallType: 1,
    pipelinedInputs: [{ input: { methodName: "infer" } }],
  });
  await modal.functionGetOutputs({ functionCallId, timeout: 10 });
  expect(worker.tasks[0]?.arguments).toMatchObject({
    functionId: bound.boundFunctionId,
    serializedParams: params,
    functionDef: { functionName: "Model.*", isClass: true },
  });
});

test("methods that are functions of their own, as before 0.63, are found in the class and bound one by one", async () => {
  await using open = await openWithImage();
  const { modal, imageId } = open;
  const { appId } = await modal.appCreate({ description: "first", appState: AppState.INITIALIZING });
  const create = async (functionName: string) =>
    (
      await modal.functionCreate({
        appId,
        function: { functionName, imageId, isMethod: true, functionType: FunctionType.GENERATOR },
      })
    ).functionId;
  const infer = await create("Model.infer");
  const other = await create("Model.other");
  const { classId } = await modal.classCreate({
    appId,
    methods: [
      { functionName: "infer", functionId: infer },
      { functionName: "other", functionId: other },
    ],
  });
  await modal.appSetObjects({
    appId,
    indexedObjectIds: { "Model.infer": infer, "Model.other": other, Model: classId },
  });
  await modal.appDeploy({ appId, name: "first" });
  const found = await modal.classGet({ appName: "first", objectTag: "Model" });
  expect(found.handleMetadata?.methods).toMatchObject([
    {
      functionName: "infer",
      functionId: infer,
      functionHandleMetadata: { isMethod: true, useMethodName: "" },
    },
    { functionName: "other", functionId: other },
  ]);
  await expect(
    modal.classGet({ appName: "first", objectTag: "Model", onlyClassFunction: true }),
  ).rejects.toMatchObject({ code: "CLASS_LAYOUT_OLD" });
  await expect(modal.functionGet({ appName: "first", objectTag: "Model.*" })).rejects.toMatchObject({
    status: "NOT_FOUND",
  });
  const params = new Uint8Array([9]);
  const { boundFunctionId } = await modal.functionBindParams({ functionId: infer, serializedParams: params });
  expect(boundFunctionId).not.toBe(infer);
});

test("methods in the class's function are found by clients that look for them in the class, and by their own name", async () => {
  await using open = await openWithImage();
  const { modal, imageId } = open;
  const { appId } = await modal.appCreate({ description: "new", appState: AppState.INITIALIZING });
  const { functionId } = await modal.functionCreate({
    appId,
    function: {
      functionName: "Model.*",
      imageId,
      isClass: true,
      methodDefinitionsSet: true,
      methodDefinitions: { infer: { functionName: "Model.infer", functionType: FunctionType.GENERATOR } },
    },
  });
  const { classId } = await modal.classCreate({ appId, onlyClassFunction: true });
  await modal.appPublish({
    appId,
    name: "new",
    appState: AppState.DEPLOYED,
    functionIds: { "Model.*": functionId },
    classIds: { Model: classId },
  });
  const metadata = {
    useFunctionId: functionId,
    useMethodName: "infer",
    functionType: FunctionType.GENERATOR,
  };
  const { handleMetadata } = await modal.classGet({ appName: "new", objectTag: "Model" });
  expect(handleMetadata?.methods).toMatchObject([
    { functionName: "infer", functionId, functionHandleMetadata: metadata },
  ]);
  expect(await modal.functionGet({ appName: "new", objectTag: "Model.infer" })).toMatchObject({
    functionId,
    handleMetadata: metadata,
  });
  await expect(modal.functionGet({ appName: "new", objectTag: "Model" })).rejects.toMatchObject({
    code: "FUNCTION_IS_CLASS",
  });
});
