import type { AppError } from "@dorian/base/app-error";
import type { DescMethod, DescService, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Language } from "./error/words.ts";

/** Who is at the other end of a connection. */
export type Identity =
  | ({ kind: "client"; tokenId: string } & TokenScope)
  /** Has shown nothing. */
  | { kind: "anonymous" }
  | { kind: "worker" }
  | { kind: "task"; taskId: string }
  /** Runs commands in one container, with a token for that alone, which came from a client's. */
  | { kind: "command"; taskId: string; tokenId: string };

/** What a client's token allows less than everything. */
export interface TokenScope {
  /** The scope of the only environment that it reaches. */
  environment?: string;
  /** It changes nothing and runs nothing. */
  readOnly?: boolean;
}

/** What lets a caller in, and may end while what it let in goes on. */
export interface Credential {
  /** Tells `ended`, once, when it ends, and why. Returns how to stop listening. */
  onEnd(ended: (reason: AppError) => void): () => void;
}

export interface Caller {
  identity: Identity;
  /** Absent for one that does not end. */
  credential?: Credential;
}

export interface CallContext {
  identity: Identity;
  /** Aborts when the caller goes away or the call ends. */
  signal: AbortSignal;
  /** Equal across the retries of one logical call; empty when the caller sent none. */
  idempotencyKey: string;
  /** Version of the official client that calls, e.g. "1.5.4"; empty when the caller sent none. */
  clientVersion?: string;
  /** Under which the caller reached this server, e.g. "http://127.0.0.1:7070"; absent within a process. */
  calledUrl?: string;
  /** In whose words the caller is told things; absent within a process, where texts are passed on as they are. */
  language?: Language;
  /** The caller is the official client of another language than Python. */
  isLibmodal?: boolean;
  /** Address that the call comes from; absent within a machine. */
  peer?: string;
  /**
   * For handlers that read or fetch large answers: takes room for so many bytes before they are there. Undefined when there is some at
   * once; otherwise resolves when the caller has read enough of what it asked for before, and rejects when it has gone.
   */
  takeRoom?: TakeRoom;
}

export type TakeRoom = (bytes: number) => Promise<void> | undefined;

type Handler<M extends DescMethod> = M extends { methodKind: "unary" }
  ? (request: MessageShape<M["input"]>, context: CallContext) => Promise<MessageInitShape<M["output"]>>
  : M extends { methodKind: "server_streaming" }
    ? (
        request: MessageShape<M["input"]>,
        context: CallContext,
      ) => AsyncIterable<MessageInitShape<M["output"]>>
    : M extends { methodKind: "bidi_streaming" }
      ? (
          requests: AsyncIterable<MessageShape<M["input"]>>,
          context: CallContext,
        ) => AsyncIterable<MessageInitShape<M["output"]>>
      : never;

/** Implementation of a service: one function per method. A missing one answers UNIMPLEMENTED. */
export type ServiceHandlers<S extends DescService> = {
  [K in keyof S["method"]]?: Handler<S["method"][K]>;
};

export interface CallOptions {
  signal?: AbortSignal;
  /** For who passes a call on: the key of the call it received. Default: a new one. */
  idempotencyKey?: string;
  /** For who passes a call on: the version of the client it received it from. */
  clientVersion?: string;
  /** For who passes a call on: asked before more than a little of a large answer is let in. */
  takeRoom?: TakeRoom | undefined;
}

type ClientMethod<M extends DescMethod> = M extends { methodKind: "unary" }
  ? (request: MessageInitShape<M["input"]>, options?: CallOptions) => Promise<MessageShape<M["output"]>>
  : M extends { methodKind: "server_streaming" }
    ? (
        request: MessageInitShape<M["input"]>,
        options?: CallOptions,
      ) => AsyncIterable<MessageShape<M["output"]>>
    : M extends { methodKind: "bidi_streaming" }
      ? (
          requests: AsyncIterable<MessageInitShape<M["input"]>>,
          options?: CallOptions,
        ) => AsyncIterable<MessageShape<M["output"]>>
      : never;

/** Typed caller of a service, whatever carries the call. */
export type ServiceClient<S extends DescService> = {
  readonly [K in keyof S["method"]]: ClientMethod<S["method"][K]>;
};

/** `AppPublish` → `appPublish`: generated descriptors index methods by their local name. */
export function methodEntries<S extends DescService>(service: S): [keyof S["method"] & string, DescMethod][] {
  return Object.entries(service.method) as [keyof S["method"] & string, DescMethod][];
}
