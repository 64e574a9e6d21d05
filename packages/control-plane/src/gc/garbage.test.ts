import { createHash } from "node:crypto";
import { access, mkdir, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AppState, ObjectCreationType } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import {
  BuildWorker,
  buildImage,
  CatalogServer,
  atOnce,
  defineFunction,
  mountFiles,
  publishApp,
  temporaryDirectory,
} from "../../test/catalog-server.ts";
import { believedAges } from "./collect-garbage.ts";
import { contentOfState } from "./kept-content.ts";

async function openWithWorker() {
  const server = await CatalogServer.open(await temporaryDirectory());
  const worker = await BuildWorker.join(server);
  return {
    server,
    worker,
    modal: server.modal,
    async collect() {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return await server.plane.collectGarbage(atOnce);
    },
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test("what a deployed app uses is kept, with the images below it; what nobody uses goes", async () => {
  await using open = await openWithWorker();
  const { modal, server } = open;
  const base = await buildImage(modal, { dockerfileCommands: ["FROM debian:bookworm-slim"] });
  const top = await buildImage(modal, {
    baseImages: [{ dockerTag: "base", imageId: base.imageId }],
    dockerfileCommands: ["FROM base", "RUN a"],
  });
  const unused = await buildImage(modal, { dockerfileCommands: ["FROM scratch"] });
  const used = await mountFiles(modal, { "/root/app.mjs": "code" });
  await mountFiles(modal, { "/root/old.mjs": "old" });
  const { appId } = await modal.appCreate({ description: "app", appState: AppState.INITIALIZING });
  const definition = { functionName: "f", imageId: top.imageId, mountIds: [used] };
  await publishApp(modal, { appId, name: "app" }, [await defineFunction(modal, appId, definition)]);

  expect(await open.collect()).toHaveLength(2);
  const { items } = await server.operator.imageList({});
  expect(items.map((item) => item.imageId).toSorted()).toEqual([base.imageId, top.imageId].toSorted());
  expect(await server.layers.list()).toHaveLength(3);
  const again = await buildImage(modal, { dockerfileCommands: ["FROM scratch"] });
  expect(again).toMatchObject({ built: true });
  expect(again.imageId).not.toBe(unused.imageId);

  await modal.appStop({ appId });
  await open.collect();
  expect(await server.layers.list()).toEqual([]);
  expect((await modal.appList({})).apps).toEqual([]);
});

test("the images of versions that an app can go back to are kept, unless the disk is short; then going back is refused", async () => {
  await using open = await openWithWorker();
  const { modal, server } = open;
  const image = async (name: string) =>
    (await buildImage(modal, { dockerfileCommands: ["FROM scratch", `RUN ${name}`] })).imageId;
  const imageIds = [await image("a"), await image("b")];
  const { appId } = await modal.appCreate({ description: "app", appState: AppState.INITIALIZING });
  for (const imageId of imageIds)
    await publishApp(modal, { appId, name: "app" }, [
      await defineFunction(modal, appId, { functionName: "f", imageId }),
    ]);
  const get = (appVersion: number) => modal.functionGet({ appName: "app", objectTag: "f", appVersion });
  const pin = await get(1);
  const images = async () =>
    (await server.operator.imageList({})).items.map((item) => item.imageId).toSorted();

  await server.plane.collectGarbage({ ...atOnce, keepVersions: true });
  expect(await images()).toEqual(imageIds.toSorted());
  expect((await get(1)).functionId).toBe(pin.functionId);
  await open.collect();
  expect(await images()).toEqual([imageIds[1]]);
  await expect(get(1)).rejects.toMatchObject({ code: "APP_VERSION_FORGOTTEN" });
  await expect(modal.appRollback({ appId, version: 1 })).rejects.toMatchObject({
    code: "APP_VERSION_FORGOTTEN",
  });
  await expect(get(9)).rejects.toMatchObject({ status: "NOT_FOUND" });
});

test("while an image is being built no layer is collected: the build may hold it", async () => {
  await using open = await openWithWorker();
  const { modal, worker, server } = open;
  const gate = Promise.withResolvers<void>();
  worker.build = async () => {
    await gate.promise;
    return { layerIds: [] };
  };
  const cachedBase = await server.layer({ base: "x" });
  const building = buildImage(modal, { dockerfileCommands: ["FROM debian:bookworm-slim"] });
  await expect.poll(() => worker.builds.length).toBe(1);
  expect(await open.collect()).toEqual([]);
  gate.resolve();
  await building;
  expect(await open.collect()).toEqual([cachedBase]);
});

test("the base images that workers keep are kept", async () => {
  await using open = await openWithWorker();
  const { server } = open;
  const layerId = await server.layer({ base: "x" });
  await writeFile(
    join(server.dataDirectory, "bases.json"),
    JSON.stringify({ debian: { layerIds: [layerId] } }),
  );
  expect(await open.collect()).toEqual([]);
});

test("finished steps of builds are kept for a day, with their layers", async () => {
  await using open = await openWithWorker();
  const { server } = open;
  const layerId = await server.layer({ step: "x" });
  await mkdir(join(server.dataDirectory, "steps"));
  await writeFile(join(server.dataDirectory, "steps", "of-a-build"), `${layerId}\n`);
  await writeFile(join(server.dataDirectory, "steps", "of-nothing"), "\n");
  const day = 24 * 3600 * 1000;
  expect(await server.plane.collectGarbage({ ...atOnce, stepMs: day })).toEqual([]);
  const yesterday = new Date(Date.now() - day - 1_000);
  await utimes(join(server.dataDirectory, "steps", "of-a-build"), yesterday, yesterday);
  expect(await server.plane.collectGarbage({ ...atOnce, stepMs: day })).toEqual([layerId]);
  expect(await readdir(join(server.dataDirectory, "steps"))).toEqual(["of-nothing"]);
});

test("blocks that nobody asked for lately go, unless a layer shares them", async () => {
  await using open = await openWithWorker();
  const { modal, server } = open;
  const path = (content: string) => {
    const sha = createHash("sha256").update(content).digest("hex");
    return join(server.dataDirectory, "blocks", sha.slice(0, 2), sha);
  };
  const put = async (content: string) => {
    const sha256Hex = createHash("sha256").update(content).digest("hex");
    await modal.mountPutFile({ sha256Hex, dataOneof: { case: "data", value: Buffer.from(content) } });
    return sha256Hex;
  };
  await put("orphan");
  const asked = await put("asked again");
  await put("linked");
  const { appId } = await modal.appCreate({ description: "x" });
  const { imageId } = await buildImage(modal, { dockerfileCommands: ["FROM scratch"] });
  const mountIds = [await mountFiles(modal, { "/linked": "linked" })];
  await defineFunction(modal, appId, { functionName: "f", imageId, mountIds });
  // Blocks age by their change time, which cannot be set.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const before = (await stat(path("asked again"))).mtimeMs;
  await modal.mountBatchedCheckExistence({ sha256HexHashes: [asked] });
  await server.plane.collectGarbage({ ...atOnce, blockMs: 1300 });
  // It shows in layers that share the file.
  expect((await stat(path("asked again"))).mtimeMs).toBe(before);
  await expect(access(path("orphan"))).rejects.toMatchObject({ code: "ENOENT" });
  await access(path("asked again"));
  await access(path("linked"));
});

test("a deleted volume goes when no container mounts it any more, whatever else runs, and its layers at any age", async () => {
  await using open = await openWithWorker();
  const { modal, server, worker } = open;
  const hour = 3_600_000;
  const collect = () => server.plane.collectGarbage({ ...atOnce, layerMs: hour });
  const makeVolume = async (deploymentName: string) => {
    const creation = { deploymentName, objectCreationType: ObjectCreationType.CREATE_IF_MISSING };
    const { volumeId } = await modal.volumeGetOrCreate(creation);
    const layerId = await server.layer({ [deploymentName]: "x" });
    await server.worker.volumeAppend({ volumeId, layerId });
    return { volumeId, layerId };
  };
  const [mounted, free] = [await makeVolume("mounted"), await makeVolume("free")];
  const young = await server.layer({ young: "x" });
  const { imageId } = await buildImage(modal, { dockerfileCommands: ["FROM scratch"] });
  const { appId } = await modal.appCreate({ description: "app", appState: AppState.INITIALIZING });
  const volumeMounts = [{ volumeId: mounted.volumeId, mountPath: "/vol" }];
  const holder = await defineFunction(modal, appId, { functionName: "holder", imageId, volumeMounts });
  await publishApp(modal, { appId }, [holder]);
  await worker.hold(modal, holder.functionId);
  await modal.volumeDelete({ volumeId: mounted.volumeId });
  await modal.volumeDelete({ volumeId: free.volumeId });
  expect(await collect()).toEqual([free.layerId]);
  await modal.appStop({ appId });
  await expect.poll(collect).toEqual([mounted.layerId]);
  expect(await server.layers.list()).toContain(young);
});

test("an age is believed when the clock has gone on for as long, and every age after an hour", () => {
  const minute = 60_000;
  const ages = { ...atOnce, layerMs: 10 * minute, versionMs: 60 * minute, imageMs: 30 * 24 * 60 * minute };
  const never = { ...ages, layerMs: Infinity, versionMs: Infinity, imageMs: Infinity };
  expect(believedAges(ages, 0)).toEqual(never);
  expect(believedAges(ages, 10 * minute - 1)).toEqual(never);
  expect(believedAges(ages, 10 * minute)).toEqual({ ...never, layerMs: 10 * minute });
  expect(believedAges(ages, 60 * minute)).toEqual(ages);
});

test("while a copy of the state is held, nothing is collected that it names; then the copy goes, too", async () => {
  await using open = await openWithWorker();
  const { server, modal } = open;
  await mountFiles(modal, { "/root/old.mjs": "old" });
  const done = new AbortController();
  const copies = server.operator.stateCopy({}, { signal: done.signal })[Symbol.asyncIterator]();
  const path = String((await copies.next()).value?.path);
  {
    using state = new DatabaseSync(path, { readOnly: true });
    expect(contentOfState(state).layerIds.size).toBe(1);
  }
  const ended = copies.next();
  let isCollected = false;
  const collecting = open.collect().finally(() => (isCollected = true));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([isCollected, await server.layers.list()]).toEqual([false, [expect.any(String)]]);
  done.abort();
  await ended.catch(() => undefined);
  expect(await collecting).toHaveLength(1);
  await expect.poll(() => stat(path).catch(() => "gone")).toBe("gone");
});
