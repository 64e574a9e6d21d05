import { fuzzClient, fuzzServer } from "@dorian/testkit/http2-fuzz";
import { expect, onTestFinished, test } from "vitest";
import { Connection, createClient } from "../client/grpc-client.ts";
import { GrpcServer, mountService } from "../server/grpc-server.ts";
import { ModalClient } from "../modal.ts";
import { OperatorService } from "../operator.ts";

// Seconds for each role; `script/fuzz` goes on for as long as it is told. The seed is another one each time, and is printed.
const secs = 15;
const seed = Math.floor(Math.random() * 2 ** 31);

async function serve() {
  const internal: unknown[] = [];
  const server = await GrpcServer.listen({
    address: "127.0.0.1:0",
    services: [
      mountService(ModalClient, {
        appHeartbeat: async () => ({}),
        appCreate: async ({ description }) => ({ appId: description }),
        functionPutInputs: async ({ inputs }) => ({ inputs: inputs.map(({ idx }) => ({ idx })) }),
        functionCallGetDataOut: async function* () {
          yield { index: 1n };
        },
      }),
      mountService(OperatorService, {
        async *containerExec(requests) {
          for await (const { stdin } of requests) yield { stdout: stdin };
        },
      }),
    ],
    authenticate: () => ({ identity: { kind: "client", tokenId: "ak-1" } }),
    onInternalError: (error) => internal.push(error),
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const connection = new Connection({ url: `http://127.0.0.1:${server.port}` });
  onTestFinished(() => connection[Symbol.dispose]());
  const modal = createClient(ModalClient, connection);
  const canary = async () => void (await modal.appHeartbeat({}, { signal: AbortSignal.timeout(10_000) }));
  return { server, internal, canary };
}

test(`a server goes on whatever peers send (seed ${seed})`, async () => {
  const { server, internal, canary } = await serve();
  const modal = "/modal.client.ModalClient";
  const paths = [
    `${modal}/AppHeartbeat`,
    `${modal}/AppCreate`,
    `${modal}/FunctionPutInputs`,
    `${modal}/FunctionCallGetDataOut`,
    `${modal}/AppStop`,
    "/dorian.operator.OperatorService/ContainerExec",
    "/",
  ] as const;
  const signal = AbortSignal.timeout(secs * 1000);
  const cases = await fuzzServer({ port: server.port }, { paths, fields: [] }, { seed, signal, canary });
  expect(cases).toBeGreaterThan(20);
  expect(internal).toEqual([]);
});

test(`a client's calls end whatever a server answers (seed ${seed})`, async () => {
  const { canary } = await serve();
  const call = async (url: string, signal: AbortSignal) => {
    using connection = new Connection({ url });
    const modal = createClient(ModalClient, connection);
    const operator = createClient(OperatorService, connection);
    const streamed = async (messages: AsyncIterable<unknown>) => {
      for await (const message of messages) void message;
    };
    await Promise.allSettled([
      modal.appCreate({ description: "x" }, { signal }),
      streamed(modal.functionCallGetDataOut({}, { signal })),
      streamed(operator.containerExec([{ stdin: new Uint8Array(10) }] as never, { signal })),
    ]);
  };
  const cases = await fuzzClient(call, { seed, signal: AbortSignal.timeout(secs * 1000), canary });
  expect(cases).toBeGreaterThan(20);
});
