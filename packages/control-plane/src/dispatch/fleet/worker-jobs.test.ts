import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { AsyncQueue } from "@dorian/base/async-queue";
import { createLocalClient } from "@dorian/protocol/client/local-client";
import {
  FunctionInputSchema,
  GenericResult_GenericStatus as Status,
  type TaskLogs,
} from "@dorian/protocol/modal";
import { ContainerExecRequestSchema, type ContainerExecRequest } from "@dorian/protocol/operator";
import { encodeArguments } from "@dorian/protocol/value/payload";
import {
  ImageConfigSchema,
  WorkerMessageSchema,
  WorkerService,
  type ExecInput,
  type ExecStart,
  type StartBuild,
} from "@dorian/protocol/worker";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mergedParts } from "../../../test/merged-parts.ts";
import { eventually } from "../../../test/scripted-caller.ts";
import { UserError } from "../../../test/scripted-container.ts";
import { HandCatalog, ScriptedServer } from "../../../test/scripted-server.ts";
import { ScriptedWorker } from "../../../test/scripted-worker.ts";
import type { BuildLog } from "../ports.ts";

let directory: string;
let catalog: HandCatalog;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "dorian-dispatch-"));
  catalog = new HandCatalog();
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

const openServer = (options = {}) => ScriptedServer.open(join(directory, "state.db"), catalog, options);

function listening(signal = new AbortController().signal) {
  const lines: string[] = [];
  const log: BuildLog = {
    onLogs: (items: TaskLogs[]) => void lines.push(...items.map((item) => item.data)),
    signal,
  };
  return { log, lines };
}

const request = {
  baseLayerIds: ["ly-1"],
  baseConfig: create(ImageConfigSchema),
  dockerfile: "FROM base\nRUN true",
  buildArgs: {},
  contextLayerId: "",
  contextFiles: [],
  secretEnv: {},
  volumes: [],
  timeoutSecs: 5,
  registryAuth: 0,
  registryEnv: {},
  gpuDevices: [],
  refreshBase: false,
  stepScope: "",
};

test("a build goes to a worker, its log comes live, its result ends it [B7]", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch).join();
  const { log, lines } = listening();
  const started = Promise.withResolvers<StartBuild>();
  worker.onOrder = (order) => order.case === "startBuild" && started.resolve(order.value as StartBuild);
  const building = server.dispatch.workerPool.build(request, log);
  const { buildId, dockerfile } = await started.promise;
  expect(dockerfile).toBe(request.dockerfile);
  worker.report({ case: "logs", value: { buildId, items: [{ data: "step 1\n" }] } });
  await eventually(() => lines.includes("step 1\n"), "the log came");
  worker.report({
    case: "buildFinished",
    value: { buildId, result: { status: Status.SUCCESS }, layerIds: ["ly-2"] },
  });
  expect((await building).layerIds).toEqual(["ly-2"]);
});

test("a build that asks for a GPU goes where one is, and fails at once when there is none", async () => {
  await using server = await openServer();
  await using _plain = await new ScriptedWorker(server.dispatch).join();
  const { log } = listening();
  const gpu = { type: "L4", count: 1 };
  await expect(server.dispatch.workerPool.build(request, log, { gpu })).rejects.toMatchObject({
    code: "BUILD_GPU_MISSING",
  });
  await using worker = await new ScriptedWorker(server.dispatch, {
    gpus: [
      { type: "T4", device: "gpu-0" },
      { type: "L4", device: "gpu-1" },
    ],
  }).join();
  const started = Promise.withResolvers<StartBuild>();
  worker.onOrder = (order) => order.case === "startBuild" && started.resolve(order.value as StartBuild);
  const building = server.dispatch.workerPool.build(request, log, { gpu });
  const { buildId, gpuDevices } = await started.promise;
  expect(gpuDevices).toEqual(["gpu-1"]);
  worker.report({ case: "buildFinished", value: { buildId, result: { status: Status.SUCCESS } } });
  await building;
});

test("builds queue where there is no room for more, the first of a full worker excepted [B16]", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { milliCpu: 1_500 }).join();
  const started: string[] = [];
  const cancelled: string[] = [];
  worker.onOrder = (order) => {
    if (order.case === "startBuild") started.push((order.value as StartBuild).buildId);
    if (order.case === "cancelBuild") cancelled.push((order.value as { buildId: string }).buildId);
  };
  const finish = (buildId: string | undefined) =>
    worker.report({
      case: "buildFinished",
      value: { buildId: buildId ?? "", result: { status: Status.SUCCESS } },
    });
  const { log, lines } = listening();
  const leaving = new AbortController();
  const builds = [1, 2, 3].map(() => server.dispatch.workerPool.build(request, log));
  const left = server.dispatch.workerPool.build(request, listening(leaving.signal).log);
  left.catch(() => undefined);
  await eventually(() => lines.filter((line) => line.includes("waits for room")).length === 2, "two wait");
  expect(started).toHaveLength(1);
  // Nothing was started of one that is no longer wanted.
  leaving.abort(new Error("gone"));
  await expect(left).rejects.toThrow("gone");
  for (const count of [1, 2, 3]) {
    await eventually(() => started.length === count, `build ${count} runs`);
    finish(started[count - 1]);
  }
  await Promise.all(builds);
  expect(started).toHaveLength(3);
  expect(cancelled).toEqual([]);
});

test("a build is cancelled on its worker, fails with a lost worker, and does not wait for ever for one", async () => {
  await using server = await openServer();
  const { log, lines } = listening();
  await expect(server.dispatch.workerPool.build({ ...request, timeoutSecs: 1 }, log)).rejects.toMatchObject({
    code: "WORKER_NONE_CONNECTED",
  });
  expect(lines.join("")).toMatch(/^No worker is connected: the build waits for one\./);
  await using worker = await new ScriptedWorker(server.dispatch).join();
  const orders: string[] = [];
  worker.onOrder = (order) => {
    orders.push(order.case ?? "");
    const { buildId } = order.value as StartBuild;
    if (order.case === "cancelBuild")
      worker.report({ case: "buildFinished", value: { buildId, result: { status: Status.TERMINATED } } });
  };
  const abort = new AbortController();
  const cancelled = server.dispatch.workerPool.build(request, listening(abort.signal).log);
  await eventually(() => orders.length === 1, "started");
  abort.abort();
  expect((await cancelled).result?.status).toBe(Status.TERMINATED);
  const lost = server.dispatch.workerPool.build(request, listening().log);
  lost.catch(() => undefined);
  await eventually(() => orders.length === 3, "started again");
  worker.kill();
  await using successor = await new ScriptedWorker(server.dispatch).join();
  await expect(lost).rejects.toMatchObject({ code: "WORKER_LOST", status: "UNAVAILABLE" });
  expect(successor.welcomed).toEqual([]);
});

test("a build function gets its one input, marked final, and hands back its frozen layer [C1]", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch).join();
  const seen: unknown[] = [];
  worker.script = {
    handle(args, item, container) {
      seen.push(args, item.input?.finalInput, container.request.freezeRoot);
      worker.report({
        case: "logs",
        value: { taskId: container.taskId, items: [{ data: "downloading\n", fileDescriptor: 1 }] },
      });
    },
  };
  worker.exitWith = { rootFrozen: true, frozenLayerId: "ly-9", frozenBytes: 512n };
  const functionId = catalog.add({}, { isBuilder: true, tag: "Model.download" });
  const input = create(FunctionInputSchema, {
    argsOneof: { case: "args", value: encodeArguments(["iris"]) },
    dataFormat: 4,
  });
  const { log, lines } = listening();
  const outcome = await server.dispatch.workerPool.runBuilder(functionId, input, log);
  expect(outcome).toMatchObject({
    result: { status: Status.SUCCESS },
    frozenLayerId: "ly-9",
    frozenBytes: 512,
  });
  expect(seen).toEqual([["iris"], true, true]);
  expect(lines).toContain("downloading\n");
});

test("a build function that throws, dies or is cancelled fails the build, saying why", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch).join();
  const functionId = catalog.add({}, { isBuilder: true });
  const input = create(FunctionInputSchema);
  const run = (signal?: AbortSignal) =>
    server.dispatch.workerPool.runBuilder(functionId, input, listening(signal).log);
  worker.script = {
    handle() {
      throw new UserError("no such model");
    },
  };
  expect((await run()).result).toMatchObject({ status: Status.FAILURE, exception: "no such model" });
  worker.script = { handle: (_args, _item, container) => container.die({ exitCode: 3 }) };
  expect((await run()).result.exception).toBe("The container exited with code 3.");
  worker.script = {
    enter() {
      throw new UserError("cannot import");
    },
  };
  expect((await run()).result.exception).toBe("cannot import");
  worker.script = { handle: () => new Promise(() => undefined) };
  const abort = new AbortController();
  const cancelled = run(abort.signal);
  await eventually(() => worker.alive.some((container) => container.inputs.length === 1), "running");
  abort.abort();
  expect((await cancelled).result.status).toBe(Status.FAILURE);
  expect(worker.alive).toEqual([]);
});

test("a command in a container gets its input and gives its output and exit code", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch).join();
  catalog.add({ autoscalerSettings: { minContainers: 1 } });
  await eventually(() => worker.alive.length === 1, "running");
  const taskId = worker.alive[0]?.taskId ?? "";
  worker.onOrder = (order) => {
    const { execId } = order.value as ExecStart | ExecInput;
    if (order.case === "execStart")
      worker.report({ case: "execOutput", value: { execId, stdout: Buffer.from("ready ") } });
    else {
      const { stdin, end } = order.value as ExecInput;
      if (stdin.length > 0) worker.report({ case: "execOutput", value: { execId, stdout: stdin } });
      if (end) worker.report({ case: "execOutput", value: { execId, exitCode: 4 } });
    }
  };
  const requests = new AsyncQueue<ContainerExecRequest>();
  requests.push(create(ContainerExecRequestSchema, { taskId, command: ["cat"] }));
  requests.push(create(ContainerExecRequestSchema, { stdin: Buffer.from("meow") }));
  requests.push(create(ContainerExecRequestSchema, { end: true }));
  let text = "";
  let code: number | undefined;
  for await (const response of server.operator.containerExec(requests)) {
    text += Buffer.from(response.stdout).toString();
    code = response.exitCode ?? code;
  }
  expect({ text, code }).toEqual({ text: "ready meow", code: 4 });
  const unknown = new AsyncQueue<ContainerExecRequest>();
  unknown.push(create(ContainerExecRequestSchema, { taskId: "ta-none", command: ["cat"] }));
  await expect(server.operator.containerExec(unknown)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: "TASK_NOT_FOUND",
  });
});

test("output of a command that was lost with a connection is missed: what follows does not take its place [L9]", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch).join();
  catalog.add({ autoscalerSettings: { minContainers: 1 } });
  await eventually(() => worker.alive.length === 1, "running");
  worker.onOrder = (order) => {
    const { execId } = order.value as ExecStart | ExecInput;
    if (order.case !== "execStart") return;
    for (const index of [1n, 3n])
      worker.report({ case: "execOutput", value: { execId, index, stdout: Buffer.from(`${index} `) } });
    worker.report({ case: "execOutput", value: { execId, index: 4n, exitCode: 0 } });
  };
  const requests = new AsyncQueue<ContainerExecRequest>();
  const taskId = worker.alive[0]?.taskId ?? "";
  requests.push(create(ContainerExecRequestSchema, { taskId, command: ["seq", "3"] }));
  let text = "";
  const read = async () => {
    for await (const { stdout } of server.operator.containerExec(requests))
      text += Buffer.from(stdout).toString();
  };
  await expect(read()).rejects.toMatchObject({ code: "EXEC_OUTPUT_LOST" });
  expect(text).toBe("1 ");
});

test("a worker of another data directory is refused, and so is who is no worker", async () => {
  await using server = await openServer();
  const hello = () => {
    const messages = new AsyncQueue<ReturnType<typeof create<typeof WorkerMessageSchema>>>();
    const value = { workerId: "wo-1", name: "x", dataDirectoryId: "dd-other" };
    messages.push(create(WorkerMessageSchema, { message: { case: "hello", value } }));
    return messages;
  };
  const join = (identity: { kind: "worker" } | { kind: "client"; tokenId: string }) => {
    const orders = createLocalClient(WorkerService, mergedParts(server.dispatch.worker), identity).join(
      hello(),
    );
    return orders[Symbol.asyncIterator]().next();
  };
  await expect(join({ kind: "worker" })).rejects.toMatchObject({ code: "WORKER_DATA_DIRECTORY_DIFFERS" });
  await expect(join({ kind: "client", tokenId: "tk" })).rejects.toMatchObject({
    status: "PERMISSION_DENIED",
  });
  expect((await server.operator.serverInfo({})).workers).toEqual([]);
});

test("a container acts for itself alone", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch).join();
  catalog.add({ autoscalerSettings: { minContainers: 2 } });
  await eventually(() => worker.alive.length === 2, "running");
  const [one, other] = worker.alive;
  await expect(one?.modal.containerStop({ taskId: other?.taskId ?? "" })).rejects.toMatchObject({
    code: "TASK_NOT_YOURS",
  });
  await expect(server.modal.functionGetInputs({})).rejects.toMatchObject({ code: "CALLER_NOT_A_CONTAINER" });
  await one?.modal.containerStop({ taskId: one.taskId });
  await eventually(() => one?.dead === true, "it stopped itself");
  expect(one?.stops).toEqual([]);
});
