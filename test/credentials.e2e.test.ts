import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { Connection, createClient } from "@dorian/protocol/client/grpc-client";
import {
  DataFormat,
  GenericResult_GenericStatus as Status,
  ModalClient,
  ObjectCreationType,
} from "@dorian/protocol/modal";
import { OperatorService } from "@dorian/protocol/operator";
import { encodeValue } from "@dorian/protocol/value/payload";
import { methodEntries, type ServiceClient } from "@dorian/protocol/service";
import { WorkerService } from "@dorian/protocol/worker";
import { Function as RemoteFunction } from "dorian";
import { containersWith, type RunningContainer } from "@dorian/testkit/containers";
import { instanceOf } from "@dorian/testkit/leftovers";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

const source = `
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image, currentInput } from "dorian";

export const app = new App("credentials", { image: Image.debianSlim() });

/** Says which input it works on and waits to be let go. */
export const held = app.function({ name: "held" }, async (name: string) => {
  await writeFile("/tmp/input", currentInput()?.inputId ?? "");
  await writeFile("/tmp/held-" + name, "");
  while (!existsSync("/tmp/go")) await delay(20);
  return name;
});
`;

interface Tokens {
  url: string;
  tokenId: string;
  tokenSecret: string;
  workerToken: string;
}

let server: RunningServer;
let tokens: Tokens;

beforeAll(async () => {
  server = await runningServer({ apps: [source] });
  tokens = JSON.parse(await readFile(join(server.dataDirectory, "client.json"), "utf8")) as Tokens;
});

afterAll(() => server[Symbol.asyncDispose]());

function connect(url: string, metadata: Record<string, string>): Connection {
  const connection = new Connection({ url, metadata });
  onTestFinished(() => connection[Symbol.dispose]());
  return connection;
}

/** How one comes by a token: open to callers who have none. */
const open = ["ClientHello", "TokenFlowCreate", "TokenFlowWait"];

/** How a call of every method of every service of the server ends, but for those that are open to all. */
async function callAll(metadata: Record<string, string>): Promise<Map<string, AppError>> {
  const connection = connect(tokens.url, metadata);
  const outcomes = new Map<string, AppError>();
  for (const service of [ModalClient, WorkerService, OperatorService]) {
    const stub = createClient(service, connection) as Record<string, (request: unknown) => unknown>;
    for (const [name, method] of methodEntries(service)) {
      if (open.includes(method.name)) continue;
      const streams = method.methodKind !== "unary";
      const request = method.methodKind === "bidi_streaming" ? (async function* () {})() : {};
      const result = stub[name]?.(request);
      const answer = streams ? drain(result as AsyncIterable<unknown>) : (result as Promise<unknown>);
      outcomes.set(`${service.name}.${name}`, await errorOf(answer));
    }
  }
  return outcomes;
}

async function drain(messages: AsyncIterable<unknown>): Promise<void> {
  for await (const message of messages) void message;
}

async function errorOf(answer: Promise<unknown>): Promise<AppError> {
  const error = await answer.then(
    () => new Error("it succeeded"),
    (failure: unknown) => failure,
  );
  if (AppError.is(error)) return error;
  throw error;
}

test("every call of every service is refused to a caller with no token or a wrong one, with what to do", async () => {
  const right = { "x-modal-token-id": tokens.tokenId, "x-modal-token-secret": tokens.tokenSecret };
  const wrong: Record<string, string>[] = [
    {},
    { ...right, "x-modal-token-secret": "as-wrong" },
    { ...right, "x-modal-token-id": "ak-wrong" },
    { "dorian-worker-token": "wt-wrong" },
    { "dorian-task-id": "ta-0123456789012345678901" },
  ];
  for (const metadata of wrong) {
    const outcomes = await callAll(metadata);
    expect(outcomes.size).toBeGreaterThan(60);
    for (const [method, error] of outcomes) {
      // What is not served is not served to anybody.
      if (error.status === "UNIMPLEMENTED") continue;
      expect({ method, status: error.status }).toEqual({ method, status: "UNAUTHENTICATED" });
      expect(error.remedy).toContain("dorian token new");
    }
  }
});

test("a client cannot act as a worker, nor a worker as a client", async () => {
  const asClient = { "x-modal-token-id": tokens.tokenId, "x-modal-token-secret": tokens.tokenSecret };
  const worker = createClient(WorkerService, connect(tokens.url, asClient));
  const denied = { status: "PERMISSION_DENIED" };
  await expect(worker.volumeHead({ volumeId: "vo-0123456789012345678901" })).rejects.toMatchObject(denied);
  const modal = createClient(ModalClient, connect(tokens.url, { "dorian-worker-token": tokens.workerToken }));
  await expect(modal.appList({})).rejects.toMatchObject(denied);
});

test("the command line says in three lines that its token is wrong, and ends with 1", async () => {
  const env = { MODAL_SERVER_URL: tokens.url, MODAL_TOKEN_ID: "ak-wrong", MODAL_TOKEN_SECRET: "as-wrong" };
  const result = await dorian(server.dataDirectory, ["app", "list"], { env });
  expect(result).toEqual({
    code: 1,
    stdout: "",
    stderr: [
      'Error: The token "ak-wrong" is not valid here.',
      "  Why: the server does not know who asks (TOKEN_INVALID)",
      "  Fix: Run `dorian token new` on the server's machine for valid values, and check MODAL_SERVER_URL.",
      "",
    ].join("\n"),
  });
});

test("files with secrets, and the way to the sockets of tasks, are for their owner alone", async () => {
  const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
  expect(await mode(join(server.dataDirectory, "client.json"))).toBe("600");
  expect(await mode(join(server.dataDirectory, "server.key"))).toBe("600");
  expect(await mode(join(server.dataDirectory, "state.db"))).toBe("600");
  // Root of a container, nobody on this machine, passes through to its own directory; none of these can be listed, and
  // what is in them is closed to it. The operator's certificates are there for every container to read.
  const runtime = `/run/dorian/${await instanceOf(server.dataDirectory)}`;
  expect(await mode(runtime)).toBe("711");
  const open: Record<string, string> = { tasks: "711", builds: "711", operator: "755" };
  for (const name of await readdir(runtime))
    expect(`${name} ${await mode(join(runtime, name))}`).toBe(`${name} ${open[name] ?? "700"}`);
});

test("a task acts for itself alone, whatever it sends, and cannot touch apps or other tasks", async () => {
  const held = RemoteFunction.fromName<(name: string) => Promise<string>>("credentials", "held");
  const [first, second] = [await held.spawn("first"), await held.spawn("second")];
  const [mine] = await containersWith(server.dataDirectory, "/tmp/held-first");
  const [other] = await containersWith(server.dataDirectory, "/tmp/held-second");
  if (!mine || !other) throw new Error("the containers are not there");
  const { tasks } = await server.client.modal.taskList({});
  const appId = tasks[0]?.appId ?? "";
  expect(tasks.map(({ taskId }) => taskId).toSorted()).toEqual([mine.taskId, other.taskId].toSorted());

  const directory = `/run/dorian/${await instanceOf(server.dataDirectory)}/tasks/${mine.taskId}`;
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  // From the container's own socket, with everything that a caller might claim to be.
  const claims = { "dorian-task-id": other.taskId, "dorian-worker-token": tokens.workerToken };
  const asMine = createClient(ModalClient, connect(`unix://${mine.path("/run/dorian/task.sock")}`, claims));
  const denied = { status: "PERMISSION_DENIED" };
  await expect(asMine.appStop({ appId })).rejects.toMatchObject(denied);
  await expect(asMine.appCreate({ description: "mine" })).rejects.toMatchObject(denied);
  await expect(asMine.appList({})).rejects.toMatchObject(denied);
  await expect(asMine.appClientDisconnect({ appId })).rejects.toMatchObject(denied);
  await expect(asMine.imageGetOrCreate({ appId })).rejects.toMatchObject(denied);
  await expect(asMine.containerStop({ taskId: other.taskId })).rejects.toMatchObject(denied);
  await expect(asMine.volumeCommit({ volumeId: await volumeId(server.client.modal) })).rejects.toMatchObject({
    code: "VOLUME_NOT_MOUNTED",
  });
  const socket = `unix://${mine.path("/run/dorian/task.sock")}`;
  const noWorker = createClient(WorkerService, connect(socket, claims));
  await expect(noWorker.volumeHead({})).rejects.toMatchObject({ status: "UNIMPLEMENTED" });
  const noOperator = createClient(OperatorService, connect(socket, claims));
  await expect(noOperator.serverInfo({})).rejects.toMatchObject({ status: "UNIMPLEMENTED" });

  // An output for the other's input is not taken.
  const stolen = await readFile(other.path("/tmp/input"), "utf8");
  const value = encodeValue("stolen", "a result");
  await asMine.functionPutOutputs({
    outputs: [
      {
        inputId: stolen,
        functionCallId: second.functionCallId,
        result: { status: Status.SUCCESS, dataOneof: { case: "data", value } },
        dataFormat: DataFormat.CBOR,
      },
    ],
  });
  for (const container of [mine, other]) await letGo(container);
  expect(await Promise.all([first.get(), second.get()])).toEqual(["first", "second"]);
});

async function volumeId(modal: ServiceClient<typeof ModalClient>): Promise<string> {
  const created = await modal.volumeGetOrCreate({
    deploymentName: "not-mounted",
    objectCreationType: ObjectCreationType.CREATE_IF_MISSING,
  });
  return created.volumeId;
}

async function letGo(container: RunningContainer): Promise<void> {
  container.touch("/tmp/go");
}
