import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import {
  DataFormat,
  FunctionCallInvocationType,
  FunctionCallType,
  ObjectCreationType,
} from "@dorian/protocol/modal";
import { Function as RemoteFunction } from "dorian";
import { dorian, type CommandResult } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

const mebibyte = 1024 * 1024;
const good = `
import { App, Image } from "dorian";
export const app = new App("good", { image: Image.debianSlim() });
export const same = app.function({ name: "same" }, async (value: unknown) => value);
export const count = app.function({ name: "count" }, async (bytes: Uint8Array) => bytes.length);
export const large = app.function({ name: "large" }, async (bytes: number) => new Uint8Array(bytes));
export const strange = app.function({ name: "strange" }, async () => ({ handler: () => 1 }));
`;

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer({ apps: [good] });
});

afterAll(() => server[Symbol.asyncDispose]());

/** Whatever was refused: nothing of it is there. */
afterEach(async () => {
  const { apps } = await server.client.modal.appList({});
  const live = apps.filter(({ stoppedAt }) => stoppedAt === 0).map(({ description }) => description);
  expect(live.filter((name) => name.startsWith("bad"))).toEqual([]);
  const { items } = await server.client.modal.volumeList({});
  expect(items.map(({ label }) => label).filter((label) => label.startsWith("bad"))).toEqual([]);
});

/** The three lines at the end of what a failed command said. */
function refusal({ stderr }: CommandResult): { what: string; why: string; fix: string } {
  const found = /^Error: (.+)\n {2}Why: (.+)\n {2}Fix: (.+)\n$/m.exec(stderr);
  return { what: found?.[1] ?? stderr, why: found?.[2] ?? "", fix: found?.[3] ?? "" };
}

interface BadApp {
  title: string;
  source: string;
  code: string;
  what: RegExp;
}

const begin = `import { App, Image, Volume, enter, method, parameter, build } from "dorian";\n`;
const badApps: BadApp[] = [
  {
    title: "a volume at /",
    source: `
      export const app = new App("bad");
      app.function({ name: "f", volumes: { "/": Volume.fromName("bad-volume", { createIfMissing: true }) } }, async () => 1);`,
    code: "VOLUME_PATH_INVALID",
    what: /mounts volume "bad-volume" at "\/": that place belongs to the image/,
  },
  {
    title: "an app's name with a slash",
    source: `
      export const app = new App("bad/app");
      app.function({ name: "f" }, async () => 1);`,
    code: "NAME_INVALID",
    what: /"bad\/app" cannot be the name of an app/,
  },
  {
    title: "a function's name with a slash",
    source: `
      export const app = new App("bad");
      app.function({ name: "bad/f" }, async () => 1);`,
    code: "NAME_INVALID",
    what: /"bad\/f" cannot be the name of a function/,
  },
  {
    title: "a volume's name with a slash",
    source: `
      export const app = new App("bad");
      app.function({ name: "f", volumes: { "/vol": Volume.fromName("bad/volume") } }, async () => 1);`,
    code: "NAME_INVALID",
    what: /"bad\/volume" cannot be the name of a volume/,
  },
  {
    title: "decorators that do not go together",
    source: `
      export const app = new App("bad");
      @app.cls() class Model { @method() @enter() async load() {} }`,
    code: "DECORATORS_EXCLUDE_EACH_OTHER",
    what: /@enter decorator with @method: Model\.load has both/,
  },
  {
    title: "a decorator without its parentheses",
    source: `
      export const app = new App("bad");
      @app.cls() class Model { @enter async load() {} }`,
    code: "DECORATOR_WITHOUT_PARENTHESES",
    what: /@enter on "load" lacks its parentheses/,
  },
  {
    title: "a decorator on a private method",
    source: `
      export const app = new App("bad");
      @app.cls() class Model { @method() async #hidden() {} }`,
    code: "DECORATOR_MISPLACED",
    what: /@method\(\) stands on a private member "#hidden"/,
  },
  {
    title: "a parameter that is not plain",
    source: `
      export const app = new App("bad");
      @app.cls() class Model { @parameter() transform = (value: number) => value; @method() async run() {} }`,
    code: "PARAMETER_INVALID",
    what: /"transform" of Model is \(value\) => value, which cannot be a parameter/,
  },
  {
    title: "a build step after local files",
    source: `
      const image = Image.debianSlim().addLocalFile("app.ts", "/root/x").runCommands("true");
      export const app = new App("bad", { image });
      app.function({ name: "f" }, async () => 1);`,
    code: "IMAGE_STEP_AFTER_MOUNT",
    what: /build step follows files/,
  },
  {
    title: "a local file that is not there",
    source: `
      const image = Image.debianSlim().addLocalFile("missing.bin", "/root/missing.bin", { copy: true });
      export const app = new App("bad", { image });
      app.function({ name: "f" }, async () => 1);`,
    code: "LOCAL_FILE_MISSING",
    what: /missing\.bin/,
  },
];

test.for(badApps)("$title is one clear error, and nothing is deployed", async ({ source, code, what }) => {
  await using project = await temporaryDirectory({ "app.ts": begin + source });
  const result = await dorian(server.dataDirectory, ["deploy", "app.ts"], { cwd: project.path });
  const said = refusal(result);
  expect(said.what).toMatch(what);
  expect(said.why).toContain(`(${code})`);
  expect(said.fix.length).toBeGreaterThan(5);
  expect(result.code).toBe(1);
});

const badCommands: [string[], string, RegExp][] = [
  [["volume", "create", "bad/name"], "NAME_INVALID", /"bad\/name" cannot be the name of a volume/],
  [["volume", "ls", "bad-missing"], "VOLUME_NOT_FOUND", /Volume 'bad-missing' not found/],
  [["deploy", "app.ts", "--name", "bad/name"], "NAME_INVALID", /"bad\/name" cannot be the name of an app/],
];

test.for(badCommands)("dorian %j is refused in three lines", async ([args, code, what]) => {
  await using project = await temporaryDirectory({ "app.ts": good });
  const result = await dorian(server.dataDirectory, args, { cwd: project.path });
  const said = refusal(result);
  expect(said.what).toMatch(what);
  expect(said.why).toContain(`(${code})`);
  expect(result.code).toBe(1);
});

test("a file that vanishes while a directory is uploaded stops the upload, and none of it is in the volume", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 12 }, (_, index) => [`part-${index}`, randomBytes(4 * mebibyte)]),
  );
  await using local = await temporaryDirectory(files);
  await dorian(server.dataDirectory, ["volume", "create", "vanishing"]);
  let removed: Promise<void> | undefined;
  const result = await dorian(server.dataDirectory, ["volume", "put", "vanishing", local.path, "/weights"], {
    onOutput: () => (removed ??= rm(join(local.path, "part-9"))),
  });
  await removed;
  const said = refusal(result);
  expect(said.what).toMatch(/part-9.*(vanished|changed)/);
  expect(said.why).toMatch(/\(LOCAL_FILE_(MISSING|CHANGED)\)/);
  expect(result.code).toBe(1);
  expect((await dorian(server.dataDirectory, ["volume", "ls", "vanishing", "--json"])).stdout.trim()).toBe(
    "[]",
  );
});

const same = RemoteFunction.fromName<(value: unknown) => Promise<unknown>>("good", "same");

test("arguments that cannot be sent are refused before anything is sent, with where in them the trouble is", async () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  for (const [value, what] of [
    [{ options: { callback: () => 1 } }, /\.options\.callback is a function/],
    [[Symbol("x")], /is a symbol/],
    [cycle, /refers back to itself/],
    [{ later: Promise.resolve(1) }, /later is a promise/],
  ] as const) {
    const refused = same.remote(value);
    await expect(refused).rejects.toMatchObject({
      code: "VALUE_NOT_SERIALISABLE",
      status: "INVALID_ARGUMENT",
    });
    await expect(refused).rejects.toThrow(what);
  }
});

test("a result that cannot be sent is an error at the caller that says so", async () => {
  const strange = RemoteFunction.fromName<() => Promise<unknown>>("good", "strange");
  await expect(strange.remote()).rejects.toThrow(/Cannot send .*\.handler is a function/);
});

test("arguments above 64 MiB are refused here and by the server, and smaller ones arrive", async () => {
  await expect(same.remote(new Uint8Array(65 * mebibyte))).rejects.toMatchObject({
    code: "INPUT_TOO_LARGE",
    remedy: expect.stringContaining("Volume"),
  });
  const { functionId } = await server.client.modal.functionGet({ appName: "good", objectTag: "same" });
  const args = { case: "args" as const, value: new Uint8Array(65 * mebibyte) };
  const byHand = server.client.modal.functionMap({
    functionId,
    functionCallType: FunctionCallType.UNARY,
    functionCallInvocationType: FunctionCallInvocationType.SYNC,
    pipelinedInputs: [{ idx: 0, input: { argsOneof: args, dataFormat: DataFormat.CBOR } }],
  });
  await expect(byHand).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE", status: "INVALID_ARGUMENT" });
  const count = RemoteFunction.fromName<(bytes: Uint8Array) => Promise<number>>("good", "count");
  expect(await count.remote(new Uint8Array(63 * mebibyte))).toBe(63 * mebibyte);
});

test("a result above 64 MiB is an error at the caller with advice, and the container goes on", async () => {
  const large = RemoteFunction.fromName<(bytes: number) => Promise<Uint8Array>>("good", "large");
  await expect(large.remote(65 * mebibyte)).rejects.toThrow(/result has 65.* MiB, the limit is 64 MiB/);
  expect((await large.remote(63 * mebibyte)).length).toBe(63 * mebibyte);
});

/** What Image.debianSlim() asks for. */
const base = { dockerfileCommands: ["FROM debian:bookworm-slim", "COPY --from=dorian/node:24 / /"] };

test("hand-made requests for an image that is built on itself, or on none that exists, are refused", async () => {
  const { appId } = await server.client.modal.appCreate({ description: "cycles" });
  const built = await server.client.modal.imageGetOrCreate({ appId, image: base });
  const step = (imageId: string) => ({
    baseImages: [{ dockerTag: "base", imageId }],
    dockerfileCommands: ["FROM base", "RUN true"],
  });
  const itself = server.client.modal.imageGetOrCreate({
    appId,
    image: step(built.imageId),
    existingImageId: built.imageId,
  });
  await expect(itself).rejects.toMatchObject({ code: "IMAGE_CYCLE", status: "INVALID_ARGUMENT" });
  const unknown = server.client.modal.imageGetOrCreate({ appId, image: step("im-0123456789012345678901") });
  await expect(unknown).rejects.toMatchObject({ code: "IMAGE_NOT_FOUND", status: "NOT_FOUND" });
  await server.client.modal.appStop({ appId });
});

test("hand-made requests with bad names and mounts are refused by the server itself", async () => {
  const { modal } = server.client;
  const invalid = { status: "INVALID_ARGUMENT" };
  const create = ObjectCreationType.CREATE_IF_MISSING;
  await expect(
    modal.volumeGetOrCreate({ deploymentName: "bad/name", objectCreationType: create }),
  ).rejects.toMatchObject({ code: "NAME_INVALID", ...invalid });
  await expect(
    modal.secretGetOrCreate({ deploymentName: "bad/name", objectCreationType: create, envDict: { A: "1" } }),
  ).rejects.toMatchObject({ code: "NAME_INVALID", ...invalid });
  const { volumeId } = await modal.volumeGetOrCreate({
    deploymentName: "mounted",
    objectCreationType: create,
  });
  const { appId } = await modal.appCreate({ description: "mounts" });
  const { imageId } = await modal.imageGetOrCreate({ appId, image: base });
  for (const mountPath of ["/", "/root", "/proc/x", "relative", "/vol/../etc", "/run/dorian"]) {
    const asked = modal.functionCreate({
      appId,
      function: { functionName: "f", imageId, volumeMounts: [{ volumeId, mountPath }] },
    });
    await expect(asked).rejects.toMatchObject({ code: "VOLUME_MOUNT_INVALID", ...invalid });
  }
  await modal.appStop({ appId });
});
