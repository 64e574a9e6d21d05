import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { GenericResult_GenericStatus as Status } from "@dorian/protocol/modal";
import { WebSocketServer, type RawData, type WebSocket } from "ws";
import { headersOfApp, statusOfApp, subprotocolOfApp } from "./answer-head.ts";
import { encodeAsgi, type AppMessage } from "./asgi-message.ts";
import {
  abnormalClosure,
  internalError,
  normalClosure,
  sendableCode,
  sendableReason,
} from "./closing-frame.ts";
import { answerToResult } from "./failure-answer.ts";
import { refuseUpgrade, refuseUpgradeWith, type PlainAnswer } from "./plain-answer.ts";
import { listed } from "./scope.ts";
import type { UnfinishedMessages } from "./unfinished-messages.ts";
import { UnsentMessages } from "./unsent-messages.ts";
import type { WebCall } from "./web-call.ts";

export interface WebsocketExchangeOptions {
  incoming: IncomingMessage;
  socket: Duplex;
  /** What came after the head of the request. */
  head: Buffer;
  call: WebCall;
  unfinished: UnfinishedMessages;
  /** Told of the websocket once it is one. */
  onOpen: (websocket: WebSocket) => void;
}

const maxWebsocketMessageBytes = 16 * 1024 * 1024;
const pingMs = 30_000;
/** Answers to pings that a client leaves unread, before it is let go. */
const maxUnreadPongBytes = 64 * 1024;
/** What is passed on of the body with which an app refuses a websocket. */
const maxRefusalBytes = 64 * 1024;

const rejected: PlainAnswer = { status: 403, text: "The app does not accept this websocket." };

/** Carries a websocket's messages to its app and back. Resolves when the call has ended. */
export async function exchangeWebsocket(options: WebsocketExchangeOptions): Promise<void> {
  const { socket, call } = options;
  const onGone = () => call.leave(disconnect(abnormalClosure));
  if (socket.destroyed) onGone();
  else socket.once("close", onGone);
  let websocket: WebSocket | undefined;
  let isClosed = false;
  const refusal = new Refusal();
  try {
    for await (const message of call.answer()) {
      if (message.case === "websocketAccept" && !websocket && !isClosed) {
        const answer = answerOf(options.incoming, message.value);
        socket.off("close", onGone);
        const accepted = await accept(options, answer);
        websocket = accepted?.websocket;
        if (accepted) listen(accepted, call);
        else onGone();
      } else if (message.case === "websocketSend" && websocket) {
        const { content } = message.value;
        if (content.case !== undefined) await say(websocket, content.value);
      } else if (message.case === "websocketClose" && !isClosed) {
        isClosed = true;
        if (websocket)
          websocket.close(sendableCode(message.value.code), sendableReason(message.value.reason));
        else refuseUpgrade(socket, rejected);
      } else if (!websocket && !isClosed) isClosed = refusal.take(message, socket);
    }
  } catch (error) {
    onGone();
    void call.drain();
    if (!websocket) throw error;
    websocket.close(internalError);
    return;
  }
  if (isClosed) return;
  const result = await call.result;
  if (websocket) websocket.close(result.status === Status.SUCCESS ? normalClosure : internalError);
  else refuseUpgrade(socket, result.status === Status.SUCCESS ? rejected : answerToResult(result));
}

/** The plain response that an app may give in place of a websocket: its status says why, such as that a login has ended. */
class Refusal {
  #head: { status: number; headers: [string, string][] } | undefined;
  #body: Buffer[] = [];
  #bytes = 0;

  /** True when it is whole, or as long as it may be, and was sent. @throws AppError WEB_ANSWER_INVALID */
  take(message: AppMessage, socket: Duplex): boolean {
    if (message.case === "httpResponseStart") {
      const { status, headers } = message.value;
      const own = headersOfApp(headers).filter(([name]) => !ofHandshake.test(name));
      this.#head ??= { status: statusOfApp(status), headers: own };
    }
    if (message.case !== "httpResponseBody" || !this.#head) return false;
    const fitting = message.value.body.subarray(0, maxRefusalBytes - this.#bytes);
    this.#bytes += fitting.byteLength;
    // A part of a message would keep all of it.
    if (fitting.byteLength > 0) this.#body.push(Buffer.from(fitting));
    if (message.value.moreBody && this.#bytes < maxRefusalBytes) return false;
    refuseUpgradeWith(socket, { ...this.#head, body: Buffer.concat(this.#body) });
    return true;
  }
}

interface WebsocketAnswer {
  subprotocol: string | undefined;
  headers: [string, string][];
}

/** What the app answers to a handshake, without what is this server's to say. @throws AppError WEB_ANSWER_INVALID */
function answerOf(
  { headers }: IncomingMessage,
  accepted: { subprotocol?: string | undefined; headers: readonly Uint8Array[] },
): WebsocketAnswer {
  const offered = listed(headers["sec-websocket-protocol"] ?? "");
  return {
    subprotocol: subprotocolOfApp(accepted.subprotocol, offered),
    headers: headersOfApp(accepted.headers).filter(([name]) => !ofHandshake.test(name)),
  };
}

const ofHandshake = /^(?:connection|upgrade|content-length|transfer-encoding|sec-websocket-.*)$/i;

interface Accepted {
  websocket: WebSocket;
  /** Counts bytes of whole messages that wait for the app. */
  count: (bytes: number) => void;
}

/** The websocket; undefined when the client has gone. */
async function accept(
  { incoming, socket, head, unfinished, onOpen }: WebsocketExchangeOptions,
  { subprotocol, headers }: WebsocketAnswer,
): Promise<Accepted | undefined> {
  if (socket.destroyed) return undefined;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: maxWebsocketMessageBytes,
    autoPong: false,
    handleProtocols: () => subprotocol ?? false,
  });
  server.on("headers", (lines) => {
    for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  });
  const { promise, resolve } = Promise.withResolvers<Accepted | undefined>();
  socket.once("close", () => resolve(undefined));
  server.handleUpgrade(incoming, socket, head, (websocket) => {
    const count = unfinished.watch(websocket, socket);
    onOpen(websocket);
    resolve({ websocket, count });
  });
  return await promise;
}

function listen({ websocket, count }: Accepted, call: WebCall): void {
  const messages = new UnsentMessages<{ data: Buffer; isBinary: boolean; length: number }>({
    // Encoded one by one as they leave: thousands may come in one packet.
    send: ({ data, isBinary }) => {
      const content = isBinary
        ? { case: "bytes" as const, value: data }
        : { case: "text" as const, value: data.toString("utf8") };
      return call.send(encodeAsgi({ case: "websocketReceive", value: { content } }));
    },
    onFull: () => websocket.pause(),
    onRoom: () => websocket.resume(),
    onFailure: () => websocket.terminate(),
    count,
  });
  websocket.on("message", (data, isBinary) => {
    const bytes = bytesOf(data);
    messages.add({ data: bytes, isBinary, length: bytes.length });
  });
  websocket.on("close", (code) => {
    void messages.end().then(() => call.leave(disconnect(code)));
  });
  websocket.on("ping", (data) => {
    if (websocket.bufferedAmount > maxUnreadPongBytes) websocket.terminate();
    else websocket.pong(data);
  });
  // It is closed then, with a code.
  websocket.on("error", () => undefined);
  watch(websocket);
}

/** Ends a connection whose other side has gone without a word. */
function watch(websocket: WebSocket): void {
  let isAlive = true;
  websocket.on("pong", () => {
    isAlive = true;
  });
  const judge = () => {
    if (!isAlive) websocket.terminate();
    isAlive = false;
    websocket.ping();
  };
  // Not before what came meanwhile has been read.
  const timer = setInterval(() => setImmediate(judge), pingMs);
  websocket.once("close", () => clearInterval(timer));
}

/** Resolves when it is on its way: the app goes at the client's pace. */
async function say(websocket: WebSocket, content: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve) => {
    websocket.send(content, { binary: typeof content !== "string" }, () => resolve());
  });
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

function disconnect(code: number): Uint8Array {
  return encodeAsgi({ case: "websocketDisconnect", value: { code } });
}
