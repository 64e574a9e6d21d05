import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { must } from "@dorian/base/must";
import {
  AppDisconnectReason,
  AppState,
  GenericResult_GenericStatus as Status,
  ModalClient,
  RegistryAuthType,
} from "@dorian/protocol/modal";
import { methodEntries } from "@dorian/protocol/service";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { describe, expect, test } from "vitest";
import { ScriptedServer, type Script } from "@dorian/testkit/scripted-server";
import { App, Image, Secret, Volume } from "@dorian/sdk";
import { setImageBuilder } from "@dorian/sdk/image/image-builder";
import { transport } from "@dorian/sdk/client/current-transport";
import { deployByName } from "./deploy-by-name.ts";
import type { DeployProgress } from "./progress.ts";
import { runApp } from "./run-app.ts";

interface Seen {
  method: string;
  request: Record<string, unknown>;
}

/** Handlers that take everything, say what they were asked for in `seen`, and can be overridden. */
function acceptingScript(seen: Seen[], overrides: Script = {}): Script {
  let ids = 0;
  const images = new Map<string, string>();
  const known: Script = {
    appCreate: async () => ({ appId: "ap-1" }),
    appClientDisconnect: async () => ({}),
    appHeartbeat: async () => ({}),
    appGetByDeploymentName: async () => ({}),
    mountBatchedCheckExistence: async (request) => ({ missingSha256HexHashes: request.sha256HexHashes }),
    mountPutFile: async () => ({ exists: true }),
    mountGetOrCreate: async () => ({ mountId: `mo-${++ids}`, handleMetadata: {} }),
    secretGetOrCreate: async () => ({ secretId: `st-${++ids}` }),
    volumeGetOrCreate: async (request) => ({ volumeId: `vo-${request.deploymentName}` }),
    functionPrecreate: async (request) => ({
      functionId: request.existingFunctionId || `fu-${request.functionName}`,
    }),
    functionCreate: async (request) => ({
      functionId: request.existingFunctionId || `fu-build-${++ids}`,
      handleMetadata: { definitionId: `de-${++ids}` },
    }),
    classCreate: async (request) => ({ classId: request.existingClassId || `cs-${++ids}` }),
    imageGetOrCreate: async ({ image }) => {
      const content = JSON.stringify(image, (_, value: unknown) =>
        typeof value === "bigint" ? `${value}` : value,
      );
      if (!images.has(content)) images.set(content, `im-${images.size + 1}`);
      return { imageId: must(images.get(content), "its id"), result: { status: Status.SUCCESS } };
    },
    appPublish: async () => ({ url: "" }),
    ...overrides,
  };
  const recorded: Record<string, unknown> = {};
  for (const [name] of methodEntries(ModalClient)) {
    const handler = (known as Record<string, ((...args: unknown[]) => unknown) | undefined>)[name];
    if (!handler) continue;
    recorded[name] = (request: unknown, context: unknown) => {
      seen.push({ method: name, request: request as Seen["request"] });
      return handler(request, context);
    };
  }
  return recorded as Script;
}

const bundle = { fileName: "app.mjs", content: Buffer.from("export {}") };
const methods = (seen: Seen[]) => seen.map(({ method }) => method);
const only = (seen: Seen[], method: string) =>
  seen.filter((each) => each.method === method).map((each) => each.request);

async function start(overrides: Script = {}) {
  const seen: Seen[] = [];
  const progress: DeployProgress[] = [];
  const server = await ScriptedServer.open(acceptingScript(seen, overrides));
  const options = {
    transport: await transport(),
    bundle,
    onProgress: (each: DeployProgress) => void progress.push(each),
    signal: new AbortController().signal,
  };
  return { seen, progress, server, options };
}

class Base {
  baseBuild() {
    return "base";
  }
}
class Model extends Base {
  modelId = "a";
  download() {
    return "download";
  }
  setup() {}
  inference(input: number) {
    return input;
  }
  *explain() {
    yield 1;
  }
}

interface FunctionSeen {
  functionName: string;
  timeoutSecs: number;
}

interface ImageSeen {
  baseImages: { imageId: string }[];
  buildFunction?: { definition: string };
}

async function prepare() {}
async function check() {}

function addModel(app: App, options: Parameters<App["cls"]>[0] = {}) {
  app.cls(options, Model, {
    build: ["baseBuild", "download"],
    enter: ["setup"],
    methods: ["inference", "explain"],
    parameters: ["modelId"],
  });
}

describe("a run", () => {
  test("brings code, images, functions and classes to the server before it publishes them together", async () => {
    const { seen, options } = await start();
    const app = new App("flow", { image: Image.debianSlim() });
    app.function({ name: "train", timeout: 10, cpu: 2, retries: 3 }, async (x: number) => x);
    addModel(app);
    {
      await using running = await runApp(app, options);
      expect(running.deployed.functionIds).toEqual({ train: "fu-train", "Model.*": "fu-Model.*" });
    }
    const order = methods(seen);
    expect(order[0]).toBe("appCreate");
    expect(order.lastIndexOf("functionCreate")).toBeLessThan(order.indexOf("appPublish"));
    expect(order.indexOf("classCreate")).toBeLessThan(order.indexOf("appPublish"));
    expect(order.at(-1)).toBe("appClientDisconnect");

    const created = only(seen, "functionCreate").map(
      (request) => request["function"] as Record<string, unknown>,
    );
    expect(created.find((each) => each["functionName"] === "train")).toMatchObject({
      timeoutSecs: 10,
      resources: { milliCpu: 2000 },
      retryPolicy: { retries: 3 },
      nodeEntrypoint: { modulePath: "/root/app.mjs", objectTag: "train" },
    });
    expect(created.find((each) => each["functionName"] === "Model.*")).toMatchObject({
      isClass: true,
      methodDefinitionsSet: true,
      methodDefinitions: { inference: { functionType: 2 }, explain: { functionType: 1 } },
      classParameterInfo: { format: 2, schema: [{ name: "modelId" }] },
      nodeEntrypoint: { objectTag: "Model" },
    });
    expect(only(seen, "appPublish")).toMatchObject([
      {
        appState: AppState.EPHEMERAL,
        functionIds: { train: "fu-train" },
        classIds: { Model: expect.any(String) as string },
      },
    ]);
    expect(only(seen, "appClientDisconnect")).toMatchObject([
      { reason: AppDisconnectReason.ENTRYPOINT_COMPLETED },
    ]);
  });

  test("asks for each image once, in the order of its steps, and never twice for a shared one [B2]", async () => {
    const { seen, options } = await start();
    const base = Image.debianSlim().aptInstall("git");
    const app = new App("images");
    app.function({ name: "a", image: base.runCommands("echo a") }, async () => 1);
    app.function({ name: "b", image: base.runCommands("echo b") }, async () => 1);
    app.function({ name: "c", image: base }, async () => 1);
    await using _running = await runApp(app, options);
    const asked = only(seen, "imageGetOrCreate").map(
      (request) => request["image"] as { baseImages: { imageId: string }[]; dockerfileCommands: string[] },
    );
    expect(asked).toHaveLength(4);
    expect(asked.map(({ baseImages }) => baseImages[0]?.imageId)).toEqual([
      undefined,
      "im-1",
      "im-2",
      "im-2",
    ]);
    expect(asked.slice(1).every(({ dockerfileCommands }) => dockerfileCommands[0] === "FROM base")).toBe(
      true,
    );
  });

  test("makes a layer of each build method, those of the base class first, and the same one each time [C4] [C8]", async () => {
    const once = async () => {
      const { seen, options } = await start();
      const app = new App("builds");
      addModel(app, { volumes: { "/vol": Volume.fromName("weights") }, env: { TOKEN: "x" } });
      await using _running = await runApp(app, options);
      return seen;
    };
    const seen = await once();
    const builders = only(seen, "functionCreate")
      .map((request) => request["function"] as Record<string, unknown>)
      .filter((each) => each["isBuilderFunction"]);
    expect(builders).toMatchObject([
      {
        functionName: "Model.baseBuild",
        imageId: "im-1",
        timeoutSecs: 86_400,
        nodeEntrypoint: { objectTag: "Model" },
      },
      { functionName: "Model.download", imageId: "im-2", volumeMounts: [{ mountPath: "/vol" }] },
    ]);
    expect(builders.every((each) => (each["secretIds"] as string[]).length === 1)).toBe(true);
    const definitions = (requests: Seen[]) =>
      only(requests, "imageGetOrCreate").flatMap((request) => {
        const { buildFunction } = request["image"] as {
          buildFunction?: { definition: string; globals: Uint8Array };
        };
        return buildFunction
          ? [[buildFunction.definition, Buffer.from(buildFunction.globals).toString("hex")]]
          : [];
      });
    expect(definitions(seen)).toHaveLength(2);
    expect(definitions(await once())).toEqual(definitions(seen));
  });

  test("gives a build function a day, unless it has a limit of its own [C11]", async () => {
    const { seen, options } = await start();
    const app = new App("limits");
    const image = Image.debianSlim().runFunction(prepare).runFunction(check, { timeout: 60 });
    const build = { baseBuild: {}, download: { timeout: 7200, forceBuild: true } };
    app.cls({ image, timeout: 10 }, Model, { build, methods: ["inference"] });
    await using _running = await runApp(app, options);
    const created = only(seen, "functionCreate").map((request) => request["function"] as FunctionSeen);
    const limits = created.map(({ functionName, timeoutSecs }) => [functionName, timeoutSecs]);
    expect(Object.fromEntries(limits)).toEqual({
      prepare: 86_400,
      check: 60,
      "Model.baseBuild": 86_400,
      "Model.download": 7200,
      "Model.*": 10,
    });
    expect(only(seen, "imageGetOrCreate").map(({ forceBuild }) => forceBuild)).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  test("has a build function run again when a value of its environment is another [C5] [D2]", async () => {
    const { seen, options } = await start();
    const app = new App("values");
    for (const LEVEL of ["1", "2", "2"]) {
      const image = Image.debianSlim().runFunction(prepare, { env: { LEVEL } });
      app.function({ name: `level-${app.registered.length}`, image }, async () => 1);
    }
    await using _running = await runApp(app, options);
    const steps = only(seen, "imageGetOrCreate").map(({ image }) => image as ImageSeen);
    const definitions = steps.flatMap(({ buildFunction }) => buildFunction?.definition ?? []);
    expect([definitions.length, new Set(definitions).size]).toEqual([3, 2]);
    expect(only(seen, "secretGetOrCreate")).toMatchObject([
      { envDict: { LEVEL: "1" } },
      { envDict: { LEVEL: "2" } },
      { envDict: { LEVEL: "2" } },
    ]);
  });

  test("logs in to a registry by the secret that comes with the image, which its steps do not see", async () => {
    const { seen, options } = await start();
    const app = new App("registry");
    const secret = Secret.fromName("login");
    app.function({ name: "a", image: Image.fromRegistry("r.example/x:1", { secret }) }, async () => 1);
    app.function({ name: "b", image: Image.fromAwsEcr("r.example/y:1", secret) }, async () => 1);
    await using _running = await runApp(app, options);
    const asked = only(seen, "imageGetOrCreate").map(({ image }) => image);
    expect(asked).toMatchObject(
      [RegistryAuthType.STATIC_CREDS, RegistryAuthType.AWS].map((registryAuthType) => ({
        secretIds: [],
        imageRegistryConfig: { registryAuthType, secretId: expect.stringMatching(/^st-/) as string },
      })),
    );
  });

  test("begins with an image that is there already, and builds and publishes further ones", async () => {
    const { seen, options } = await start({
      imageGetByTag: async ({ tag }) => ({ imageId: `im-of-${tag}` }),
      imageFromId: async ({ imageId }) => ({ imageId }),
      imagePublish: async ({ imageId }) => ({ imageId }),
    });
    const app = new App("existing");
    const named = Image.fromName("tools:v1", { environment: "dev" });
    app.function({ name: "a", image: named }, async () => 1);
    app.function({ name: "b", image: Image.fromId("im-7") }, async () => 1);
    const more = Image.debianSlim().env({ A: "1" });
    await expect(more.publish("tools")).rejects.toMatchObject({ code: "IMAGE_NOT_BUILDABLE" });
    await using running = await runApp(app, options);
    expect(only(seen, "imageGetByTag")).toMatchObject([{ tag: "tools:v1", environmentName: "dev" }]);
    const bases = only(seen, "imageGetOrCreate").map(({ image }) => (image as ImageSeen).baseImages);
    expect(bases.flat().map(({ imageId }) => imageId)).toEqual(
      expect.arrayContaining(["im-of-tools:v1", "im-7"]),
    );
    using _builder = setImageBuilder(running.deployed.buildImage);
    await more.publish("tools", { environment: "dev" });
    expect(only(seen, "imagePublish")).toMatchObject([
      { imageId: await more.build(), tag: "tools", environmentName: "dev" },
    ]);
  });

  test("refuses a name before it builds, and builds again what has failed", async () => {
    let fails = true;
    const asked: number[] = [];
    const { options } = await start({
      imageGetOrCreate: async ({ image }) => {
        const isSecond = image?.dockerfileCommands.some((line) => line.includes("second")) ?? false;
        if (isSecond) asked.push(1);
        const status = isSecond && fails ? Status.FAILURE : Status.SUCCESS;
        return { imageId: isSecond ? "im-2" : "im-1", result: { status } };
      },
      imagePublish: async ({ imageId }) => ({ imageId }),
    });
    const app = new App("again");
    app.function({ name: "f", image: Image.debianSlim() }, async () => 1);
    await using running = await runApp(app, options);
    using _ = setImageBuilder(running.deployed.buildImage);
    const second = Image.debianSlim().runCommands("second");
    await expect(second.publish("bad name")).rejects.toMatchObject({ code: "IMAGE_REFERENCE_INVALID" });
    expect(asked).toEqual([]);
    await expect(second.build()).rejects.toMatchObject({ code: "IMAGE_BUILD_FAILED" });
    fails = false;
    expect([await second.build(), await second.build()]).toEqual(["im-2", "im-2"]);
    expect(asked).toHaveLength(2);
  });

  test("follows a build through a restart of the server, with every line once [B7]", async () => {
    const entries: string[] = [];
    const { progress, server, options } = await start({
      imageGetOrCreate: async () => ({ imageId: "im-1", buildReason: "it has not been built before" }),
      async *imageJoinStreaming(request, context) {
        entries.push(request.lastEntryId);
        if (request.lastEntryId === "") {
          yield { taskLogs: [{ data: "one\n" }], entryId: "1" };
          await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
          return;
        }
        yield { taskLogs: [{ data: "two\n" }], entryId: "2" };
        yield { result: { status: Status.SUCCESS }, entryId: "2", eof: true };
      },
    });
    const app = new App("follow");
    app.function({ name: "f" }, async () => 1);
    const starting = runApp(app, options);
    await expect.poll(() => entries).toEqual([""]);
    await server.stop();
    await server.start();
    await using _running = await starting;
    expect(entries).toEqual(["", "1"]);
    const lines = progress.flatMap((each) =>
      each.kind === "image-log" ? each.items.map(({ data }) => data) : [],
    );
    expect(lines).toEqual(["one\n", "two\n"]);
    expect(progress).toContainEqual(
      expect.objectContaining({
        kind: "image-building",
        imageId: "im-1",
        reason: "it has not been built before",
      }),
    );
  });

  test.each([
    [Status.FAILURE, "IMAGE_BUILD_FAILED", /im-1.*exit code 1/],
    [Status.TERMINATED, "IMAGE_BUILD_TERMINATED", /im-1.*cancelled/],
    [Status.TIMEOUT, "IMAGE_BUILD_TIMEOUT", /im-1.*too long/],
  ])("that cannot build an image (status %i) is undone, and says why [B8]", async (status, code, message) => {
    const { seen, options } = await start({
      imageGetOrCreate: async () => ({ imageId: "im-1", result: { status, exception: "exit code 1" } }),
    });
    const app = new App("broken");
    app.function({ name: "f" }, async () => 1);
    const failed = runApp(app, options);
    await expect(failed).rejects.toMatchObject({ code });
    await expect(failed).rejects.toThrow(message);
    expect(methods(seen)).not.toContain("appPublish");
    expect(only(seen, "appClientDisconnect")).toMatchObject([
      { reason: AppDisconnectReason.LOCAL_EXCEPTION },
    ]);
  });

  test("that fails for one function has ended its work for the others when it says so", async () => {
    const { seen, options } = await start({
      async *imageJoinStreaming(_request, context) {
        yield { taskLogs: [{ data: "slow\n" }], entryId: "1" };
        await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
      },
      imageGetOrCreate: async ({ image }) => {
        const bad = image?.dockerfileCommands.some((line) => line.includes("false"));
        return bad ? { imageId: "im-2", result: { status: Status.FAILURE } } : { imageId: "im-1" };
      },
    });
    const app = new App("siblings");
    app.function({ name: "slow" }, async () => 1);
    app.function({ name: "bad", image: Image.fromRegistry("false") }, async () => 1);
    await expect(runApp(app, options)).rejects.toMatchObject({ code: "IMAGE_BUILD_FAILED" });
    expect(methods(seen).at(-1)).toBe("appClientDisconnect");
  });
});

describe("local files of an image", () => {
  test("are mounted at start, or copied into a layer with copy", async () => {
    await using directory = await temporaryDirectory({
      "a.txt": "a",
      "sub/b.txt": "b",
      "node_modules/x/y": "y",
      "c.log": "c",
    });
    const { seen, options } = await start();
    const app = new App("files");
    const ignore = ["node_modules", "*.log"];
    app.function(
      { name: "mounted", image: Image.debianSlim().addLocalDir(directory.path, "/data", { ignore }) },
      async () => 1,
    );
    app.function(
      {
        name: "copied",
        image: Image.debianSlim().addLocalFile(join(directory.path, "a.txt"), "/a", { copy: true }),
      },
      async () => 1,
    );
    await using _running = await runApp(app, options);
    const mounts = only(seen, "mountGetOrCreate").map((request) =>
      (request["files"] as { filename: string }[]).map(({ filename }) => filename),
    );
    expect(mounts.toSorted()).toEqual([["/a"], ["/data/a.txt", "/data/sub/b.txt"], ["/root/app.mjs"]]);
    const copies = only(seen, "imageGetOrCreate").map(
      (request) => request["image"] as Record<string, unknown>,
    );
    expect(copies.filter((image) => image["contextMountId"] !== "")).toMatchObject([
      { dockerfileCommands: ["FROM base", "COPY . /"] },
    ]);
  });

  test("that vanish while they are uploaded fail the run with their name", async () => {
    await using directory = await temporaryDirectory({ "a.txt": "a" });
    const path = join(directory.path, "a.txt");
    const { options, seen } = await start({
      mountBatchedCheckExistence: async (request) => {
        await rm(path, { force: true });
        return { missingSha256HexHashes: request.sha256HexHashes };
      },
    });
    const app = new App("vanish");
    app.function({ name: "f", image: Image.debianSlim().addLocalFile(path, "/a") }, async () => 1);
    // The code is uploaded first; the file is still there when it is read for the first time.
    const failed = runApp(app, options);
    await expect(failed).rejects.toMatchObject({ code: "LOCAL_FILE_MISSING" });
    await expect(failed).rejects.toThrow(path);
    expect(methods(seen)).not.toContain("appPublish");
  });

  test("that change while they are uploaded fail the run", async () => {
    await using directory = await temporaryDirectory({ "a.txt": "a" });
    const path = join(directory.path, "a.txt");
    let asked = 0;
    const { options } = await start({
      mountBatchedCheckExistence: async (request) => {
        if (asked++ > 0) await writeFile(path, "b");
        return { missingSha256HexHashes: request.sha256HexHashes };
      },
    });
    const app = new App("change");
    app.function({ name: "f", image: Image.debianSlim().addLocalFile(path, "/a") }, async () => 1);
    await expect(runApp(app, options)).rejects.toMatchObject({ code: "LOCAL_FILE_CHANGED" });
  });
});

describe("a deploy", () => {
  test("over an app of that name keeps the ids of its functions and classes", async () => {
    const { seen, options } = await start({
      appGetByDeploymentName: async () => ({ appId: "ap-7" }),
      appGetLayout: async () => ({
        appLayout: { functionIds: { "Model.*": "fu-7" }, classIds: { Model: "cs-7" } },
      }),
    });
    const app = new App("again");
    addModel(app);
    const deployed = await deployByName(app, options);
    expect(deployed).toMatchObject({
      appId: "ap-7",
      functionIds: { "Model.*": "fu-7" },
      classIds: { Model: "cs-7" },
    });
    expect(methods(seen)).not.toContain("appCreate");
    expect(only(seen, "appPublish")).toMatchObject([{ name: "again", appState: AppState.DEPLOYED }]);
  });

  test("says once what the server knows of a function before its image is there [L13]", async () => {
    const serverWarnings = [{ message: "f cannot start: no worker has a GPU." }];
    const { seen, progress, options } = await start({
      functionPrecreate: async () => ({ functionId: "fu-f", serverWarnings }),
      appPublish: async () => ({ url: "", serverWarnings }),
    });
    const app = new App("large", { image: Image.debianSlim() });
    app.function({ name: "f", gpu: "H100" }, async () => 1);
    await deployByName(app, options);
    expect(only(seen, "functionPrecreate")).toMatchObject([
      { announced: { imageId: "", resources: { gpuConfig: { gpuType: "H100", count: 1 } } } },
    ]);
    const kinds = progress.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "warning")).toHaveLength(1);
    expect(kinds.indexOf("warning")).toBeLessThan(kinds.indexOf("image-ready"));
  });

  test("asks for one of several GPUs by a template for each, the most wanted first [Q3]", async () => {
    const { seen, options } = await start();
    const app = new App("choosy", { image: Image.debianSlim() });
    app.function({ name: "f", gpu: ["H100:2", "any"], memory: 512 }, async () => 1);
    await deployByName(app, options);
    const resourcesWith = (gpuType: string, count: number) => ({
      memoryMb: 512,
      gpuConfig: { gpuType, count },
    });
    expect(only(seen, "functionCreate")).toMatchObject([
      {
        function: {
          resources: resourcesWith("H100", 2),
          ExperimentalTaskTemplates: [
            { rank: 0, resources: resourcesWith("H100", 2) },
            { rank: 1, resources: resourcesWith("ANY", 1) },
          ],
        },
      },
    ]);
  });

  test("that fails tells the server, when the app is new", async () => {
    const { seen, options } = await start({
      secretGetOrCreate: async () => {
        throw new Error("no");
      },
    });
    const app = new App("new", { secrets: [Secret.fromObject({ A: "1" })] });
    app.function({ name: "f" }, async () => 1);
    await expect(deployByName(app, options)).rejects.toMatchObject({ status: "INTERNAL" });
    expect(only(seen, "appClientDisconnect")).toMatchObject([
      { reason: AppDisconnectReason.DEPLOYMENT_EXCEPTION },
    ]);
  });
});
