// What is done on a server before its database is kept: something in every table, under names that tests look for.
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sleep } from "@dorian/base/sleep";
import {
  AppState,
  DeploymentNamespace,
  Function_FunctionType as FunctionType,
  ObjectCreationType,
} from "@dorian/protocol/modal";
import { openDatabase } from "../../src/database/database.ts";
import { Journal } from "../../src/database/journal.ts";
import { CallBytes } from "../../src/dispatch/call/call-bytes.ts";
import {
  BuildWorker,
  buildImage,
  CatalogServer,
  defineFunction,
  mountFiles,
  publishApp,
} from "../catalog-server.ts";
import { remote, spawn } from "../scripted-caller.ts";
import { ScriptedWorker } from "../scripted-worker.ts";

export const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const { signal } = new AbortController();
const { CREATE_IF_MISSING: objectCreationType } = ObjectCreationType;

/** A data directory with the key that kept secrets are sealed with, and the id that scripted workers say in their hello. */
export async function prepareDirectory(directory: string): Promise<void> {
  await writeFile(join(directory, "server.key"), Buffer.alloc(32, "dorian"), { mode: 0o600 });
  await writeFile(join(directory, "id"), "dd-1", { mode: 0o600 });
}

/** Ends with a call that nobody has worked on. */
export async function liveOn(directory: string): Promise<void> {
  await prepareDirectory(directory);
  await useServer(directory);
  await countCalls(join(directory, "state.db"));
}

async function useServer(directory: string): Promise<void> {
  await using server = await CatalogServer.open(directory, { web: { ports: { first: 0, last: 0 } } });
  await useAccess(server);
  await useObjects(server);
  const { appId, functionId } = await deploy(server);
  await useContainer(server, appId, functionId);
  await spawn(server.modal, functionId, 4);
}

async function useAccess({ modal, operator }: CatalogServer): Promise<void> {
  await modal.environmentCreate({ name: "staging" });
  await operator.tokenCreate({ name: "laptop" });
  await modal.webhookTokenCreate({ name: "web" });
}

async function useObjects(server: CatalogServer): Promise<void> {
  const { modal, worker } = server;
  await modal.secretGetOrCreate({ objectCreationType, deploymentName: "hub", envDict: { HF_TOKEN: "hf_1" } });

  const { volumeId } = await modal.volumeGetOrCreate({ objectCreationType, deploymentName: "weights" });
  await worker.volumeAppend({ volumeId, layerId: await server.layer({ "a.txt": "a" }), bytes: 1n });

  const { dictId } = await modal.dictGetOrCreate({ objectCreationType, deploymentName: "state" });
  const updates = [{ key: bytes("k"), value: bytes("v") }];
  await modal.dictUpdate({ dictId, updates }, { idempotencyKey: "update-1" });
  const { queueId } = await modal.queueGetOrCreate({ objectCreationType, deploymentName: "jobs" });
  await modal.queuePut({ queueId, values: [bytes("1"), bytes("2")] });

  const { uploadTypeOneof: upload } = await modal.blobCreate({ contentLength: 5n });
  if (upload.case !== "multipart") throw new Error(`A blob of five bytes is sent as ${upload.case}.`);
  await fetch(upload.value.uploadUrls[0] ?? "", { method: "PUT", body: "bytes" });
  await fetch(upload.value.completionUrl, { method: "POST", body: "<x/>" });
}

async function deploy(server: CatalogServer): Promise<{ appId: string; functionId: string }> {
  const { modal } = server;
  const imageId = await build(server);
  const mountId = await mountFiles(modal, { "/root/app.mjs": "export {}" });
  await modal.mountGetOrCreate({
    deploymentName: "code",
    namespace: DeploymentNamespace.WORKSPACE,
    objectCreationType,
    files: [{ filename: "/root/app.mjs", sha256Hex: createHash("sha256").update("export {}").digest("hex") }],
  });
  const { secretId } = await modal.secretGetOrCreate({ deploymentName: "hub" });
  const { volumeId } = await modal.volumeGetOrCreate({ deploymentName: "weights" });

  const { appId } = await modal.appCreate(
    { description: "trainer", appState: AppState.INITIALIZING },
    { idempotencyKey: "app-1" },
  );
  const double = await defineFunction(modal, appId, {
    functionName: "double",
    imageId,
    mountIds: [mountId],
    secretIds: [secretId],
    volumeMounts: [{ volumeId, mountPath: "/vol" }],
    checkpointingEnabled: true,
  });
  const nightly = await defineFunction(modal, appId, {
    functionName: "nightly",
    imageId,
    schedule: { scheduleOneof: { case: "period", value: { days: 1 } } },
  });
  const page = await defineFunction(modal, appId, {
    functionName: "page",
    imageId,
    functionType: FunctionType.FUNCTION,
    webhookConfig: { type: 2, method: "GET" },
  });
  const model = await defineFunction(modal, appId, { functionName: "Model.*", imageId, isClass: true });
  const { classId } = await modal.classCreate({ appId, onlyClassFunction: true });
  await publishApp(modal, { appId, name: "trainer" }, [double, nightly, page, model], { Model: classId });
  return { appId, functionId: double.functionId };
}

async function build(server: CatalogServer): Promise<string> {
  await using _worker = await BuildWorker.join(server, async ({ log }) => {
    log("pulling\n");
    return { layerIds: [await server.layer({ base: "base" })] };
  });
  const { imageId } = await buildImage(server.modal, { dockerfileCommands: ["FROM debian:bookworm-slim"] });
  await server.modal.imagePublish({ imageId, tag: "base:latest" });
  return imageId;
}

/** One call that yields 20 and 21 and returns 42, and a line in the log of its container. */
async function useContainer(server: CatalogServer, appId: string, functionId: string): Promise<void> {
  await using worker = await new ScriptedWorker(
    { modal: [server.plane.modal], worker: [server.plane.worker] },
    {
      snapshotEngine: "criu 4.2",
      script: {
        async handle([n], { functionCallId }, container) {
          await container.modal.functionCallPutDataOut({
            callInfoOneof: { case: "functionCallId", value: functionCallId },
            dataChunks: [20, 21].map((value, index) => ({
              index: BigInt(index + 1),
              dataOneof: { case: "data", value: bytes(String(value)) },
            })),
          });
          return Number(n) * 2;
        },
      },
    },
  ).join();
  await remote(server.modal, functionId, 21);
  const [container] = worker.containers;
  const taskId = container?.taskId ?? "";
  const layerId = await server.layer({ "inventory.img": "" });
  worker.report({ case: "snapshotTaken", value: { taskId, layerId, bytes: 5n, tookMs: 7 } });
  while ((await server.operator.snapshotList({})).snapshots.length === 0) await sleep(10, { signal });
  worker.report({ case: "logs", value: { taskId, items: [{ data: "doubling\n", fileDescriptor: 1 }] } });
  for await (const { items } of server.modal.appGetLogs({ appId, timeout: 10, fileDescriptor: 1 }))
    if (items.some(({ data }) => data === "doubling\n")) break;
  container?.die();
  while ((await server.modal.taskList({})).tasks.length > 0) await sleep(10, { signal });
}

/** A server writes down once in a while how much its calls fill. */
async function countCalls(path: string): Promise<void> {
  const db = await openDatabase(path);
  const journal = new Journal(db);
  const callBytes = await CallBytes.open({ db, journal });
  callBytes.wrote(Date.now(), 64);
  await callBytes.save();
  await journal[Symbol.asyncDispose]();
  await db.destroy();
}
