import { fromBinary } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { WebMessagesSchema } from "@dorian/protocol/guest";
import { DataFormat, type Asgi_Http, type Asgi_Websocket, type FunctionInput } from "@dorian/protocol/modal";

/** A web request as its input brings it. */
export interface WebInput {
  scope: Asgi_Http | Asgi_Websocket;
  isWebSocket: boolean;
  /** The first part of the body, and whether more follows. */
  body: Uint8Array<ArrayBuffer>;
  more: boolean;
}

const nothing = new Uint8Array();

/** @throws AppError ARGUMENTS_FORMAT_UNKNOWN for a call that is no web request */
export function readWebInput(input: FunctionInput | undefined): WebInput {
  if (input?.dataFormat === DataFormat.ASGI && input.argsOneof.case === "args") {
    const { messages } = fromBinary(WebMessagesSchema, input.argsOneof.value);
    const [head, body] = messages.map(({ type }) => type);
    if (head?.case === "websocket")
      return { scope: head.value, isWebSocket: true, body: nothing, more: false };
    if (head?.case === "http" && body?.case === "httpRequest") {
      return {
        scope: head.value,
        isWebSocket: false,
        body: body.value.body as Uint8Array<ArrayBuffer>,
        more: body.value.moreBody,
      };
    }
  }
  throw new AppError("ARGUMENTS_FORMAT_UNKNOWN", "A web function was called without a web request.", {
    status: "INVALID_ARGUMENT",
    remedy: "Send a request to its address, which url() gives.",
  });
}
