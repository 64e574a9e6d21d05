import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { messageOf } from "@dorian/base/app-error";
import { DataFormat, WebhookAsyncMode, WebhookType, type GenericResult } from "@dorian/protocol/modal";
import { pickleArguments } from "@dorian/protocol/value/pickle/write-pickle";
import type { Credential } from "@dorian/protocol/service";
import type { Logger } from "pino";
import type { WebSocket } from "ws";
import type { StreamedCalls } from "../dispatch/call/streamed-call.ts";
import type { WebTarget, WebTargets } from "../dispatch/ports.ts";
import { requestPart, websocketConnect } from "./asgi-message.ts";
import { AppNotes } from "./app-notes.ts";
import {
  answerToError,
  cutBecause,
  notAuthorized,
  notServed,
  redirectLost,
  unforeseen,
} from "./failure-answer.ts";
import { BodyTurns } from "./body-turns.ts";
import { exchangeHttp } from "./http-exchange.ts";
import { callAskedFor, comeBack, ParkedCalls } from "./parked-calls.ts";
import { answerPlainly, refuseUpgrade, type PlainAnswer } from "./plain-answer.ts";
import { parametersFromQuery } from "./query-parameters.ts";
import { bodyParts, type BodyPart } from "./request-body.ts";
import { proxyCredentials } from "./proxy-credentials.ts";
import type { ProxyTokens } from "./proxy-tokens.ts";
import type { ForwardedTrust } from "./request-origin.ts";
import { nodeArguments } from "./node-scope.ts";
import { scopeOf, type ScopeOptions } from "./scope.ts";
import { UnfinishedMessages } from "./unfinished-messages.ts";
import type { WebAddressBook } from "./web-address-book.ts";
import { WebCall } from "./web-call.ts";
import type { WebRequestHandler } from "./web-listeners.ts";
import { exchangeWebsocket } from "./websocket-exchange.ts";

export interface WebGatewayOptions {
  addresses: Pick<WebAddressBook, "siteAt" | "isOwn">;
  targets: WebTargets;
  calls: StreamedCalls;
  tokens: Pick<ProxyTokens, "admit">;
  /** The function that runs instances of a class with these parameters. */
  bind: (functionId: string, serializedParams: Uint8Array) => Promise<string>;
  trust: ForwardedTrust;
  logger: Logger;
  /** A line for an app's log, of what it does wrong. Default: nobody reads it. */
  note?: (appId: string, functionId: string, text: string) => void;
  /** How long a client waits for the first byte before it is told to come back. Default: 150 s. */
  redirectAfterMs?: number;
  /** How long an answer waits for a client that was told to come back. Default: 10 min. */
  keepParkedMs?: number;
  /** What clients of websockets have not said to the end. Default: as much as a process can hold. */
  unfinished?: UnfinishedMessages;
  /** What an app has to end by itself once its client has gone. Default: 5 s. */
  farewellMs?: number;
}

/** Turns requests of web clients into calls of web functions. */
export class WebGateway implements WebRequestHandler, AsyncDisposable {
  #options: WebGatewayOptions;
  #parked: ParkedCalls;
  #websockets = new Set<WebSocket>();
  #unfinished: UnfinishedMessages;
  #turns = new BodyTurns();
  #notes: AppNotes;

  constructor(options: WebGatewayOptions) {
    this.#options = options;
    this.#unfinished = options.unfinished ?? new UnfinishedMessages();
    this.#notes = new AppNotes(options.note ?? (() => undefined));
    this.#parked = new ParkedCalls({ keepMs: options.keepParkedMs ?? 600_000 });
  }

  async request(incoming: IncomingMessage, response: ServerResponse, port: number): Promise<void> {
    const admitted = this.#admit(incoming, port);
    if ("status" in admitted) {
      answerPlainly(response, admitted);
      return;
    }
    try {
      await this.#serve(incoming, response, admitted);
    } catch (error) {
      if (response.destroyed) return;
      const answer = this.#answerTo(error, admitted);
      if (response.headersSent) response.destroy();
      else answerPlainly(response, answer);
    }
  }

  async upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer, port: number): Promise<void> {
    const admitted = this.#admit(incoming, port);
    if ("status" in admitted) {
      refuseUpgrade(socket, admitted);
      return;
    }
    try {
      await this.#connect(incoming, socket, head, admitted);
    } catch (error) {
      refuseUpgrade(socket, this.#answerTo(error, admitted));
    }
  }

  /** Tells clients of websockets to go: everything else ends by itself. */
  drain(): void {
    for (const websocket of this.#websockets) websocket.close(1001, "The server is stopping.");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parked[Symbol.dispose]();
    for (const websocket of this.#websockets) websocket.terminate();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse, admitted: Admitted): Promise<void> {
    const { target } = admitted;
    endWith(admitted.credential, response);
    const functionId = await this.#functionFor(target, incoming);
    const exchange = {
      incoming,
      response,
      functionId,
      parked: this.#parked,
      redirectAfterMs: this.#options.redirectAfterMs ?? 150_000,
      onMisjudged: (how: string) =>
        this.#notes.note(
          admitted,
          `An answer of this web function had ${how}. The client has no more than fits, and its connection was closed: it could not have told where the next answer begins.`,
        ),
      onCut: (result: GenericResult) => this.#notes.note(admitted, cutBecause(result)),
    };
    const askedFor = callAskedFor(incoming.url ?? "/");
    if (askedFor !== undefined) {
      const gone = new AbortController();
      response.once("close", () => gone.abort());
      const waiting = { timeoutMs: exchange.redirectAfterMs, signal: gone.signal };
      const call = await this.#parked.claim(askedFor, functionId, waiting);
      if (call === undefined) answerPlainly(response, redirectLost);
      else if (call === "later") answerPlainly(response, comeBack(incoming.url ?? "/", askedFor));
      else await exchangeHttp({ ...exchange, call, rest: undefined });
      return;
    }
    if (incoming.headers.expect !== undefined) response.writeContinue();
    const parts = bodyParts(incoming, this.#turns);
    const first = await nextPart(parts);
    const call = this.#open(admitted, functionId, incoming, "http", first);
    const rest = first.more ? parts : undefined;
    if (target.config.asyncMode === WebhookAsyncMode.TRIGGER) await trigger(call, response, rest);
    else await exchangeHttp({ ...exchange, call, rest });
  }

  async #connect(incoming: IncomingMessage, socket: Duplex, head: Buffer, admitted: Admitted): Promise<void> {
    const { headers } = incoming;
    const isComplete =
      headers["sec-websocket-version"] === "13" && headers["sec-websocket-key"] !== undefined;
    if (!isComplete || incoming.method !== "GET") {
      refuseUpgrade(socket, unknownHandshake);
      return;
    }
    endWith(admitted.credential, socket);
    const functionId = await this.#functionFor(admitted.target, incoming);
    const call = this.#open(admitted, functionId, incoming, "websocket");
    const onOpen = (websocket: WebSocket) => {
      this.#websockets.add(websocket);
      websocket.once("close", () => this.#websockets.delete(websocket));
    };
    await exchangeWebsocket({ incoming, socket, head, call, unfinished: this.#unfinished, onOpen });
  }

  /** What a request calls, or why it calls nothing. */
  #admit(incoming: IncomingMessage, port: number): Admitted | PlainAnswer {
    const { addresses, targets, tokens } = this.#options;
    const { headers } = incoming;
    const host = headers.host ?? "";
    const ofDomain = addresses.isOwn(host) ? undefined : targets.siteOfDomain(host);
    const site = ofDomain ?? addresses.siteAt(port, host);
    const target = site && targets.webTarget(site.appId, site.tag);
    if (!site || !target?.active) return notServed;
    const called = { target, appId: site.appId, functionId: target.functionId };
    if (!target.config.requiresProxyAuth) return { ...called, ownHeaders: [] };
    const shown = proxyCredentials(headers);
    const credential = shown && tokens.admit(shown.tokenId, shown.secret, target.scope);
    return credential ? { ...called, ownHeaders: shown.headers, credential } : notAuthorized;
  }

  async #functionFor({ functionId, parameters }: WebTarget, incoming: IncomingMessage): Promise<string> {
    if (parameters.length === 0) return functionId;
    return await this.#options.bind(functionId, parametersFromQuery(incoming.url ?? "", parameters));
  }

  #open(
    { target, ownHeaders }: Admitted,
    functionId: string,
    incoming: IncomingMessage,
    kind: "http" | "websocket",
    first?: BodyPart,
  ): WebCall {
    const scoped: ScopeOptions = {
      incoming,
      kind,
      ownHeaders,
      isForwarded: target.config.type === WebhookType.WEB_SERVER,
      trust: this.#options.trust,
    };
    const args = target.isNode ? nodeArguments(scoped, first) : pickleArguments([scopeOf(scoped)]);
    const firstPart = first && !target.isNode ? requestPart(first.bytes, { more: first.more }) : toldAlready;
    const firstMessage = first ? firstPart : websocketConnect;
    return new WebCall(
      this.#options.calls({
        functionId,
        input: {
          argsOneof: { case: "args", value: args },
          dataFormat: target.isNode ? DataFormat.ASGI : DataFormat.PICKLE,
          methodName: target.methodName,
        },
        firstMessages: [firstMessage],
      }),
      {
        farewellMs: this.#options.farewellMs ?? 5_000,
        onFailure: (error) => this.#options.logger.warn({ err: error, functionId }, "a web call failed"),
      },
    );
  }

  #answerTo(error: unknown, site: Admitted): PlainAnswer {
    const answer = answerToError(error);
    if (!answer) this.#options.logger.error({ err: error }, "a web request failed");
    // Whose fault it was, its author finds out here.
    else if (answer.status === 502) {
      this.#options.logger.warn({ reason: messageOf(error) }, "a web app failed");
      this.#notes.note(site, messageOf(error));
    }
    return answer ?? unforeseen;
  }
}

/** Has the place of a first message that is in the arguments. */
const toldAlready = new Uint8Array();

interface Admitted {
  target: WebTarget;
  appId: string;
  functionId: string;
  /** Headers that were meant for this server alone. */
  ownHeaders: readonly string[];
  /** What its client was let in by. */
  credential?: Credential;
}

/** Cuts a connection when what its client was let in by ends. */
function endWith(credential: Credential | undefined, connection: ServerResponse | Duplex): void {
  const release = credential?.onEnd(() => connection.destroy());
  if (release) connection.once("close", release);
}

const unknownHandshake: PlainAnswer = {
  status: 426,
  text: "This is not a handshake for a websocket of version 13.",
  headers: { "Sec-WebSocket-Version": "13" },
};

async function nextPart(parts: AsyncIterator<BodyPart>): Promise<BodyPart> {
  const { value, done } = await parts.next();
  if (done) throw new TypeError("a request's body has at least one part");
  return value;
}

/** Answers before the app does, as functions declared with `wait_for_response=False` want it. */
async function trigger(
  call: WebCall,
  response: ServerResponse,
  rest: AsyncIterable<BodyPart> | undefined,
): Promise<void> {
  const ended = call.drain();
  for await (const { bytes, more } of rest ?? []) await call.send(requestPart(bytes, { more }));
  const answer = JSON.stringify({ call_id: call.callId });
  response.writeHead(202, { "Content-Type": "application/json", "Content-Length": answer.length });
  response.end(answer);
  await ended;
}
