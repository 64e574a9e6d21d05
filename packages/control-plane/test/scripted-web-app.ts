// A container with a web app, by script: ASGI as JavaScript would have it.
import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { AsyncQueue } from "@dorian/base/async-queue";
import { AsgiSchema, type Asgi } from "@dorian/protocol/modal";
import { decodeAsgi } from "../src/web/asgi-message.ts";
import type { Script } from "./scripted-container.ts";

type Init = NonNullable<MessageInitShape<typeof AsgiSchema>["type"]>;

export interface WebConnection {
  /** The pickled arguments. */
  args: Uint8Array;
  method: string;
  receive(): Promise<Asgi["type"]>;
  send(message: Init): Promise<void>;
  /** Head and whole body of a response. */
  respond(status: number, body: string | Uint8Array, headers?: [string, string][]): Promise<void>;
}

/** What a container does that serves `app`. */
export function webScript(
  app: (connection: WebConnection) => Promise<void>,
  options: { concurrency?: number } = {},
): Script {
  return {
    concurrency: options.concurrency ?? 20,
    async handle(_args, item, container) {
      const callInfoOneof = { case: "functionCallId" as const, value: item.functionCallId };
      const messages = new AsyncQueue<Asgi["type"]>();
      const reading = new AbortController();
      const read = async () => {
        const chunks = container.modal.functionCallGetDataIn({ callInfoOneof }, { signal: reading.signal });
        for await (const { dataOneof } of chunks) {
          if (dataOneof.case === "data") messages.push(decodeAsgi(dataOneof.value));
        }
      };
      read().catch(() => undefined);
      const received = messages[Symbol.asyncIterator]();
      let index = 0n;
      const send = async (type: Init) => {
        const value = toBinary(AsgiSchema, create(AsgiSchema, { type }));
        const chunk = { index: ++index, dataOneof: { case: "data" as const, value } };
        await container.modal.functionCallPutDataOut({ callInfoOneof, dataChunks: [chunk] });
      };
      const args = item.input?.argsOneof.case === "args" ? item.input.argsOneof.value : new Uint8Array();
      await app({
        args,
        method: item.input?.methodName ?? "",
        async receive() {
          const next = await received.next();
          return next.done ? { case: undefined } : next.value;
        },
        send,
        async respond(status, body, headers = []) {
          await send({ case: "httpResponseStart", value: { status, headers: headers.flat().map(bytes) } });
          await send({
            case: "httpResponseBody",
            value: { body: typeof body === "string" ? bytes(body) : body },
          });
        },
      }).finally(() => reading.abort());
      return Number(index);
    },
  };
}

/** All of a request's body. */
export async function readBody(connection: WebConnection): Promise<{ bytes: Buffer; parts: number }> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const message = await connection.receive();
    if (message.case !== "httpRequest") throw new Error(`${message.case} came before the end of the body`);
    parts.push(message.value.body);
    if (!message.value.moreBody) return { bytes: Buffer.concat(parts), parts: parts.length };
  }
}

export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(text));
}
