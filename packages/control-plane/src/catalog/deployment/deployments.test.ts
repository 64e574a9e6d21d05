import { AppState, DeploymentType, ObjectCreationType } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import {
  BuildWorker,
  buildImage,
  CatalogServer,
  defineFunction,
  publishApp,
  temporaryDirectory,
  type ModalCaller,
} from "../../../test/catalog-server.ts";

async function openWithImage(directory?: string) {
  const server = await CatalogServer.open(directory ?? (await temporaryDirectory()));
  const worker = await BuildWorker.join(server);
  const { imageId } = await buildImage(server.modal, { dockerfileCommands: ["FROM debian:bookworm-slim"] });
  return {
    server,
    worker,
    modal: server.modal,
    imageId,
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Deploys an app of one function over the one that has the name. */
async function deploy(modal: ModalCaller, definition: Parameters<typeof defineFunction>[2], name = "shop") {
  const known = await modal.appGetByDeploymentName({ name });
  const appId =
    known.appId || (await modal.appCreate({ description: name, appState: AppState.INITIALIZING })).appId;
  const layout = await modal.appGetLayout({ appId });
  const existing = layout.appLayout?.functionIds[definition.functionName] ?? "";
  const defined = await defineFunction(modal, appId, definition, existing);
  await publishApp(modal, { appId, name }, [defined]);
  return { appId, functionId: defined.functionId };
}

const timeoutOf = async (modal: ModalCaller, functionId: string) =>
  (await modal.functionGetById({ functionId })).function?.timeoutSecs;

const versionsOf = async (modal: ModalCaller, appId: string) =>
  (await modal.appDeploymentHistory({ appId })).appDeploymentHistories;

test("a rollback runs the definitions of that version again, as a version of its own, also after a restart", async () => {
  const directory = await temporaryDirectory();
  let ids = { appId: "", functionId: "" };
  {
    await using open = await openWithImage(directory);
    const { modal, imageId } = open;
    for (const timeoutSecs of [10, 20, 30]) {
      ids = await deploy(modal, { functionName: "train", imageId, timeoutSecs });
    }
    expect(await timeoutOf(modal, ids.functionId)).toBe(30);
    await modal.appRollback({ appId: ids.appId, version: -1 });
    expect(await timeoutOf(modal, ids.functionId)).toBe(20);
  }
  await using server = await CatalogServer.open(directory);
  const { modal } = server;
  await modal.appRollback({ appId: ids.appId, version: 1 });
  expect(await timeoutOf(modal, ids.functionId)).toBe(10);
  const versions = await versionsOf(modal, ids.appId);
  expect(versions.map((each) => [each.version, each.rollbackVersion, each.deploymentType])).toEqual([
    [5, 1, DeploymentType.ROLLBACK],
    [4, 2, DeploymentType.ROLLBACK],
    [3, 0, DeploymentType.STANDARD],
    [2, 0, DeploymentType.STANDARD],
    [1, 0, DeploymentType.STANDARD],
  ]);
  expect(versions[0]?.rollbackAllowed).toBe(false);
  await expect(modal.appRollback({ appId: ids.appId, version: 9 })).rejects.toMatchObject({
    code: "APP_VERSION_NOT_FOUND",
  });
  await expect(modal.appRollback({ appId: ids.appId, version: -9 })).rejects.toMatchObject({
    code: "APP_VERSION_NOT_FOUND",
  });
});

test("the last twenty versions can be gone back to; older ones stay on record", async () => {
  await using open = await openWithImage();
  const { modal, imageId } = open;
  let ids = { appId: "", functionId: "" };
  for (let n = 1; n <= 23; n++) ids = await deploy(modal, { functionName: "f", imageId, timeoutSecs: n });
  const versions = await versionsOf(modal, ids.appId);
  expect(versions).toHaveLength(23);
  expect(versions.filter((each) => each.rollbackAllowed).map((each) => each.version)).toEqual(
    Array.from({ length: 19 }, (_, n) => 22 - n),
  );
  await expect(modal.appRollback({ appId: ids.appId, version: 3 })).rejects.toMatchObject({
    code: "APP_VERSION_FORGOTTEN",
  });
  await modal.appRollback({ appId: ids.appId, version: 5 });
  expect(await timeoutOf(modal, ids.functionId)).toBe(5);
});

test("a rollover replaces containers without changing what runs", async () => {
  await using open = await openWithImage();
  const { modal, worker, imageId } = open;
  const { appId, functionId } = await deploy(modal, { functionName: "train", imageId });
  const call = async () => {
    const { functionCallId } = await modal.functionMap({
      functionId,
      functionCallType: 1,
      pipelinedInputs: [{ input: { argsOneof: { case: "args", value: new Uint8Array() } } }],
    });
    await modal.functionGetOutputs({ functionCallId, timeout: 10 });
    return worker.tasks.length;
  };
  const before = await call();
  await modal.appRollover({ appId });
  expect(await call()).toBe(before + 1);
  expect((await versionsOf(modal, appId))[0]?.deploymentType).toBe(DeploymentType.ROLLOVER);
});

test("a staged version runs nothing until it is promoted", async () => {
  await using open = await openWithImage();
  const { modal, imageId } = open;
  const { appId, functionId } = await deploy(modal, { functionName: "train", imageId, timeoutSecs: 10 });
  const staged = await defineFunction(
    modal,
    appId,
    { functionName: "train", imageId, timeoutSecs: 20 },
    functionId,
  );
  await modal.appPublish({
    appId,
    name: "shop",
    appState: AppState.DEPLOYED,
    staged: true,
    functionIds: { train: functionId },
    definitionIds: { [functionId]: staged.definitionId },
  });
  expect(await timeoutOf(modal, functionId)).toBe(10);
  const history = await modal.appDeploymentHistory({ appId });
  expect(history.productionAppVersion).toBe(1);
  expect(history.appDeploymentHistories.map((each) => each.deploymentType)).toEqual([
    DeploymentType.STAGED,
    DeploymentType.STANDARD,
  ]);
  await modal.appPromote({ appId, version: 2 });
  expect(await timeoutOf(modal, functionId)).toBe(20);
  await expect(modal.appPromote({ appId, version: 1 })).rejects.toMatchObject({
    code: "APP_VERSION_NOT_STAGED",
  });
});

test("clients from before 0.64 say what a deployment consists of, then its name", async () => {
  await using open = await openWithImage();
  const { modal, imageId } = open;
  const { appId } = await modal.appCreate({ description: "old", appState: AppState.INITIALIZING });
  const first = await defineFunction(modal, appId, { functionName: "train", imageId, timeoutSecs: 10 });
  const { functionId } = first;
  await modal.appSetObjects({ appId, indexedObjectIds: { train: functionId } });
  expect((await modal.appGetByDeploymentName({ name: "old" })).appId).toBe("");
  await modal.appDeploy({ appId, name: "old", objectEntity: "ap" });
  expect((await modal.functionGet({ appName: "old", objectTag: "train" })).functionId).toBe(functionId);

  // A second deployment that fails half-way leaves the running version alone.
  await defineFunction(modal, appId, { functionName: "train", imageId, timeoutSecs: 20 }, functionId);
  await modal.appSetObjects({ appId, indexedObjectIds: { train: functionId } });
  expect(await timeoutOf(modal, functionId)).toBe(10);
  await modal.appDeploy({ appId, name: "old", objectEntity: "ap" });
  expect(await timeoutOf(modal, functionId)).toBe(20);
  expect((await versionsOf(modal, appId)).filter((each) => !each.rollbackVersion)).toHaveLength(2);

  const run = await modal.appCreate({ description: "run", appState: AppState.EPHEMERAL });
  const live = await defineFunction(modal, run.appId, { functionName: "f", imageId });
  const objects = { appId: run.appId, indexedObjectIds: { f: live.functionId } };
  await modal.appSetObjects({ ...objects, newAppState: AppState.EPHEMERAL });
  const { appLayout } = await modal.appGetLayout({ appId: run.appId });
  expect(appLayout?.functionIds).toEqual({ f: live.functionId });
});

test("an app is made by name without anything in it, its tags are replaced, and a stopped one is still found", async () => {
  await using open = await openWithImage();
  const { modal } = open;
  await expect(modal.appGetOrCreate({ appName: "box" })).rejects.toMatchObject({ code: "APP_NOT_FOUND" });
  const objectCreationType = ObjectCreationType.CREATE_IF_MISSING;
  const { appId } = await modal.appGetOrCreate({ appName: "box", objectCreationType });
  expect((await modal.appGetOrCreate({ appName: "box", objectCreationType })).appId).toBe(appId);
  await modal.appSetTags({ appId, tags: { team: "a", old: "1" } });
  await modal.appSetTags({ appId, tags: { team: "b" } });
  expect((await modal.appGetTags({ appId })).tags).toEqual({ team: "b" });
  await modal.appStop({ appId });
  const found = await modal.appGetByDeploymentName({ name: "box" });
  expect(found).toMatchObject({
    appId: "",
    previousAppId: appId,
    environmentName: "main",
    lifecycle: { appState: AppState.STOPPED, stoppedBy: "client" },
  });
});
