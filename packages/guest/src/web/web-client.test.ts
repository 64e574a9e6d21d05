import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import {
  Asgi_HttpSchema,
  AsgiSchema,
  DataFormat,
  FunctionGetInputsItemSchema,
  type DataChunk,
  type FunctionCallGetDataRequest,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import { afterEach, expect, test, vi } from "vitest";
import { InputCancelled, RunningInput } from "../running-inputs.ts";
import { WebClient } from "./web-client.ts";
import type { WebInput } from "./web-input.ts";

type Message = NonNullable<MessageInitShape<typeof AsgiSchema>["type"]>;

afterEach(() => void vi.useRealTimers());

/** A client that goes on to say `messages`, each when the one before has been read, and then stays silent. */
function clientSaying(messages: Message[], input: Partial<WebInput> = {}) {
  const asked: bigint[] = [];
  let said = 0;
  async function* functionCallGetDataIn(
    { lastIndex = 0n }: Partial<FunctionCallGetDataRequest>,
    { signal }: { signal: AbortSignal },
  ) {
    asked.push(lastIndex);
    for (const [index, type] of messages.entries()) {
      said = index + 1;
      const value = toBinary(AsgiSchema, create(AsgiSchema, { type }));
      const dataOneof = { case: "data" as const, value };
      yield { index: BigInt(index) + 2n, dataFormat: DataFormat.ASGI, dataOneof } as unknown as DataChunk;
    }
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  }
  const modal = { functionCallGetDataIn } as unknown as ServiceClient<typeof ModalClient>;
  const running = new RunningInput(create(FunctionGetInputsItemSchema, { functionCallId: "fc-1" }), 0);
  const scope = create(Asgi_HttpSchema, { method: "POST" });
  const given: WebInput = { scope, isWebSocket: false, body: new Uint8Array(), more: false, ...input };
  return { client: new WebClient({ modal, running, input: given }), running, asked, said: () => said };
}

const part = (text: string, moreBody = true): Message => ({
  case: "httpRequest",
  value: { body: Buffer.from(text), moreBody },
});

test("a body that came whole is there at once, and nothing is asked for", () => {
  const { client, asked } = clientSaying([], { body: new Uint8Array([1, 2]) });
  using _ = client;
  expect(client.body()).toEqual(new Uint8Array([1, 2]));
  expect(asked).toEqual([]);
});

test("the rest of a body comes behind its first part, at the pace of who reads it", async () => {
  const messages = [part("two "), part("three "), part("four", false)];
  const { client, asked, said } = clientSaying(messages, {
    body: new Uint8Array(Buffer.from("one ")),
    more: true,
  });
  using _ = client;
  const reader = (client.body() as ReadableStream<Uint8Array>).getReader();
  const texts = [Buffer.from((await reader.read()).value ?? "").toString()];
  await vi.waitFor(() => expect(said()).toBeGreaterThan(0));
  expect(said()).toBeLessThan(messages.length);
  for (let next = await reader.read(); !next.done; next = await reader.read())
    texts.push(Buffer.from(next.value).toString());
  expect(texts.join("")).toBe("one two three four");
  expect(asked).toEqual([1n]);
});

test("an answer that takes a while is told when its client leaves", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { client, asked } = clientSaying([{ case: "httpDisconnect", value: {} }]);
  using _ = client;
  expect(asked).toEqual([]);
  vi.advanceTimersByTime(1_000);
  vi.useRealTimers();
  await vi.waitFor(() => expect(client.signal.aborted).toBe(true));
  expect(client.signal.reason).toMatchObject({ name: "AbortError", message: "The client has left." });
});

test("a websocket's messages are left to their one reader", () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { client, asked } = clientSaying([], { isWebSocket: true });
  using _ = client;
  vi.advanceTimersByTime(1_000);
  expect(asked).toEqual([]);
});

test("a request that was given up aborts its signal and breaks off its body", async () => {
  const { client, running } = clientSaying([part("two ")], { more: true });
  using _ = client;
  const reader = (client.body() as ReadableStream<Uint8Array>).getReader();
  const cancelled = new InputCancelled("enough");
  running.stop(cancelled);
  expect(client.signal.reason).toBe(cancelled);
  await expect(reader.read()).rejects.toBe(cancelled);
});
