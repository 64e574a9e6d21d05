// A whole control plane on a data directory of its own, and a worker that builds images and runs functions by script.
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { AsyncQueue } from "@dorian/base/async-queue";
import { sleep } from "@dorian/base/sleep";
import { newId } from "@dorian/base/ids";
import { createLocalClient } from "@dorian/protocol/client/local-client";
import {
  DataFormat,
  FunctionSchema$,
  GenericResult_GenericStatus as Status,
  GenericResultSchema,
  ImageGetOrCreateRequestSchema,
  ModalClient,
  TaskState,
} from "@dorian/protocol/modal";
import { OperatorService } from "@dorian/protocol/operator";
import { encodeValue } from "@dorian/protocol/value/payload";
import type { ServiceClient } from "@dorian/protocol/service";
import {
  BuildFinishedSchema,
  ServerMessageSchema,
  WorkerMessageSchema,
  WorkerService,
  type StartBuild,
  type StartTask,
} from "@dorian/protocol/worker";
import { LayerStore } from "@dorian/storage/layer-store";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import type { GarbageAges } from "../src/gc/collect-garbage.ts";
import { openControlPlane, type ControlPlane, type ControlPlaneOptions } from "../src/compose.ts";
import { openClientFile } from "../src/access/token/client-file.ts";
import { readDataDirectoryId } from "../src/access/keys/data-directory-id.ts";

export type ModalCaller = ServiceClient<typeof ModalClient>;

/** Everything that nothing refers to is garbage, however young. */
export const atOnce: GarbageAges = {
  layerMs: 0,
  blockMs: 0,
  versionMs: 0,
  deletedMs: 0,
  imageMs: 0,
  keepVersions: false,
  stepMs: 0,
  appMs: 0,
};

export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "dorian-catalog-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export class CatalogServer implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly dataDirectory: string;
  readonly modal: ModalCaller;
  readonly operator: ServiceClient<typeof OperatorService>;
  readonly worker: ServiceClient<typeof WorkerService>;
  /** Another store on the same directory, as a worker has it. */
  readonly layers: LayerStore;

  private constructor(plane: ControlPlane, dataDirectory: string, layers: LayerStore, tokenId: string) {
    this.plane = plane;
    this.dataDirectory = dataDirectory;
    this.layers = layers;
    const identity = { kind: "client", tokenId } as const;
    this.modal = createLocalClient(ModalClient, plane.modal, identity);
    this.operator = createLocalClient(OperatorService, plane.operator, identity);
    this.worker = createLocalClient(WorkerService, plane.worker, { kind: "worker" });
  }

  static async open(
    dataDirectory: string,
    options: Partial<ControlPlaneOptions> = {},
  ): Promise<CatalogServer> {
    const plane = await openControlPlane({
      dataDirectory,
      version: "0.1.0",
      listen: "127.0.0.1:0",
      logger: pino({ level: process.env["DORIAN_TEST_LOG"] ?? "silent" }),
      graceSecs: 1,
      ...options,
    });
    const { tokenId } = await openClientFile(dataDirectory);
    return new CatalogServer(plane, dataDirectory, await LayerStore.open(dataDirectory), tokenId);
  }

  asTask(taskId = newId("ta")): ModalCaller {
    return createLocalClient(ModalClient, this.plane.modal, { kind: "task", taskId });
  }

  /** A layer with these files, as a worker would have frozen it. */
  async layer(files: Record<string, string>): Promise<string> {
    await using draft = await this.layers.draft();
    for (const [name, content] of Object.entries(files)) await writeFile(join(draft.path, name), content);
    return await draft.seal({ durable: false });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.layers[Symbol.asyncDispose]();
    await this.plane[Symbol.asyncDispose]();
  }
}

type BuildAnswer = Exclude<MessageInitShape<typeof BuildFinishedSchema>, { $typeName: string }>;

export interface ScriptedBuild {
  request: StartBuild;
  log(text: string): void;
  /** Aborts when the server cancels the build. */
  signal: AbortSignal;
}

/** A worker that answers builds with what `build` says, and lets each container answer its first input. */
export class BuildWorker implements AsyncDisposable {
  readonly builds: StartBuild[] = [];
  readonly cancelled: string[] = [];
  readonly tasks: StartTask[] = [];
  ignoresStops = false;
  build: (build: ScriptedBuild) => Promise<BuildAnswer>;
  /** Result of the function in a container, and the layer that its root file system becomes. */
  call: () => Promise<{ result: MessageInitShape<typeof GenericResultSchema>; frozenLayerId?: string }> =
    async () => ({
      result: { status: Status.SUCCESS, dataOneof: { case: "data", value: encodeValue(null, "nothing") } },
    });
  #server: CatalogServer;
  #outgoing = new AsyncQueue<MessageInitShape<typeof WorkerMessageSchema>>();
  #connection = new AbortController();
  #running = new Map<string, AbortController>();
  #logBatches = 0n;

  private constructor(server: CatalogServer) {
    this.#server = server;
    this.build = async () => ({ layerIds: [await server.layer({ [`file-${newId("bd")}`]: "built" })] });
  }

  static async join(server: CatalogServer, build?: BuildWorker["build"]): Promise<BuildWorker> {
    const worker = new BuildWorker(server);
    worker.build = build ?? worker.build;
    worker.#send({
      case: "hello",
      value: {
        workerId: newId("wo"),
        name: "box",
        capacity: { milliCpu: 8_000, memoryMb: 8_192n },
        dataDirectoryId: await readDataDirectoryId(server.dataDirectory),
        version: "0.1.0",
      },
    });
    const welcome = Promise.withResolvers<void>();
    void worker.#listen(welcome);
    await welcome.promise;
    return worker;
  }

  /** A container of a function that works on an input until the worker is disposed of. */
  async hold(modal: ModalCaller, functionId: string) {
    this.call = () => new Promise(() => undefined);
    const before = this.tasks.length;
    const input = { argsOneof: { case: "args" as const, value: new Uint8Array() } };
    const call = await modal.functionMap({ functionId, functionCallType: 1, pipelinedInputs: [{ input }] });
    for (;;) {
      const { tasks } = await modal.taskList({});
      const task = this.tasks.slice(before).find(({ arguments: run }) => run?.functionId === functionId);
      const isReady = tasks.some(
        ({ taskId, state }) => taskId === task?.taskId && state === TaskState.ACTIVE,
      );
      if (task && isReady) {
        const [known] = call.pipelinedInputs;
        return { taskId: task.taskId, functionCallId: call.functionCallId, inputId: known?.inputId ?? "" };
      }
      await sleep(10, { signal: this.#connection.signal });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.abort();
  }

  async #listen(welcome: PromiseWithResolvers<void>): Promise<void> {
    try {
      const orders = this.#server.worker.join(this.#outgoing as never, { signal: this.#connection.signal });
      for await (const order of orders) this.#obey(order, welcome);
    } catch (error) {
      welcome.reject(error);
    }
  }

  #obey(
    { message }: ReturnType<typeof create<typeof ServerMessageSchema>>,
    welcome: PromiseWithResolvers<void>,
  ): void {
    switch (message.case) {
      case "welcome":
        welcome.resolve();
        break;
      case "startBuild":
        void this.#build(message.value);
        break;
      case "cancelBuild":
        this.cancelled.push(message.value.buildId);
        this.#running.get(message.value.buildId)?.abort(new Error(message.value.reason));
        break;
      case "startTask":
        void this.#run(message.value);
        break;
      case "stopTask":
        if (this.ignoresStops) break;
        this.#send({ case: "taskExited", value: { taskId: message.value.taskId, signal: "SIGINT" } });
    }
  }

  async #build(request: StartBuild): Promise<void> {
    this.builds.push(request);
    const abort = new AbortController();
    this.#running.set(request.buildId, abort);
    const log = (text: string) =>
      this.#send({
        case: "logs",
        value: {
          buildId: request.buildId,
          items: [{ data: text, fileDescriptor: 1 }],
          sequence: ++this.#logBatches,
        },
      });
    let answer: BuildAnswer;
    try {
      answer = await this.build({ request, log, signal: abort.signal });
    } catch (error) {
      const status = abort.signal.aborted ? Status.TERMINATED : Status.FAILURE;
      answer = { result: { status, exception: String(error) } };
    }
    const result = answer.result ?? { status: Status.SUCCESS };
    this.#send({
      case: "buildFinished",
      value: { config: { workdir: "/root" }, ...answer, buildId: request.buildId, result },
    });
  }

  async #run(request: StartTask): Promise<void> {
    this.tasks.push(request);
    const { taskId } = request;
    const modal = this.#server.asTask(taskId);
    try {
      await modal.containerHello({});
      const { inputs } = await modal.functionGetInputs({ functionId: request.arguments?.functionId ?? "" });
      const [item] = inputs;
      if (!item || item.killSwitch) return;
      const { result, frozenLayerId = "" } = await this.call();
      const output = {
        inputId: item.inputId,
        result,
        dataFormat: DataFormat.CBOR,
        retryCount: item.retryCount,
      };
      await modal.functionPutOutputs({ outputs: [output] });
      this.#send({ case: "taskExited", value: { taskId, rootFrozen: true, frozenLayerId, frozenBytes: 5n } });
    } catch (error) {
      this.#send({ case: "taskExited", value: { taskId, exitCode: 1, signal: String(error) } });
    }
  }

  #send(message: NonNullable<MessageInitShape<typeof WorkerMessageSchema>["message"]>): void {
    this.#outgoing.push(create(WorkerMessageSchema, { message }));
  }
}

type ImageRequest = MessageInitShape<typeof ImageGetOrCreateRequestSchema>;

/** Asks for an image of Dockerfile lines and waits for it. */
export async function buildImage(
  modal: ModalCaller,
  image: MessageInitShape<typeof ImageGetOrCreateRequestSchema>["image"],
  rest: Omit<ImageRequest, "image" | "$typeName"> = {},
) {
  const response = await modal.imageGetOrCreate({ ...rest, image } as never);
  const { imageId, buildReason } = response;
  if (response.result) return { imageId, buildReason, result: response.result, built: false };
  return { imageId, buildReason, built: true, ...(await joinImage(modal, imageId)) };
}

export async function joinImage(
  modal: ModalCaller,
  imageId: string,
  request: { includeLogsForFinished?: boolean } = {},
) {
  let lastEntryId = "";
  let text = "";
  for (;;) {
    for await (const part of modal.imageJoinStreaming({ imageId, timeout: 10, lastEntryId, ...request })) {
      text += part.taskLogs.map((log) => log.data).join("");
      if (part.entryId !== "") lastEntryId = part.entryId;
      if (part.result) return { result: part.result, text };
    }
  }
}

/** Uploads files and mounts them. */
export async function mountFiles(modal: ModalCaller, files: Record<string, string>): Promise<string> {
  const listed = Object.entries(files).map(([filename, content]) => ({
    filename,
    sha256Hex: createHash("sha256").update(content).digest("hex"),
    content,
  }));
  for (const { sha256Hex, content } of listed) {
    await modal.mountPutFile({ sha256Hex, dataOneof: { case: "data", value: Buffer.from(content) } });
  }
  const { mountId } = await modal.mountGetOrCreate({
    objectCreationType: 4,
    files: listed.map(({ filename, sha256Hex }) => ({ filename, sha256Hex })),
  });
  return mountId;
}

/** Precreates, creates and returns the ids that a publish needs. */
export async function defineFunction(
  modal: ModalCaller,
  appId: string,
  definition: Exclude<MessageInitShape<typeof FunctionSchema$>, { $typeName: string }> & {
    functionName: string;
  },
  existingFunctionId = "",
): Promise<{ tag: string; functionId: string; definitionId: string }> {
  const tag = definition.functionName;
  const { functionId } = await modal.functionPrecreate({ appId, functionName: tag, existingFunctionId });
  const created = await modal.functionCreate({
    appId,
    existingFunctionId: functionId,
    function: {
      functionType: 2,
      nodeEntrypoint: { modulePath: "/root/app.mjs", objectTag: tag },
      ...definition,
    },
  });
  return { tag, functionId: created.functionId, definitionId: created.handleMetadata?.definitionId ?? "" };
}

export async function publishApp(
  modal: ModalCaller,
  app: { appId: string; name?: string },
  functions: { tag: string; functionId: string; definitionId: string }[],
  classIds: Record<string, string> = {},
) {
  return await modal.appPublish({
    appId: app.appId,
    name: app.name ?? "",
    appState: app.name === undefined ? 1 : 3,
    functionIds: Object.fromEntries(functions.map((each) => [each.tag, each.functionId])),
    definitionIds: Object.fromEntries(functions.map((each) => [each.functionId, each.definitionId])),
    classIds,
  });
}
