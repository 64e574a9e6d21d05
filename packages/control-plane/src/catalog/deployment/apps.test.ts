import { sleep } from "@dorian/base/sleep";
import {
  AppDisconnectReason,
  AppState,
  ClassParameterInfo_ParameterSerializationFormat as Format,
  ClassParameterSetSchema,
  FunctionOptionsSchema,
  ParameterType,
} from "@dorian/protocol/modal";
import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  BuildWorker,
  buildImage,
  CatalogServer,
  defineFunction,
  mountFiles,
  publishApp,
  temporaryDirectory,
  type ModalCaller,
} from "../../../test/catalog-server.ts";

const never = new AbortController().signal;

async function openWithImage(directory?: string, options = {}) {
  const server = await CatalogServer.open(directory ?? (await temporaryDirectory()), options);
  const worker = await BuildWorker.join(server);
  const image = await buildImage(server.modal, { dockerfileCommands: ["FROM debian:bookworm-slim"] });
  return {
    server,
    worker,
    modal: server.modal,
    imageId: image.imageId,
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Deploys as clients do: under the ids of the app that is there, if there is one. */
async function deploy(
  modal: ModalCaller,
  name: string,
  definitions: Parameters<typeof defineFunction>[2][],
): Promise<{ appId: string; functionIds: Record<string, string> }> {
  const known = await modal.appGetByDeploymentName({ name });
  const appId =
    known.appId || (await modal.appCreate({ description: name, appState: AppState.INITIALIZING })).appId;
  const { appLayout } = await modal.appGetLayout({ appId });
  const functions = [];
  for (const definition of definitions) {
    const existing = appLayout?.functionIds[definition.functionName] ?? "";
    functions.push(await defineFunction(modal, appId, definition, existing));
  }
  await publishApp(modal, { appId, name }, functions);
  return {
    appId,
    functionIds: Object.fromEntries(functions.map((each) => [each.tag, each.functionId])),
  };
}

const parameters = (...values: [string, string | bigint][]) =>
  toBinary(
    ClassParameterSetSchema,
    create(ClassParameterSetSchema, {
      parameters: values.map(([name, value]) => ({
        name,
        valueOneof:
          typeof value === "string"
            ? { case: "stringValue" as const, value }
            : { case: "intValue" as const, value },
      })),
    }),
  );

const modelClass = (imageId: string, withDefault: boolean) => ({
  functionName: "Model.*",
  imageId,
  isClass: true,
  methodDefinitions: { inference: { functionName: "Model.inference", functionType: 2 } },
  classParameterInfo: {
    format: Format.PARAM_SERIALIZATION_FORMAT_PROTO,
    schema: [
      {
        name: "modelId",
        type: ParameterType.PARAM_TYPE_STRING,
        hasDefault: withDefault,
        ...(withDefault ? { defaultOneof: { case: "stringDefault" as const, value: "iris-a" } } : {}),
      },
    ],
  },
});

test("a retried call with the same key makes one app, also after a restart", async () => {
  const directory = await temporaryDirectory();
  const key = { idempotencyKey: "k-1" };
  const first = await CatalogServer.open(directory);
  const [a, b] = await Promise.all([
    first.modal.appCreate({ description: "x" }, key),
    first.modal.appCreate({ description: "x" }, key),
  ]);
  await first[Symbol.asyncDispose]();
  await using server = await CatalogServer.open(directory);
  const c = await server.modal.appCreate({ description: "x" }, key);
  expect([b.appId, c.appId]).toEqual([a.appId, a.appId]);
  expect((await server.modal.appList({})).apps).toHaveLength(1);
});

test("what is said of an app, and would be kept in memory and told in every list, is bounded [B7]", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = server;
  const long = "x".repeat(100_000);
  await expect(modal.appCreate({ description: long })).rejects.toMatchObject({
    code: "APP_DESCRIPTION_TOO_LONG",
  });
  const tooLong = { code: "APP_TAGS_TOO_LONG" };
  await expect(modal.appCreate({ description: "a", tags: { a: long } })).rejects.toMatchObject(tooLong);
  const { appId } = await modal.appCreate({ description: "a", tags: { a: "b" } });
  await expect(modal.appSetTags({ appId, tags: { a: long } })).rejects.toMatchObject(tooLong);
  await expect(modal.appPublish({ appId, name: "a", tags: { [long]: "" } })).rejects.toMatchObject(tooLong);
  expect((await modal.appGetTags({ appId })).tags).toEqual({ a: "b" });
});

test("looking for an app that is not deployed finds nothing and is no error", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  expect((await server.modal.appGetByDeploymentName({ name: "nothing" })).appId).toBe("");
});

test("definitions become live at the publish; one that never comes leaves the running version alone", async () => {
  await using open = await openWithImage();
  const { modal, worker, imageId } = open;
  const { appId, functionIds } = await deploy(modal, "quickstart", [
    { functionName: "train", imageId, timeoutSecs: 10 },
  ]);
  const functionId = functionIds["train"] ?? "";
  await defineFunction(modal, appId, { functionName: "train", imageId, timeoutSecs: 20 }, functionId);
  const call = async () => {
    const { functionCallId } = await modal.functionMap({
      functionId,
      functionCallType: 1,
      pipelinedInputs: [{ input: { argsOneof: { case: "args", value: new Uint8Array() } } }],
    });
    await modal.functionGetOutputs({ functionCallId, timeout: 10 });
    return worker.tasks.at(-1)?.arguments?.functionDef?.timeoutSecs;
  };
  expect(await call()).toBe(10);
  const again = await deploy(modal, "quickstart", [{ functionName: "train", imageId, timeoutSecs: 30 }]);
  expect(again).toEqual({ appId, functionIds });
  expect(await call()).toBe(30);
});

test("of two deploys at once the one that was overtaken is told to deploy again", async () => {
  await using open = await openWithImage();
  const { modal, imageId } = open;
  const { appId, functionIds } = await deploy(modal, "quickstart", [{ functionName: "train", imageId }]);
  const mine = await defineFunction(modal, appId, { functionName: "train", imageId }, functionIds["train"]);
  await defineFunction(modal, appId, { functionName: "train", imageId }, functionIds["train"]);
  await expect(publishApp(modal, { appId, name: "quickstart" }, [mine])).rejects.toMatchObject({
    code: "FUNCTION_DEFINITION_SUPERSEDED",
    status: "ABORTED",
  });
  const other = await modal.appCreate({ description: "quickstart", appState: AppState.INITIALIZING });
  await expect(publishApp(modal, { appId: other.appId, name: "quickstart" }, [])).rejects.toMatchObject({
    code: "APP_NAME_TAKEN",
  });
});

test("functions and classes are found by name after a deploy, with what is needed to call them", async () => {
  await using open = await openWithImage();
  const { modal, imageId } = open;
  const { appId } = await modal.appCreate({ description: "quickstart", appState: AppState.INITIALIZING });
  const train = await defineFunction(modal, appId, { functionName: "train", imageId });
  const model = await defineFunction(modal, appId, modelClass(imageId, true));
  const { classId } = await modal.classCreate({ appId, onlyClassFunction: true });
  await publishApp(modal, { appId, name: "quickstart" }, [train, model], { Model: classId });
  const found = await modal.functionGet({ appName: "quickstart", objectTag: "train" });
  expect(found).toMatchObject({
    functionId: train.functionId,
    handleMetadata: { functionName: "train", appId },
  });
  const cls = await modal.classGet({ appName: "quickstart", objectTag: "Model" });
  expect(cls.classId).toBe(classId);
  expect(cls.handleMetadata?.classFunctionMetadata?.methodHandleMetadata["inference"]).toMatchObject({
    useMethodName: "inference",
    isMethod: true,
    useFunctionId: model.functionId,
    functionName: "Model.inference",
  });
  const { appLayout } = await modal.appGetLayout({ appId });
  expect(appLayout).toMatchObject({
    functionIds: { train: train.functionId, "Model.*": model.functionId },
    classIds: { Model: classId },
  });
  const ids = appLayout?.objects.map((object) => object.objectId).toSorted();
  expect(ids).toEqual([train.functionId, model.functionId, classId].toSorted());
  await expect(modal.functionGet({ appName: "quickstart", objectTag: "nope" })).rejects.toMatchObject({
    status: "NOT_FOUND",
    remedy: "It has: train.",
  });
  await expect(modal.functionGet({ appName: "nope", objectTag: "x" })).rejects.toMatchObject({
    code: "APP_NOT_FOUND",
  });
});

test("binding is pure: equal parameters are one variant, everywhere and after a restart [P1] [P3]", async () => {
  const directory = await temporaryDirectory();
  const bound: string[] = [];
  let functionId = "";
  {
    await using open = await openWithImage(directory);
    const { modal, imageId } = open;
    const deployed = await deploy(modal, "quickstart", [modelClass(imageId, true)]);
    functionId = deployed.functionIds["Model.*"] ?? "";
    const bind = async (params: Uint8Array, options?: MessageInitShape<typeof FunctionOptionsSchema>) =>
      (
        await modal.functionBindParams({
          functionId,
          serializedParams: params,
          ...(options ? { functionOptions: options } : {}),
        } as never)
      ).boundFunctionId;
    bound.push(await bind(parameters(["modelId", "iris-b"])));
    expect(await bind(parameters(["modelId", "iris-b"]))).toBe(bound[0]);
    expect(await bind(parameters(["modelId", "iris-b"]), {})).toBe(bound[0]);
    expect(await bind(parameters(["modelId", "iris-c"]))).not.toBe(bound[0]);
    expect(await bind(parameters(["modelId", "iris-b"]), { timeoutSecs: 9 })).not.toBe(bound[0]);
    // The set of all defaults is what the class itself runs with: one pool for both.
    expect(await bind(parameters())).toBe(functionId);
    expect(await bind(parameters(["modelId", "iris-a"]))).toBe(functionId);
    await expect(bind(parameters(["other", "x"]))).rejects.toThrow(/Model has no parameter "other"/);
    await expect(bind(parameters(["modelId", 3n]))).rejects.toThrow(/must be a string/);
    await expect(bind(parameters(["modelId", "x".repeat(17_000)]))).rejects.toMatchObject({
      code: "CLASS_PARAMETERS_INVALID",
    });
  }
  await using server = await CatalogServer.open(directory);
  const again = await server.modal.functionBindParams({
    functionId,
    serializedParams: parameters(["modelId", "iris-b"]),
  });
  expect(again.boundFunctionId).toBe(bound[0]);
});

test("a variant's `minContainers` start when it is called for the first time, or when they were asked of it alone [L12]", async () => {
  await using open = await openWithImage();
  const { modal, worker, imageId } = open;
  const { functionIds } = await deploy(modal, "quickstart", [modelClass(imageId, false)]);
  const bind = async (modelId: string) => {
    const functionId = functionIds["Model.*"] ?? "";
    const serializedParams = parameters(["modelId", modelId]);
    const functionOptions = { warmPoolSize: 1 };
    return (await modal.functionBindParams({ functionId, serializedParams, functionOptions }))
      .boundFunctionId;
  };
  const [called, asked] = [await bind("called"), await bind("asked"), await bind("never")];
  const started = () => new Set(worker.tasks.map(({ arguments: run }) => run?.functionId));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(started().size).toBe(0);
  await modal.functionMap({
    functionId: called,
    functionCallType: 1,
    pipelinedInputs: [{ input: { methodName: "inference" } }],
  });
  await expect.poll(started).toEqual(new Set([called]));
  await modal.functionUpdateSchedulingParams({ functionId: asked, settings: { minContainers: 1 } });
  await expect.poll(started).toEqual(new Set([called, asked]));
});

test("a bound variant has its parameters and options, and follows its class over redeploys [P3]", async () => {
  await using open = await openWithImage();
  const { modal, worker, imageId } = open;
  const { functionIds } = await deploy(modal, "quickstart", [
    { ...modelClass(imageId, false), timeoutSecs: 10 },
  ]);
  const functionId = functionIds["Model.*"] ?? "";
  await expect(modal.functionBindParams({ functionId, serializedParams: parameters() })).rejects.toThrow(
    /Model needs the parameter "modelId"/,
  );
  const { boundFunctionId } = await modal.functionBindParams({
    functionId,
    serializedParams: parameters(["modelId", "iris-b"]),
    functionOptions: { maxConcurrentInputs: 4 },
  });
  const call = async () => {
    const { functionCallId } = await modal.functionMap({
      functionId: boundFunctionId,
      functionCallType: 1,
      pipelinedInputs: [{ input: { methodName: "inference" } }],
    });
    await modal.functionGetOutputs({ functionCallId, timeout: 10 });
    return worker.tasks.at(-1)?.arguments;
  };
  const first = await call();
  expect(first).toMatchObject({
    functionId: boundFunctionId,
    functionDef: { timeoutSecs: 10, maxConcurrentInputs: 4 },
    appLayout: { functionIds: { "Model.*": functionId } },
  });
  expect(first?.serializedParams.length).toBeGreaterThan(0);
  await deploy(modal, "quickstart", [{ ...modelClass(imageId, false), timeoutSecs: 11 }]);
  expect(await call()).toMatchObject({ functionDef: { timeoutSecs: 11, maxConcurrentInputs: 4 } });
});

test("a function in TypeScript that takes inputs one by one cannot be given batches by an option", async () => {
  await using open = await openWithImage();
  const { modal, imageId } = open;
  const node = { imageId, nodeEntrypoint: { modulePath: "/root/app.mjs", objectTag: "f" } };
  const { functionIds } = await deploy(modal, "quickstart", [
    { ...node, functionName: "alone" },
    { ...node, functionName: "gathered", batchMaxSize: 4, batchLingerMs: 10n },
    { imageId, functionName: "python", nodeEntrypoint: undefined },
  ]);
  const bind = (tag: string) => {
    const functionOptions = { batchMaxSize: 8, batchLingerMs: 5n };
    return modal.functionBindParams({ functionId: functionIds[tag] ?? "", functionOptions });
  };
  await expect(bind("alone")).rejects.toMatchObject({ code: "FUNCTION_NOT_BATCHED" });
  await bind("gathered");
  await bind("python");
});

test("a container gets its image's layers, the code on top, secrets and volumes [K1]", async () => {
  await using open = await openWithImage();
  const { modal, worker, imageId } = open;
  const mountId = await mountFiles(modal, { "/root/app.mjs": "export {}" });
  const secret = await modal.secretGetOrCreate({ objectCreationType: 4, envDict: { TOKEN: "t0" } });
  const { volumeId } = await modal.volumeGetOrCreate({ deploymentName: "weights", objectCreationType: 1 });
  const definition = {
    functionName: "train",
    imageId,
    mountIds: [mountId],
    secretIds: [secret.secretId],
    volumeMounts: [{ volumeId, mountPath: "/vol/models", allowBackgroundCommits: true }],
    objectDependencies: [{ objectId: volumeId }, { objectId: imageId }],
  };
  const { functionIds } = await deploy(modal, "quickstart", [definition]);
  const { functionCallId } = await modal.functionMap({
    functionId: functionIds["train"] ?? "",
    functionCallType: 1,
    pipelinedInputs: [{ input: {} }],
  });
  await modal.functionGetOutputs({ functionCallId, timeout: 10 });
  const task = worker.tasks[0];
  expect(task?.layerIds).toHaveLength(2);
  expect(task).toMatchObject({
    secretEnv: { TOKEN: "t0" },
    config: { workdir: "/root" },
    volumes: [{ volumeId, mountPath: "/vol/models", backgroundCommits: true, head: { version: 0n } }],
  });
  const objects = task?.arguments?.appLayout?.objects ?? [];
  expect(objects.find((object) => object.objectId === volumeId)?.handleMetadataOneof.case).toBe(
    "volumeMetadata",
  );
});

test("impossible definitions are refused with what is wrong [K3]", async () => {
  await using open = await openWithImage();
  const { modal, imageId } = open;
  const { appId } = await modal.appCreate({ description: "x" });
  const { volumeId } = await modal.volumeGetOrCreate({ deploymentName: "v", objectCreationType: 1 });
  const refused = async (definition: object, code: string) => {
    const whole = { functionName: "f", imageId, ...definition };
    await expect(defineFunction(modal, appId, whole)).rejects.toMatchObject({ code });
  };
  await refused({ volumeMounts: [{ volumeId, mountPath: "/" }] }, "VOLUME_MOUNT_INVALID");
  await refused({ functionName: "a/b" }, "FUNCTION_NAME_INVALID");
  await refused({ imageId: "im-unknown" }, "IMAGE_NOT_FOUND");
  await refused({ mountIds: ["mo-unknown"] }, "MOUNT_NOT_FOUND");
  await refused({ secretIds: ["st-unknown"] }, "SECRET_NOT_FOUND");
  await refused({ volumeMounts: [{ volumeId: "vo-unknown", mountPath: "/v" }] }, "VOLUME_NOT_FOUND");
  await refused({ resources: { gpuConfig: { gpuType: "not a gpu" } } }, "FUNCTION_DEFINITION_INVALID");
  await refused(
    { autoscalerSettings: { minContainers: 3, maxContainers: 2 } },
    "FUNCTION_DEFINITION_INVALID",
  );
  await refused({ isServer: true }, "FUNCTION_FEATURE_UNSUPPORTED");
  await refused({ sharedVolumeMounts: [{ mountPath: "/nfs" }] }, "FUNCTION_FEATURE_UNSUPPORTED");
  const { functionId } = await defineFunction(modal, appId, { functionName: "f", imageId });
  const other = await modal.appCreate({ description: "y" });
  await expect(
    defineFunction(modal, other.appId, { functionName: "f", imageId }, functionId),
  ).rejects.toMatchObject({ code: "FUNCTION_OF_OTHER_APP" });
});

test("what runs is found by its app's name while it runs, the latest run first, and deployed apps before all [A12]", async () => {
  await using open = await openWithImage();
  const { modal, imageId } = open;
  const found = async () =>
    (await modal.functionGet({ appName: "served", objectTag: "train" }).catch(() => undefined))?.functionId;
  const run = async () => {
    const { appId } = await modal.appCreate({ description: "served", appState: AppState.EPHEMERAL });
    const train = await defineFunction(modal, appId, { functionName: "train", imageId });
    expect(await found()).not.toBe(train.functionId);
    const model = await defineFunction(modal, appId, modelClass(imageId, true));
    const { classId } = await modal.classCreate({ appId, onlyClassFunction: true });
    await publishApp(modal, { appId }, [train, model], { Model: classId });
    return { appId, functionId: train.functionId, classId };
  };
  expect(await found()).toBeUndefined();
  const first = await run();
  expect(await found()).toBe(first.functionId);
  expect((await modal.classGet({ appName: "served", objectTag: "Model" })).classId).toBe(first.classId);
  await expect(modal.functionGet({ appName: "served", objectTag: "none" })).rejects.toThrow(
    'The app "served" has no function "none".',
  );
  await new Promise((resolve) => setTimeout(resolve, 2));
  const second = await run();
  expect(await found()).toBe(second.functionId);
  const { functionIds } = await deploy(modal, "served", [{ functionName: "train", imageId }]);
  expect(await found()).toBe(functionIds["train"]);
  expect((await modal.appGetByDeploymentName({ name: "served" })).appId).not.toBe(second.appId);
  const { appId } = await modal.appGetByDeploymentName({ name: "served" });
  await modal.appStop({ appId });
  await modal.appClientDisconnect({ appId: second.appId });
  await expect.poll(found).toBe(first.functionId);
  await modal.appClientDisconnect({ appId: first.appId });
  await expect.poll(found).toBeUndefined();
});

test("a run's app stops when its client says goodbye, and its functions take no more calls", async () => {
  await using open = await openWithImage();
  const { modal, imageId } = open;
  const { appId } = await modal.appCreate({ description: "run", appState: AppState.EPHEMERAL });
  const train = await defineFunction(modal, appId, { functionName: "train", imageId });
  await publishApp(modal, { appId }, [train]);
  await modal.appClientDisconnect({ appId, reason: AppDisconnectReason.ENTRYPOINT_COMPLETED });
  await expect
    .poll(async () => (await modal.appGetLifecycle({ appId })).lifecycle?.appState)
    .toBe(AppState.STOPPED);
  expect((await modal.appGetLifecycle({ appId })).lifecycle?.stoppedBy).toBe("the run has ended");
  await expect(modal.functionMap({ functionId: train.functionId })).rejects.toMatchObject({
    code: "APP_STOPPED",
  });
  // Its client goes on for a moment, and would show its user each refusal [A23].
  expect(await modal.appHeartbeat({ appId })).toBeDefined();
  expect(await modal.appClientDisconnect({ appId })).toBeDefined();
});

test("a reason for the end of a run that is not known here is taken for none [B18]", async () => {
  await using open = await openWithImage();
  const { modal } = open;
  const { appId } = await modal.appCreate({ description: "run", appState: AppState.EPHEMERAL });
  await modal.appClientDisconnect({ appId, reason: 2 ** 31 - 1 });
  await expect
    .poll(async () => (await modal.appGetLifecycle({ appId })).lifecycle?.stoppedBy)
    .toBe("the client has disconnected");
});

test("a run whose client is silent is stopped; one that sends heartbeats and a deployed app are not", async () => {
  await using open = await openWithImage(undefined, { heartbeatTimeoutMs: 300 });
  const { modal, imageId } = open;
  const silent = await modal.appCreate({ description: "silent", appState: AppState.EPHEMERAL });
  const alive = await modal.appCreate({ description: "alive", appState: AppState.EPHEMERAL });
  const deployed = await deploy(modal, "deployed", [{ functionName: "f", imageId }]);
  for (let i = 0; i < 8; i++) {
    await modal.appHeartbeat({ appId: alive.appId });
    await sleep(100, { signal: never });
  }
  const state = async (appId: string) => (await modal.appGetLifecycle({ appId })).lifecycle?.appState;
  expect(await state(silent.appId)).toBe(AppState.STOPPED);
  expect(await state(alive.appId)).toBe(AppState.EPHEMERAL);
  expect(await state(deployed.appId)).toBe(AppState.DEPLOYED);
});

test("after a restart deployed apps serve under the same ids, and runs that nobody returns to are stopped", async () => {
  const directory = await temporaryDirectory();
  let deployed: Awaited<ReturnType<typeof deploy>>;
  let run: string;
  {
    await using open = await openWithImage(directory);
    deployed = await deploy(open.modal, "quickstart", [{ functionName: "train", imageId: open.imageId }]);
    run = (await open.modal.appCreate({ description: "run", appState: AppState.EPHEMERAL })).appId;
  }
  await using server = await CatalogServer.open(directory, { heartbeatTimeoutMs: 200 });
  const found = await server.modal.functionGet({ appName: "quickstart", objectTag: "train" });
  expect(found.functionId).toBe(deployed.functionIds["train"]);
  expect((await server.modal.appGetByDeploymentName({ name: "quickstart" })).appId).toBe(deployed.appId);
  await expect
    .poll(async () => (await server.modal.appGetLifecycle({ appId: run })).lifecycle?.appState, {
      timeout: 5000,
    })
    .toBe(AppState.STOPPED);
});

test("a stop that a restart interrupts is gone on with", async () => {
  const directory = await temporaryDirectory();
  let appId: string;
  {
    await using open = await openWithImage(directory);
    const { modal, worker, imageId } = open;
    const deployed = await deploy(modal, "quickstart", [{ functionName: "train", imageId }]);
    appId = deployed.appId;
    worker.call = () => new Promise(() => undefined);
    worker.ignoresStops = true;
    await modal.functionMap({
      functionId: deployed.functionIds["train"] ?? "",
      functionCallType: 1,
      pipelinedInputs: [{ input: {} }],
    });
    await expect.poll(() => worker.tasks.length).toBe(1);
    void modal.appStop({ appId });
    await expect
      .poll(async () => (await modal.appGetLifecycle({ appId })).lifecycle?.appState)
      .toBe(AppState.STOPPING);
  }
  await using server = await CatalogServer.open(directory);
  await using worker = await BuildWorker.join(server);
  await expect
    .poll(async () => (await server.modal.appGetLifecycle({ appId })).lifecycle?.appState, {
      timeout: 20_000,
    })
    .toBe(AppState.STOPPED);
  expect(worker.tasks).toEqual([]);
});

test("a stopped app frees its name", async () => {
  await using open = await openWithImage();
  const { modal, imageId } = open;
  const first = await deploy(modal, "quickstart", [{ functionName: "train", imageId }]);
  await modal.appStop({ appId: first.appId });
  const listed = (await modal.appList({})).apps.find((app) => app.appId === first.appId);
  expect(listed).toMatchObject({ state: AppState.STOPPED, name: "quickstart" });
  const second = await deploy(modal, "quickstart", [{ functionName: "train", imageId }]);
  expect(second.appId).not.toBe(first.appId);
});

test("a container may look up and call, but not stop apps, publish or build", async () => {
  await using open = await openWithImage();
  const { modal, server, worker, imageId } = open;
  const { appId, functionIds } = await deploy(modal, "quickstart", [{ functionName: "train", imageId }]);
  const task = server.asTask((await worker.hold(modal, functionIds["train"] ?? "")).taskId);
  const found = await task.functionGet({ appName: "quickstart", objectTag: "train" });
  expect(found.functionId).toBe(functionIds["train"]);
  expect((await task.functionMap({ functionId: found.functionId })).functionCallId).toMatch(/^fc-/);
  for (const forbidden of [
    task.appStop({ appId }),
    task.appCreate({}),
    task.appPublish({ appId }),
    task.imageGetOrCreate({}),
    task.secretGetOrCreate({ objectCreationType: 1, deploymentName: "s", envDict: { A: "1" } }),
  ]) {
    await expect(forbidden).rejects.toMatchObject({ status: "PERMISSION_DENIED" });
  }
});
