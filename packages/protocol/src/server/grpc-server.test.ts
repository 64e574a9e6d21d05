import { AppError } from "@dorian/base/app-error";
import * as grpc from "@grpc/grpc-js";
import * as fc from "fast-check";
import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { Notifier } from "@dorian/base/notifier";
import {
  frameTypes,
  http2Preface,
  RawHttp2Peer,
  rawCall,
  rawFrame,
  rawMessage,
  rawSettings,
} from "@dorian/testkit/raw-http2-peer";
import { expect, onTestFinished, test } from "vitest";
import { createForeignClient, ForeignConnection } from "../../test/foreign-client.ts";
import { Connection, createClient } from "../client/grpc-client.ts";
import { decodeHeaders } from "../http2/header-block.ts";
import { GrpcServer, mountService } from "./grpc-server.ts";
import { ModalClient } from "../modal.ts";
import { OperatorService } from "../operator.ts";
import type { CallContext, ServiceHandlers } from "../service.ts";

// The client is another implementation of gRPC, with header compression of its own.
async function serve(
  modal: ServiceHandlers<typeof ModalClient>,
  operator: ServiceHandlers<typeof OperatorService> = {},
) {
  const internal: unknown[] = [];
  const server = await GrpcServer.listen({
    address: "127.0.0.1:0",
    services: [mountService(ModalClient, modal), mountService(OperatorService, operator)],
    authenticate: (metadata) => {
      const tokenId = String(metadata.get("x-token")[0] ?? "");
      if (tokenId === "wrong")
        throw new AppError("TOKEN_INVALID", "No.", { status: "UNAUTHENTICATED", remedy: "Ask." });
      return { identity: { kind: "client", tokenId } };
    },
    onInternalError: (error) => internal.push(error),
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const connect = (metadata: Record<string, string> = {}) => {
    const connection = new ForeignConnection(server.port, metadata);
    onTestFinished(() => connection[Symbol.dispose]());
    return {
      connection,
      modal: createForeignClient(ModalClient, connection),
      operator: createForeignClient(OperatorService, connection),
    };
  };
  const connectOwn = () => {
    const connection = new Connection({ url: `http://127.0.0.1:${server.port}` });
    onTestFinished(() => connection[Symbol.dispose]());
    return {
      modal: createClient(ModalClient, connection),
      operator: createClient(OperatorService, connection),
    };
  };
  return { server, internal, connect, connectOwn };
}

const settled = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

test("calls of one connection keep their messages and metadata apart, whatever the client compresses", async () => {
  const { connect } = await serve({
    appCreate: async (request, { identity, idempotencyKey }) => ({
      appId: `${request.description}/${identity.kind === "client" ? identity.tokenId : ""}/${idempotencyKey}`,
    }),
  });
  const { connection } = connect();
  const text = fc.stringMatching(/^[!-~]{1,200}$/);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 20 }), async (calls) => {
      const replies = await Promise.all(
        calls.map(([token, description], index) => {
          const client = createForeignClient(ModalClient, connection.with({ "x-token": `t${token}` }));
          return client.appCreate({ description }, { idempotencyKey: `k${index}` });
        }),
      );
      expect(replies.map((reply) => reply.appId)).toEqual(
        calls.map(([token, description], index) => `${description}/t${token}/k${index}`),
      );
    }),
    { numRuns: 30 },
  );
});

test("failures arrive with status, text and parts; what was not foreseen stays in the server's log", async () => {
  const { connect, internal } = await serve({
    appStop: async () => {
      throw new AppError("APP_GONE", "“größe” is 100 % gone.", { status: "NOT_FOUND", remedy: "Look." });
    },
    appHeartbeat: async () => {
      throw new TypeError("secret detail");
    },
  });
  const { modal } = connect();
  expect(await settled(modal.appStop({}))).toMatchObject({
    code: "APP_GONE",
    status: "NOT_FOUND",
    message: "“größe” is 100 % gone.",
    remedy: "Look.",
  });
  expect(await settled(modal.appHeartbeat({}))).toMatchObject({ status: "INTERNAL" });
  expect(internal).toMatchObject([{ message: "secret detail" }]);
  expect(await settled(modal.appCreate({}))).toMatchObject({ status: "UNIMPLEMENTED" });
  expect(await settled(connect({ "x-token": "wrong" }).modal.appStop({}))).toMatchObject({
    code: "TOKEN_INVALID",
    status: "UNAUTHENTICATED",
  });
});

const clients = ["connect", "connectOwn"] as const;

test.each(clients)(
  "a stream of requests is answered while it goes on, and its handler sees the caller leave (%s)",
  async (kind) => {
    const left = Promise.withResolvers<void>();
    const served = await serve(
      {},
      {
        async *containerExec(requests, { signal }) {
          signal.addEventListener("abort", () => left.resolve());
          for await (const { stdin } of requests) yield { stdout: stdin };
        },
      },
    );
    const sent = Promise.withResolvers<void>();
    async function* requests() {
      yield { stdin: new Uint8Array([1]) };
      yield { stdin: new Uint8Array(300_000).fill(2) };
      await sent.promise;
      yield { stdin: new Uint8Array([3]) };
      await new Promise(() => undefined);
    }
    const seen: [number, number | undefined][] = [];
    for await (const { stdout } of served[kind]().operator.containerExec(requests())) {
      seen.push([stdout.length, stdout[0]]);
      if (seen.length === 2) sent.resolve();
      if (seen.length === 3) break;
    }
    expect(seen).toEqual([
      [1, 1],
      [300_000, 2],
      [1, 3],
    ]);
    await left.promise;
  },
);

test.each(clients)(
  "what is wrong with a text of megabytes is told in short, and the connection goes on (%s)",
  async (kind) => {
    const server = await serve({
      appCreate: async ({ description }) => {
        if (description.length < 10) return { appId: description };
        throw new AppError("NAME_TOO_LONG", `"${description}" is no name.`, {
          status: "INVALID_ARGUMENT",
          remedy: "Shorten it.",
        });
      },
    });
    const { modal } = server[kind]();
    const error = await settled(modal.appCreate({ description: "ü".repeat(2_000_000) }));
    expect(error).toMatchObject({ code: "NAME_TOO_LONG", remedy: "Shorten it." });
    const { message } = error as Error;
    expect(message.replaceAll(/ü+/g, ({ length }) => `<${length}>`)).toBe(
      `"<1499>… [1998014 characters] …<487>" is no name.`,
    );
    expect(await modal.appCreate({ description: "short" })).toMatchObject({ appId: "short" });
  },
);

test.each(clients)("a slow handler of a stream of requests keeps its caller waiting (%s)", async (kind) => {
  const taken = Promise.withResolvers<void>();
  const served = await serve(
    {},
    {
      async *containerExec(requests) {
        await taken.promise;
        let bytes = 0;
        for await (const { stdin } of requests) bytes += stdin.length;
        yield { stdout: Buffer.from(String(bytes)) };
      },
    },
  );
  let produced = 0;
  async function* requests() {
    for (; produced < 64; produced += 1) yield { stdin: new Uint8Array(1024 * 1024) };
  }
  const answers = served[kind]().operator.containerExec(requests())[Symbol.asyncIterator]();
  const first = answers.next();
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(produced).toBeLessThan(32);
  taken.resolve();
  expect(Buffer.from((await first).value?.stdout ?? []).toString()).toBe(String(64 * 1024 * 1024));
});

test("a caller's deadline ends the call and tells its handler", async () => {
  const told = Promise.withResolvers<void>();
  const begun: AbortSignal[] = [];
  const { connect } = await serve({
    appHeartbeat: async (_request, { signal }: CallContext) => {
      begun.push(signal);
      if (!signal.aborted) await once(signal, "abort");
      told.resolve();
      return {};
    },
  });
  const { client } = connect().connection;
  const callFor = (ms: number) =>
    new Promise<grpc.ServiceError | null>((resolve) =>
      client.makeUnaryRequest(
        "/modal.client.ModalClient/AppHeartbeat",
        (value: Buffer) => value,
        (value: Buffer) => value,
        Buffer.alloc(0),
        new grpc.Metadata(),
        { deadline: Date.now() + ms },
        resolve,
      ),
    );
  // A deadline that passes before the call arrives tells no handler anything.
  for (let ms = 200; begun.length === 0; ms *= 2)
    expect((await callFor(ms))?.code).toBe(grpc.status.DEADLINE_EXCEEDED);
  await told.promise;
});

test("who does not speak the protocol is let go, and others are served on", async () => {
  const { server, connect } = await serve({ appHeartbeat: async () => ({}) });
  const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const nonsense = [
    Buffer.from("GET / HTTP/1.1\r\n\r\n"),
    // A frame that claims 16 MiB.
    Buffer.concat([Buffer.from(preface), Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1])]),
    // A header that refers to an entry of an empty table.
    Buffer.concat([Buffer.from(preface), Buffer.from([0, 0, 1, 1, 5, 0, 0, 0, 1, 0xff - 1])]),
    // A stream number that only servers may use.
    Buffer.concat([Buffer.from(preface), Buffer.from([0, 0, 1, 1, 5, 0, 0, 0, 2, 0x83])]),
  ];
  for (const bytes of nonsense) {
    const socket = connectSocket(server.port, "127.0.0.1");
    socket.resume().write(bytes);
    await once(socket, "close");
  }
  await expect(connect().modal.appHeartbeat({})).resolves.toBeDefined();
});

async function draining(
  modal: ServiceHandlers<typeof ModalClient>,
  operator?: ServiceHandlers<typeof OperatorService>,
) {
  const served = await serve(modal, operator);
  return { ...served, drain: () => served.server.drain({ signal: new AbortController().signal }) };
}

const stopping = { code: "SERVER_STOPPING", status: "UNAVAILABLE" };
const forever = <T>() => new Promise<T>(() => undefined);

test("a server that stops drops requests that are not complete, however lively their sender is", async () => {
  const { server, drain } = await draining({ appHeartbeat: async () => ({}) });
  const peer = await RawHttp2Peer.connect({ port: server.port });
  onTestFinished(() => peer[Symbol.dispose]());
  peer.write(
    rawFrame("headers", 4, 1, rawCall("/modal.client.ModalClient/AppHeartbeat")),
    rawFrame("data", 0, 1, rawMessage(new Uint8Array(1), 60_000)),
  );
  await peer.next(({ type }) => type === frameTypes.settings);
  const drip = setInterval(() => peer.write(rawFrame("data", 0, 1, new Uint8Array(1))), 5);
  onTestFinished(() => clearInterval(drip));
  const drained = drain();
  const end = await peer.next(({ type }) => type === frameTypes.headers);
  expect(new Map(decodeHeaders(end?.payload ?? Buffer.alloc(0)).fields).get("dorian-error-code")).toBe(
    stopping.code,
  );
  await drained;
});

test("a server that stops tells waiting callers and streams to come back, and answers what it works on", async () => {
  const release = Promise.withResolvers<void>();
  const begun = new Set<string>();
  const { connectOwn, drain } = await draining(
    {
      async tokenFlowWait(_request, { signal }) {
        begun.add("wait");
        await new Notifier().wait({ signal });
        return {};
      },
      async functionGetOutputs(_request, { signal }) {
        begun.add("found");
        await new Notifier().wait({ signal }).catch(() => undefined);
        return { lastEntryId: "1-0" };
      },
      async *appGetLogs() {
        begun.add("logs");
        yield {};
        await forever();
      },
      async appCreate() {
        begun.add("work");
        await release.promise;
        return { appId: "ap-1" };
      },
    },
    {
      async *containerExec(requests) {
        begun.add("stream");
        for await (const { stdin } of requests) yield { stdout: stdin };
      },
    },
  );
  const { modal, operator } = connectOwn();
  const all = async (messages: AsyncIterable<unknown>) => {
    for await (const message of messages) void message;
  };
  async function* requests() {
    yield { stdin: new Uint8Array(1) };
    await forever();
  }
  const ended = [
    modal.tokenFlowWait({ timeout: 60 }),
    all(modal.appGetLogs({})),
    all(operator.containerExec(requests())),
  ].map((each) => settled(each));
  const found = modal.functionGetOutputs({ timeout: 60 });
  const worked = modal.appCreate({});
  while (begun.size < 5) await new Promise((resolve) => setTimeout(resolve, 5));
  const drained = drain();
  for (const each of ended) expect(await each).toMatchObject(stopping);
  expect((await found).lastEntryId).toBe("1-0");
  release.resolve();
  expect((await worked).appId).toBe("ap-1");
  await drained;
});

test("a server that stops ends whatever its peers and handlers do", async () => {
  const begun = Promise.withResolvers<void>();
  const { server, connect, drain } = await draining({
    appHeartbeat() {
      begun.resolve();
      return forever();
    },
    appCreate: async () => ({ appId: "x".repeat(4_000_000) }),
  });
  const running = settled(connect().modal.appHeartbeat({}));
  const silent = connectSocket(server.port, "127.0.0.1");
  onTestFinished(() => void silent.destroy());
  // It takes nothing of its answer, and does not hang up.
  silent.write(
    Buffer.concat([
      http2Preface,
      rawSettings([4, 0]),
      rawFrame("headers", 4, 1, rawCall("/modal.client.ModalClient/AppCreate")),
      rawFrame("data", 1, 1, rawMessage()),
    ]),
  );
  await Promise.all([once(silent, "readable"), begun.promise]);
  await drain();
  expect(await running).toMatchObject(stopping);
});
