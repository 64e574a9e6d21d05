import { rm } from "node:fs/promises";
import { sleep } from "@dorian/base/sleep";
import { AppState, GenericResult_GenericStatus as Status, RegistryAuthType } from "@dorian/protocol/modal";
import { encodeValue } from "@dorian/protocol/value/payload";
import { expect, test } from "vitest";
import {
  BuildWorker,
  buildImage,
  CatalogServer,
  defineFunction,
  joinImage,
  mountFiles,
  temporaryDirectory,
} from "../../../test/catalog-server.ts";

const never = new AbortController().signal;
const debian = { dockerfileCommands: ["FROM debian:bookworm-slim"] };
const onBase = (imageId: string, ...lines: string[]) => ({
  baseImages: [{ dockerTag: "base", imageId }],
  dockerfileCommands: ["FROM base", ...lines],
});

async function openWithWorker(options = {}) {
  const server = await CatalogServer.open(await temporaryDirectory(), options);
  const worker = await BuildWorker.join(server);
  return {
    server,
    worker,
    modal: server.modal,
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test("equal definitions are one image and one build, also when asked for at once by two clients [B3] [B9]", async () => {
  await using open = await openWithWorker();
  const { modal, worker } = open;
  const [first, second] = await Promise.all([buildImage(modal, debian), buildImage(modal, debian)]);
  expect(first.imageId).toBe(second.imageId);
  expect([first.result.status, second.result.status]).toEqual([Status.SUCCESS, Status.SUCCESS]);
  const third = await buildImage(modal, debian);
  expect(third).toMatchObject({ imageId: first.imageId, built: false, buildReason: "" });
  expect(worker.builds).toHaveLength(1);
});

test("a first line of a megabyte without an end keeps nobody waiting [B11]", async () => {
  await using open = await openWithWorker();
  const { modal } = open;
  const base = await buildImage(modal, debian);
  const line = `FROM\n\0${"M".repeat(1_000_000)}\n`;
  const named = { baseImages: [{ dockerTag: "mine", imageId: base.imageId }], dockerfileCommands: [line] };
  await expect(modal.imageGetOrCreate({ image: named })).resolves.toMatchObject({
    imageId: expect.stringMatching(/^im-/),
  });
});

test("changing a step rebuilds it and what follows, and nothing before it [B4]", async () => {
  await using open = await openWithWorker();
  const { modal, worker } = open;
  const chain = async (middle: string) => {
    const base = await buildImage(modal, debian);
    const second = await buildImage(modal, onBase(base.imageId, middle));
    return [base, second, await buildImage(modal, onBase(second.imageId, "RUN last"))];
  };
  await chain("RUN npm install a");
  const again = await chain("RUN npm install b");
  expect(again.map((step) => step.built)).toEqual([false, true, true]);
  expect(again.map((step) => step.buildReason)).toEqual([
    "",
    'the line "RUN npm install b" was "RUN npm install a"',
    "the image below it changed",
  ]);
  expect(worker.builds).toHaveLength(5);
  const stack = worker.builds.at(-1)?.baseLayerIds ?? [];
  expect(stack).toHaveLength(2);
});

test("all that decides what an image holds makes another image, and the rest does not [B5]", async () => {
  await using open = await openWithWorker();
  const { modal } = open;
  const context = await mountFiles(modal, { "/a.txt": "one" });
  const sameContext = await mountFiles(modal, { "/a.txt": "one" });
  const otherContext = await mountFiles(modal, { "/a.txt": "two" });
  const secret = await modal.secretGetOrCreate({
    deploymentName: "token",
    objectCreationType: 1,
    envDict: { TOKEN: "1" },
  });
  const { volumeId } = await modal.volumeGetOrCreate({ deploymentName: "v", objectCreationType: 1 });
  const variants = [
    debian,
    { ...debian, contextMountId: context },
    { ...debian, contextMountId: otherContext },
    { ...debian, contextFiles: [{ filename: "/f", data: Buffer.from("1") }] },
    { ...debian, contextFiles: [{ filename: "/f", data: Buffer.from("2") }] },
    { ...debian, secretIds: [secret.secretId] },
    { ...debian, buildArgs: { A: "1" } },
    { ...debian, volumeMounts: [{ volumeId, mountPath: "/vol" }] },
  ];
  const ids: string[] = [];
  for (const variant of variants) ids.push((await buildImage(modal, variant)).imageId);
  expect(new Set(ids).size).toBe(variants.length);
  expect((await buildImage(modal, { ...debian, contextMountId: sameContext })).imageId).toBe(ids[1]);
  await modal.secretGetOrCreate({ deploymentName: "token", objectCreationType: 3, envDict: { TOKEN: "2" } });
  expect((await buildImage(modal, { ...debian, secretIds: [secret.secretId] })).built).toBe(false);
  expect((await buildImage(modal, debian, { builderVersion: "2099.01" })).built).toBe(true);
});

test("what one environment pulled with its login is no answer to another's login of the same name [B5]", async () => {
  await using open = await openWithWorker();
  const { modal } = open;
  await modal.environmentCreate({ name: "other" });
  const imageWith = async (environmentName: string, password: string, objectCreationType = 1) => {
    const { secretId } = await modal.secretGetOrCreate({
      deploymentName: "login",
      environmentName,
      objectCreationType,
      envDict: { REGISTRY_USERNAME: "puller", REGISTRY_PASSWORD: password },
    });
    const imageRegistryConfig = { registryAuthType: RegistryAuthType.STATIC_CREDS, secretId };
    return await buildImage(modal, { ...debian, imageRegistryConfig });
  };
  const first = await imageWith("", "right");
  expect((await imageWith("other", "guess")).imageId).not.toBe(first.imageId);
  expect((await imageWith("", "renewed", 3)).imageId).toBe(first.imageId);
});

test("a forced build replaces what is cached; one that ignores the cache leaves it [B6]", async () => {
  await using open = await openWithWorker();
  const { modal, worker } = open;
  const { appId } = await modal.appCreate({ description: "quickstart", appState: 1 });
  const first = await buildImage(modal, debian, { appId });
  const ignoring = await buildImage(modal, debian, { appId, ignoreCache: true });
  expect(ignoring).toMatchObject({ built: true, buildReason: "the cache is ignored" });
  expect((await buildImage(modal, debian, { appId })).imageId).toBe(first.imageId);
  const [forced, twin] = await Promise.all([
    buildImage(modal, debian, { appId, forceBuild: true }),
    buildImage(modal, debian, { appId, forceBuild: true }),
  ]);
  const later = await buildImage(modal, debian, { appId, forceBuild: true });
  expect([twin.imageId, later.imageId]).toEqual([forced.imageId, forced.imageId]);
  expect((await buildImage(modal, debian, { appId })).imageId).toBe(forced.imageId);
  expect(worker.builds).toHaveLength(3);
});

test("the log is live, every joiner sees all of it, and it is kept [B7]", async () => {
  await using open = await openWithWorker();
  const { modal, worker } = open;
  const gate = Promise.withResolvers<void>();
  worker.build = async ({ log }) => {
    log("before\n");
    await gate.promise;
    log("after\n");
    return { layerIds: [await open.server.layer({ a: "1" })] };
  };
  const { imageId } = await modal.imageGetOrCreate({ image: debian });
  const stream = modal.imageJoinStreaming({ imageId, timeout: 10 })[Symbol.asyncIterator]();
  const part = await stream.next();
  expect(part.value?.taskLogs[0]?.data).toBe("before\n");
  const early = joinImage(modal, imageId);
  gate.resolve();
  await stream.return?.(undefined);
  const resumed = modal.imageJoinStreaming({ imageId, timeout: 10, lastEntryId: part.value?.entryId ?? "" });
  const rest = await Array.fromAsync(resumed);
  expect(rest.flatMap((each) => each.taskLogs.map((log) => log.data))).toEqual(["after\n"]);
  expect(await early).toMatchObject({ text: "before\nafter\n", result: { status: Status.SUCCESS } });
  expect((await joinImage(modal, imageId, { includeLogsForFinished: true })).text).toBe("before\nafter\n");
  expect((await joinImage(modal, imageId)).text).toBe("");
});

test("a stream without news ends after its timeout and can be reopened", async () => {
  await using open = await openWithWorker();
  const { modal, worker } = open;
  const gate = Promise.withResolvers<void>();
  worker.build = async () => {
    await gate.promise;
    return { layerIds: [] };
  };
  const { imageId } = await modal.imageGetOrCreate({ image: debian });
  expect(await Array.fromAsync(modal.imageJoinStreaming({ imageId, timeout: 0.05 }))).toEqual([]);
  gate.resolve();
  expect((await joinImage(modal, imageId)).result.status).toBe(Status.SUCCESS);
});

test("a failed, a timed-out and a terminated build say so, and none is cached [B8] [B10]", async () => {
  await using open = await openWithWorker();
  const { modal, worker } = open;
  const builds = worker.build;
  worker.build = async () => ({ result: { status: Status.FAILURE, exception: "npm said no" } });
  const failed = await buildImage(modal, debian);
  expect(failed.result).toMatchObject({ status: Status.FAILURE, exception: "npm said no" });
  worker.build = async () => ({ result: { status: Status.TIMEOUT, exception: "" } });
  const late = await buildImage(modal, debian);
  expect(late.result).toMatchObject({ status: Status.TIMEOUT });
  expect(late.result.exception).toMatch(/timed out\. Please try again with a larger timeout/);
  expect(late.buildReason).toBe("the last build of it failed");
  worker.build = async () => ({ result: { status: Status.TERMINATED, exception: "the worker is stopping" } });
  expect((await buildImage(modal, debian)).result.exception).toMatch(
    /was terminated: the worker is stopping/,
  );
  worker.build = builds;
  const fixed = await buildImage(modal, debian);
  expect(fixed).toMatchObject({ built: true, result: { status: Status.SUCCESS } });
  expect((await buildImage(modal, debian)).built).toBe(false);
});

test("a build is cancelled when nobody waits for it any more, and is not cached [B10]", async () => {
  await using open = await openWithWorker({ buildGraceMs: 60 });
  const { modal, worker } = open;
  const builds = worker.build;
  worker.build = ({ signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const leave = new AbortController();
  const { imageId } = await modal.imageGetOrCreate({ image: debian });
  const joined = Array.fromAsync(
    modal.imageJoinStreaming({ imageId, timeout: 10 }, { signal: leave.signal }),
  ).catch(() => undefined);
  await sleep(200, { signal: never });
  expect(worker.cancelled).toEqual([]);
  leave.abort();
  await joined;
  await expect.poll(() => worker.cancelled.length).toBe(1);
  const { result } = await joinImage(modal, imageId);
  expect(result).toMatchObject({ status: Status.TERMINATED });
  expect(result.exception).toContain("nobody waits for it any more");
  worker.build = builds;
  expect((await buildImage(modal, debian)).built).toBe(true);
});

test("a build ends with the app that asked for it, unless another one wants it too [B10]", async () => {
  await using open = await openWithWorker({ buildGraceMs: 600_000 });
  const { modal, worker } = open;
  worker.build = ({ signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const [first, second] = await Promise.all(
    ["first", "second"].map((description) => modal.appCreate({ description, appState: AppState.EPHEMERAL })),
  );
  const ask = (appId = "") => modal.imageGetOrCreate({ image: debian, appId });
  const { imageId } = await ask(first?.appId);
  expect((await ask(second?.appId)).imageId).toBe(imageId);
  await expect.poll(() => worker.builds.length).toBe(1);
  const stop = (appId = "") => modal.appStop({ appId });
  await stop(first?.appId);
  await sleep(100, { signal: never });
  expect(worker.cancelled).toEqual([]);
  await stop(second?.appId);
  await expect.poll(() => worker.cancelled.length).toBe(1);
  const { appId } = await modal.appCreate({ description: "third", appState: AppState.EPHEMERAL });
  expect((await ask(appId)).imageId).not.toBe(imageId);
});

test("layers that are gone from the disk are built again under the same id", async () => {
  await using open = await openWithWorker();
  const { modal, worker, server } = open;
  const first = await buildImage(modal, debian);
  for (const layerId of await server.layers.list())
    await rm(server.layers.path(layerId), { recursive: true });
  const again = await buildImage(modal, debian);
  expect(again).toMatchObject({
    imageId: first.imageId,
    built: true,
    buildReason: "its layers are no longer on disk",
  });
  expect(worker.builds).toHaveLength(2);
});

test("a definition that no worker reads is refused before anything is made of it [B7]", async () => {
  await using open = await openWithWorker();
  const long = "x".repeat(2 ** 21);
  for (const image of [
    { dockerfileCommands: [`FROM ${long}`] },
    { dockerfileCommands: ["FROM base", ...Array<string>(100_000).fill("RUN echo aaaaa")] },
    { ...debian, buildArgs: { A: long } },
  ])
    await expect(open.modal.imageGetOrCreate({ image })).rejects.toMatchObject({
      code: "IMAGE_DEFINITION_INVALID",
      message: expect.stringContaining("of which 1048576 are read"),
    });
});

test("empty definitions, unknown bases and cycles are refused with a hint [B12] [D3]", async () => {
  await using open = await openWithWorker();
  const { modal } = open;
  await expect(modal.imageGetOrCreate({ image: { dockerfileCommands: ["", " "] } })).rejects.toMatchObject({
    code: "IMAGE_DEFINITION_INVALID",
    remedy: expect.stringContaining("Image.debianSlim()"),
  });
  await expect(modal.imageGetOrCreate({ image: onBase("im-unknown") })).rejects.toMatchObject({
    code: "IMAGE_NOT_FOUND",
  });
  const both = { ...onBase("im-unknown"), buildFunction: { definition: "f" } };
  await expect(modal.imageGetOrCreate({ image: both })).rejects.toMatchObject({ status: "INVALID_ARGUMENT" });
  const base = await buildImage(modal, debian);
  const top = await buildImage(modal, onBase(base.imageId, "RUN a"));
  await expect(
    modal.imageGetOrCreate({ image: onBase(top.imageId, "RUN b"), existingImageId: base.imageId }),
  ).rejects.toMatchObject({ code: "IMAGE_CYCLE" });
});

test("a step can be asked for while the one below is still being built", async () => {
  await using open = await openWithWorker();
  const { modal, worker } = open;
  const gate = Promise.withResolvers<void>();
  const builds = worker.build;
  worker.build = async (build) => {
    if (build.request.baseLayerIds.length === 0) await gate.promise;
    return await builds(build);
  };
  const base = await modal.imageGetOrCreate({ image: debian });
  const top = buildImage(modal, onBase(base.imageId, "RUN a"));
  await sleep(30, { signal: never });
  expect(worker.builds).toHaveLength(1);
  gate.resolve();
  expect((await top).result.status).toBe(Status.SUCCESS);
});

test("a build function runs once on the image below, and its identity is its content [B5] [C4] [C7]", async () => {
  await using open = await openWithWorker();
  const { modal, worker, server } = open;
  const { appId } = await modal.appCreate({ description: "quickstart", appState: 1 });
  const base = await buildImage(modal, debian, { appId });
  worker.call = async () => ({
    result: { status: Status.SUCCESS },
    frozenLayerId: await server.layer({ "weights.bin": "w" }),
  });
  const build = async (globals: Record<string, string>) => {
    const { functionId } = await modal.functionCreate({
      appId,
      function: {
        functionName: "Model.download",
        imageId: base.imageId,
        isBuilderFunction: true,
        nodeEntrypoint: { modulePath: "/root/app.mjs", objectTag: "Model" },
      },
    });
    const image = {
      baseImages: [{ dockerTag: "base", imageId: base.imageId }],
      buildFunction: { definition: "download() {}", globals: encodeValue(globals, "globals") },
    };
    return await buildImage(modal, image, { appId, buildFunctionId: functionId });
  };
  const first = await build({ MODEL_DIR: "/m", MODEL_NAME: "a" });
  expect(first.result).toMatchObject({ status: Status.SUCCESS });
  expect(worker.tasks[0]).toMatchObject({ freezeRoot: true });
  expect(await build({ MODEL_NAME: "a", MODEL_DIR: "/m" })).toMatchObject({
    imageId: first.imageId,
    built: false,
  });
  const changed = await build({ MODEL_DIR: "/m", MODEL_NAME: "b" });
  expect(changed).toMatchObject({ built: true, buildReason: "the global MODEL_NAME changed" });
  expect(worker.tasks).toHaveLength(2);
  const { items } = await server.operator.imageList({});
  expect(items.map((item) => item.description)).toEqual([
    "build Model.download",
    "build Model.download",
    "FROM debian:bookworm-slim",
  ]);
  expect(items[0]).toMatchObject({ bytes: 5n, state: "ready", baseImageId: base.imageId });
});

test("a build function that throws fails the build with its error [C16] [B10]", async () => {
  await using open = await openWithWorker();
  const { modal, worker } = open;
  const { appId } = await modal.appCreate({ description: "quickstart", appState: 1 });
  const base = await buildImage(modal, debian, { appId });
  const builder = await modal.functionCreate({
    appId,
    function: { functionName: "download", imageId: base.imageId, isBuilderFunction: true },
  });
  worker.call = async () => ({
    result: { status: Status.FAILURE, exception: "hub is down", traceback: "at x" },
  });
  const image = {
    baseImages: [{ dockerTag: "base", imageId: base.imageId }],
    buildFunction: { definition: "download() {}" },
  };
  const failed = await buildImage(modal, image, { appId, buildFunctionId: builder.functionId });
  expect(failed.result).toMatchObject({
    status: Status.FAILURE,
    exception: "hub is down",
    traceback: "at x",
  });
});

test("images and logs survive a restart; a build that it interrupts has failed and is built anew", async () => {
  const directory = await temporaryDirectory();
  const first = await CatalogServer.open(directory);
  const worker = await BuildWorker.join(first);
  const ready = await buildImage(first.modal, debian);
  worker.build = () => new Promise(() => undefined);
  const { imageId } = await first.modal.imageGetOrCreate({ image: onBase(ready.imageId, "RUN slow") });
  const joined = joinImage(first.modal, imageId);
  await expect.poll(() => worker.builds.length).toBe(2);
  await first[Symbol.asyncDispose]();
  expect((await joined).result.status).toBe(Status.TERMINATED);
  await worker[Symbol.asyncDispose]();

  await using server = await CatalogServer.open(directory);
  await using fresh = await BuildWorker.join(server);
  expect(await buildImage(server.modal, debian)).toMatchObject({ imageId: ready.imageId, built: false });
  const again = await buildImage(server.modal, onBase(ready.imageId, "RUN slow"));
  expect(again).toMatchObject({ built: true, result: { status: Status.SUCCESS } });
  expect(fresh.builds).toHaveLength(1);
});

test("a function can be defined once its image is ready, and not before", async () => {
  await using open = await openWithWorker();
  const { modal, worker } = open;
  const { appId } = await modal.appCreate({ description: "quickstart", appState: 1 });
  worker.build = async () => ({ result: { status: Status.FAILURE, exception: "no" } });
  const { imageId } = await buildImage(modal, debian, { appId });
  await expect(defineFunction(modal, appId, { functionName: "train", imageId })).rejects.toMatchObject({
    code: "IMAGE_NOT_READY",
  });
});

test("a build whose worker dies is begun again by the next one, and fails when three have died at it", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const workerThatDies = async () => {
    const begun = Promise.withResolvers<void>();
    const worker = await BuildWorker.join(server, () => {
      begun.resolve();
      return new Promise(() => undefined);
    });
    await begun.promise;
    await worker[Symbol.asyncDispose]();
  };
  const lucky = buildImage(server.modal, debian);
  await workerThatDies();
  await workerThatDies();
  const third = await BuildWorker.join(server);
  expect((await lucky).result.status).toBe(Status.SUCCESS);
  await third[Symbol.asyncDispose]();

  const unlucky = buildImage(server.modal, { dockerfileCommands: ["FROM debian:trixie-slim"] });
  for (let death = 0; death < 3; death += 1) await workerThatDies();
  await using last = await BuildWorker.join(server);
  const { result } = await unlucky;
  expect(result.status).toBe(Status.FAILURE);
  expect(result.exception).toContain("Worker box was lost during the build.");
  expect(last.builds).toEqual([]);
});
