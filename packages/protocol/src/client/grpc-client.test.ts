import { AppError } from "@dorian/base/app-error";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { GrpcServer, mountService } from "../server/grpc-server.ts";
import { createClient, Connection } from "./grpc-client.ts";
import { ModalClient } from "../modal.ts";
import type { ServiceHandlers } from "../service.ts";

const pattern = (bytes: number) => Uint8Array.from({ length: bytes }, (_, index) => (index * 31) % 251);

async function serve(handlers: ServiceHandlers<typeof ModalClient>, path?: string) {
  const directory = path ? undefined : await mkdtemp(join(tmpdir(), "http2-client-"));
  const socket = path ?? join(directory as string, "s.sock");
  const server = await GrpcServer.listen({
    address: `unix:${socket}`,
    services: [mountService(ModalClient, handlers)],
    authenticate: (metadata) => ({
      identity: { kind: "task", taskId: String(metadata.get("dorian-task-id")[0] ?? "") },
    }),
    onInternalError: () => undefined,
  });
  onTestFinished(async () => {
    await server[Symbol.asyncDispose]();
    if (directory) await rm(directory, { recursive: true });
  });
  return { server, socket };
}

function connect(socket: string, retryUnavailableMs = 0) {
  const connection = new Connection({
    url: `unix://${socket}`,
    metadata: { "dorian-task-id": "ta-1" },
    retryUnavailableMs,
  });
  onTestFinished(() => connection[Symbol.dispose]());
  return createClient(ModalClient, connection);
}

const settled = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

test("a unary call carries its message, metadata and idempotency key, and brings the answer", async () => {
  const seen: unknown[] = [];
  const { socket } = await serve({
    appCreate: async (request, context) => {
      seen.push(request.description, context.identity, context.idempotencyKey);
      return { appId: "ap-1", appPageUrl: "größe" };
    },
  });
  const client = connect(socket);
  const reply = await client.appCreate({ description: "demo" }, { idempotencyKey: "key-1" });
  expect(reply.appId).toBe("ap-1");
  expect(reply.appPageUrl).toBe("größe");
  expect(seen).toEqual(["demo", { kind: "task", taskId: "ta-1" }, "key-1"]);
});

test("patience with a server that goes away begins when it does, each time [L10]", async () => {
  const directory = await mkdtemp(join(tmpdir(), "http2-patience-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const socket = join(directory, "s.sock");
  let taken = Promise.withResolvers<void>();
  const holds = {
    appList: async (_request: unknown, { signal }: { signal: AbortSignal }) => {
      taken.resolve();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return {};
    },
  };
  const answer = settled(connect(socket, 2_500).appList({}));
  // Each time it is away, and there, for less than the patience; in all for longer.
  for (let turn = 0; turn < 3; turn += 1) {
    taken = Promise.withResolvers<void>();
    await delay(1_000);
    const { server } = await serve(holds, socket);
    await taken.promise;
    await delay(1_500);
    await server[Symbol.asyncDispose]();
  }
  await delay(1_000);
  await serve({ appList: async () => ({}) }, socket);
  expect(await answer).toBeUndefined();
});

test("an AppError of the server arrives with its code, message, status and remedy, whatever letters they have", async () => {
  const { socket } = await serve({
    volumeCommit: async () => {
      throw new AppError("VOLUME_DISK_FULL", "No space for “größe” — 100 % used.", {
        status: "RESOURCE_EXHAUSTED",
        remedy: "Free some space.",
      });
    },
  });
  const error = await settled(connect(socket).volumeCommit({ volumeId: "vo-1" }));
  expect(AppError.is(error) && [error.code, error.message, error.status, error.remedy]).toEqual([
    "VOLUME_DISK_FULL",
    "No space for “größe” — 100 % used.",
    "RESOURCE_EXHAUSTED",
    "Free some space.",
  ]);
});

test("an error names the line that called, however far from there the answer came in", async () => {
  const { socket } = await serve({
    appCreate: async () => {
      throw new AppError("APP_NAME_INVALID", "No.", { remedy: "" });
    },
  });
  const client = connect(socket);
  async function whoCalls() {
    return await client.appCreate({ description: "demo" });
  }
  const error = await settled(whoCalls());
  expect((error as Error).stack).toMatch(/at (async )?whoCalls/);
});

test("a call that the server does not implement and one that it fails are told apart by status", async () => {
  const { socket } = await serve({
    appStop: async () => {
      throw new TypeError("bug");
    },
  });
  const client = connect(socket);
  expect(await settled(client.appHeartbeat({}))).toMatchObject({ status: "UNIMPLEMENTED" });
  expect(await settled(client.appStop({}))).toMatchObject({ status: "INTERNAL" });
});

test("messages of 64 MiB pass in both directions, unharmed and beside small calls", async () => {
  const big = pattern(64 * 1024 * 1024);
  const { socket } = await serve({
    functionMap: async (request) => ({
      functionCallJwt: String(request.pipelinedInputs[0]?.input?.argsOneof.value?.length),
    }),
    functionGetOutputs: async () => ({
      outputs: [{ result: { dataOneof: { case: "data", value: big } } }],
    }),
    appHeartbeat: async () => ({}),
  });
  const client = connect(socket);
  const [sent, received] = await Promise.all([
    client.functionMap({ pipelinedInputs: [{ input: { argsOneof: { case: "args", value: big } } }] }),
    client.functionGetOutputs({}),
    client.appHeartbeat({}),
    client.appHeartbeat({}),
  ]);
  expect(sent.functionCallJwt).toBe(String(big.length));
  const data = received.outputs[0]?.result?.dataOneof.value as Uint8Array;
  expect(Buffer.compare(data, big)).toBe(0);
});

test("a server stream delivers its messages in order, and a slow reader holds the server back", async () => {
  let produced = 0;
  const { socket } = await serve({
    functionCallGetDataOut: async function* () {
      for (; produced < 400; produced += 1) {
        yield { index: BigInt(produced + 1), dataOneof: { case: "data", value: pattern(100_000) } };
      }
    },
  });
  const chunks = connect(socket).functionCallGetDataOut({})[Symbol.asyncIterator]();
  const indexes = [(await chunks.next()).value?.index];
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(produced).toBeLessThan(200);
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) indexes.push(next.value.index);
  expect(indexes).toEqual(Array.from({ length: 400 }, (_, index) => BigInt(index + 1)));
});

test("an aborted signal ends a call at once with the signal's reason, and the server sees it", async () => {
  const aborted = Promise.withResolvers<void>();
  const { socket } = await serve({
    functionGetInputs: (_request, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          aborted.resolve();
          resolve({});
        });
      }),
  });
  const stop = new AbortController();
  const call = settled(connect(socket).functionGetInputs({}, { signal: stop.signal }));
  setTimeout(() => stop.abort(new Error("enough")), 50);
  expect(await call).toMatchObject({ message: "enough" });
  await aborted.promise;
  const early = settled(connect(socket).functionGetInputs({}, { signal: stop.signal }));
  expect(await early).toMatchObject({ message: "enough" });
});

test("leaving a stream early cancels it at the server", async () => {
  const ended = Promise.withResolvers<void>();
  const { socket } = await serve({
    functionCallGetDataOut: async function* (_request, { signal }) {
      signal.addEventListener("abort", () => ended.resolve());
      for (let index = 1n; !signal.aborted; index += 1n) {
        yield { index };
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  });
  let last = 0n;
  for await (const chunk of connect(socket).functionCallGetDataOut({})) {
    last = chunk.index;
    if (last === 2n) break;
  }
  await ended.promise;
  expect(last).toBe(2n);
});

test("a call without a server fails as unreachable, or waits for the server when told to", async () => {
  const { socket, server } = await serve({ appHeartbeat: async () => ({}) });
  await server[Symbol.asyncDispose]();
  expect(await settled(connect(socket).appHeartbeat({}))).toMatchObject({
    code: "SERVER_UNREACHABLE",
    status: "UNAVAILABLE",
  });
  const patient = connect(socket, 10_000).appHeartbeat({});
  await new Promise((resolve) => setTimeout(resolve, 200));
  await serve({ appHeartbeat: async () => ({}) }, socket);
  await patient;
});

test("a connection can be opened before there is a call, and one that failed meanwhile is opened anew", async () => {
  const directory = await mkdtemp(join(tmpdir(), "http2-client-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, "s.sock");
  let sockets = 0;
  const connection = new Connection({
    url: `unix://${path}`,
    connect: () => {
      sockets += 1;
      return createConnection(path);
    },
  });
  onTestFinished(() => connection[Symbol.dispose]());
  const client = createClient(ModalClient, connection);
  connection.open();
  // Nobody listens yet: that is told to nobody.
  await delay(50);
  await serve({ appCreate: async () => ({ appId: "ap-1" }) }, path);
  connection.open();
  expect((await client.appCreate({})).appId).toBe("ap-1");
  expect(sockets).toBe(2);
});

test("a restart of the server during a call repeats it with the same idempotency key", async () => {
  const keys: string[] = [];
  const first = await serve({
    functionPutOutputs: (_request, context) => {
      keys.push(context.idempotencyKey);
      return new Promise(() => undefined);
    },
  });
  const call = connect(first.socket, 10_000).functionPutOutputs({});
  while (keys.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await first.server[Symbol.asyncDispose]();
  await serve(
    {
      functionPutOutputs: async (_request, context) => {
        keys.push(context.idempotencyKey);
        return {};
      },
    },
    first.socket,
  );
  await call;
  expect(keys).toHaveLength(2);
  expect(keys[0]).not.toBe("");
  expect(keys[1]).toBe(keys[0]);
});

test("patience counts from when the server went away, however long the call had waited before", async () => {
  const begun = Promise.withResolvers<void>();
  const first = await serve({
    functionGetOutputs: () => {
      begun.resolve();
      return new Promise(() => undefined);
    },
  });
  const call = connect(first.socket, 1_000).functionGetOutputs({});
  await begun.promise;
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  await first.server[Symbol.asyncDispose]();
  await serve({ functionGetOutputs: async () => ({ lastEntryId: "1-0" }) }, first.socket);
  expect((await call).lastEntryId).toBe("1-0");
});

test("a server that drains answers what it has begun, and later calls find its successor", async () => {
  const begun = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const first = await serve({
    appCreate: async () => {
      begun.resolve();
      await release.promise;
      return { appId: "ap-old" };
    },
  });
  const client = connect(first.socket, 10_000);
  const running = client.appCreate({});
  await begun.promise;
  const drained = first.server.drain({ signal: AbortSignal.timeout(10_000) });
  await new Promise((resolve) => setTimeout(resolve, 50));
  const later = client.appCreate({});
  release.resolve();
  expect((await running).appId).toBe("ap-old");
  await drained;
  await serve({ appCreate: async () => ({ appId: "ap-new" }) }, first.socket);
  expect((await later).appId).toBe("ap-new");
});
