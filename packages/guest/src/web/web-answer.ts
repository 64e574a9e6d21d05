import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { WebMessagesSchema } from "@dorian/protocol/guest";
import { AsgiSchema, DataFormat, GeneratorDoneSchema, type ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import { ChunkWriter } from "../chunk-writer.ts";
import { success, type InputResult } from "../input-result.ts";
import type { RunningInput } from "../running-inputs.ts";

export type WebMessage = NonNullable<MessageInitShape<typeof AsgiSchema>["type"]>;

/** Bytes of the whole of a body that goes with its head and the input's output, in one message. */
const shortBytes = 256 * 1024;
/** Bytes of a body that one message takes. */
const partBytes = 1024 * 1024;

/** What a container says to a web client: at once when it is short, and else as it comes. */
export class WebAnswer {
  #options: { modal: ServiceClient<typeof ModalClient>; running: RunningInput };
  #writer: ChunkWriter | undefined;

  constructor(options: { modal: ServiceClient<typeof ModalClient>; running: RunningInput }) {
    this.#options = options;
  }

  /** Sends a message. Resolves when there is room for more. */
  async send(message: WebMessage): Promise<void> {
    const { modal, running } = this.#options;
    this.#writer ??= new ChunkWriter({
      modal,
      functionCallId: running.item.functionCallId,
      dataFormat: DataFormat.ASGI,
      signal: running.signal,
    });
    await this.#writer.write(toBinary(AsgiSchema, create(AsgiSchema, { type: message })));
  }

  /** Sends a body in messages of a size that can be sent. */
  async sendBody(body: Uint8Array): Promise<void> {
    for (let from = 0; from < body.byteLength; from += partBytes) {
      const part = body.subarray(from, from + partBytes);
      await this.send({ case: "httpResponseBody", value: { body: part, moreBody: true } });
    }
  }

  /** The output of an input whose answer has been sent. */
  async sent(): Promise<InputResult> {
    await this.#writer?.flush();
    const done = create(GeneratorDoneSchema, { itemsTotal: this.#writer?.count ?? 0n });
    return success(toBinary(GeneratorDoneSchema, done), DataFormat.GENERATOR_DONE);
  }

  /** The output of an input that is the answer. */
  static short(messages: WebMessage[]): InputResult {
    const all = create(WebMessagesSchema, { messages: messages.map((type) => ({ type })) });
    return success(toBinary(WebMessagesSchema, all), DataFormat.ASGI);
  }

  static fits(bytes: number): boolean {
    return bytes <= shortBytes;
  }
}
