import { fromBinary } from "@bufbuild/protobuf";
import { AsgiSchema, type Asgi, type ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";

/** What a web client says behind what its input brought, as the web functions' messages. */
export type ClientMessage = Asgi["type"];

/** How many messages came with the input: the first part of a body, or that a websocket connects. */
const withInput = 1;

/** What a web client goes on to say, until `signal` aborts. The server ends the stream now and then; it is opened again then. */
export async function* clientMessages(
  modal: ServiceClient<typeof ModalClient>,
  functionCallId: string,
  { signal }: { signal: AbortSignal },
): AsyncGenerator<ClientMessage> {
  let lastIndex = BigInt(withInput);
  const callInfoOneof = { case: "functionCallId" as const, value: functionCallId };
  while (!signal.aborted) {
    for await (const chunk of modal.functionCallGetDataIn({ callInfoOneof, lastIndex }, { signal })) {
      lastIndex = chunk.index;
      if (chunk.dataOneof.case === "data") yield fromBinary(AsgiSchema, chunk.dataOneof.value).type;
    }
  }
}
