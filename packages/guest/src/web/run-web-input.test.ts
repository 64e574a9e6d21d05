import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { WebMessagesSchema } from "@dorian/protocol/guest";
import {
  AsgiSchema,
  DataFormat,
  FunctionGetInputsItemSchema,
  type DataChunk,
  type FunctionCallPutDataRequest,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import { expect, test, vi } from "vitest";
import { ContainerStopping, RunningInput } from "../running-inputs.ts";
import { runWebInput } from "./run-web-input.ts";

/** A request for a page that a handler answers, and what its client is sent. `leave`: the client goes. */
function asked(
  answer: (request: Request) => Response,
  scope: { path?: string; queryString?: Uint8Array; headers?: Uint8Array[] } = {},
) {
  const left = Promise.withResolvers<void>();
  const sent: string[] = [];
  async function* functionCallGetDataIn(_: unknown, { signal }: { signal: AbortSignal }) {
    await Promise.race([left.promise, new Promise((resolve) => signal.addEventListener("abort", resolve))]);
    const value = toBinary(AsgiSchema, create(AsgiSchema, { type: { case: "httpDisconnect", value: {} } }));
    yield { index: 2n, dataOneof: { case: "data", value } } as unknown as DataChunk;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  }
  const functionCallPutDataOut = async ({ dataChunks }: FunctionCallPutDataRequest) => {
    for (const { dataOneof } of dataChunks)
      sent.push(fromBinary(AsgiSchema, dataOneof.value as Uint8Array).type.case ?? "");
  };
  const modal = { functionCallGetDataIn, functionCallPutDataOut } as unknown as ServiceClient<
    typeof ModalClient
  >;
  const messages = [
    { type: { case: "http" as const, value: { method: "GET", scheme: "http", path: "/", ...scope } } },
    { type: { case: "httpRequest" as const, value: { body: new Uint8Array(), moreBody: false } } },
  ];
  const value = toBinary(WebMessagesSchema, create(WebMessagesSchema, { messages }));
  const input = { dataFormat: DataFormat.ASGI, argsOneof: { case: "args" as const, value } };
  const running = new RunningInput(create(FunctionGetInputsItemSchema, { functionCallId: "fc-1", input }), 0);
  const result = runWebInput(modal, async (request) => answer(request), running);
  result.catch(() => undefined);
  return { result, sent, running, leave: () => left.resolve() };
}

/** A body that says nothing, and why it was given up. */
function silence() {
  const cancelled = Promise.withResolvers<unknown>();
  const body = new ReadableStream<Uint8Array>({ cancel: (reason) => cancelled.resolve(reason) });
  return { body, cancelled: cancelled.promise };
}

test("an answer whose body is silent at first begins with its head at once", async () => {
  const { body } = silence();
  const { sent, running } = asked(() => new Response(body));
  await vi.waitFor(() => expect(sent).toEqual(["httpResponseStart"]));
  running.stop(new ContainerStopping("over"));
});

test("a client that leaves before anything was said ends the source of its answer, and the input", async () => {
  const { body, cancelled } = silence();
  const { result, leave } = asked(() => new Response(body));
  leave();
  expect(await cancelled).toMatchObject({ message: "The client has left." });
  await result;
});

test("an answer that is broken off by the container's end is no whole answer", async () => {
  const { body } = silence();
  const { result, running } = asked(() => new Response(body));
  const stopping = new ContainerStopping("over");
  running.stop(stopping);
  await expect(result).rejects.toBe(stopping);
});

test("a body that is there at once is one message with its head", async () => {
  const { result, sent } = asked(() => new Response("hello"));
  const { result: output } = await result;
  const { messages } = fromBinary(WebMessagesSchema, output.dataOneof?.value as Uint8Array);
  expect(messages.map(({ type }) => type.case)).toEqual(["httpResponseStart", "httpResponseBody"]);
  expect(sent).toEqual([]);
});

test("a body of texts instead of bytes is an error, not an empty answer", async () => {
  const { result } = asked(() => new Response(ReadableStream.from(["text"]) as ReadableStream<never>));
  await expect(result).rejects.toMatchObject({ code: "WEB_BODY_NOT_BYTES" });
});

test("bytes of an address that are no ASCII are those that the client sent", async () => {
  let url = "";
  const latin1 = (text: string) => Buffer.from(text).toString("latin1");
  const { result } = asked(
    (request) => {
      url = request.url;
      return new Response();
    },
    { path: latin1("/ä"), queryString: Buffer.from("ö=ü") },
  );
  await result;
  expect(decodeURI(url)).toBe("http://localhost/ä?ö=ü");
});

test("an empty Host does not make a host of the path", async () => {
  const { result } = asked(() => new Response("let in"), {
    path: "/public/admin",
    headers: [Buffer.from("host"), Buffer.from("")],
  });
  const { result: output } = await result;
  const [head] = fromBinary(WebMessagesSchema, output.dataOneof?.value as Uint8Array).messages;
  expect(head?.type.value).toMatchObject({ status: 400 });
});
