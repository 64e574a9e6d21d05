import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { WebMessagesSchema } from "@dorian/protocol/guest";
import { AsgiSchema, type Asgi } from "@dorian/protocol/modal";
import { invalidAnswer } from "./answer-head.ts";

type Init = NonNullable<MessageInitShape<typeof AsgiSchema>["type"]>;

/** What the web app of a container says: `{case: "httpResponseStart", value}` and so on. */
export type AppMessage = Asgi["type"];

/** A message for the web app of a container, as it travels. */
export function encodeAsgi(type: Init): Uint8Array {
  return toBinary(AsgiSchema, create(AsgiSchema, { type }));
}

/** `case` is undefined for kinds that the wire does not know. @throws AppError WEB_ANSWER_INVALID */
export function decodeAsgi(bytes: Uint8Array): AppMessage {
  try {
    return fromBinary(AsgiSchema, bytes).type;
  } catch (error) {
    throw invalidAnswer("it is no message of a web app", error);
  }
}

/** What a container says at once. @throws AppError WEB_ANSWER_INVALID */
export function decodeMessages(bytes: Uint8Array): AppMessage[] {
  try {
    return fromBinary(WebMessagesSchema, bytes).messages.map(({ type }) => type);
  } catch (error) {
    throw invalidAnswer("it is no message of a web app", error);
  }
}

/** A part of a request's body, or its end. */
export function requestPart(body: Uint8Array, { more }: { more: boolean }): Uint8Array {
  return encodeAsgi({ case: "httpRequest", value: { body, moreBody: more } });
}

export const httpDisconnect = encodeAsgi({ case: "httpDisconnect", value: {} });

export const websocketConnect = encodeAsgi({ case: "websocketConnect", value: {} });
