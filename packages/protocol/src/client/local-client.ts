import { create, type DescMethod, type DescService } from "@bufbuild/protobuf";
import { randomUUID } from "node:crypto";
import { notServed } from "../error/call-refusals.ts";
import {
  methodEntries,
  type CallContext,
  type CallOptions,
  type Identity,
  type ServiceClient,
  type ServiceHandlers,
} from "../service.ts";

/**
 * A client whose calls go straight to the handlers in this process: the same shape as over a socket, without the bytes.
 */
export function createLocalClient<S extends DescService>(
  service: S,
  handlers: ServiceHandlers<S>,
  identity: Identity,
): ServiceClient<S> {
  const client: Record<string, unknown> = {};
  for (const [name, method] of methodEntries(service)) {
    const handler = (handlers as Record<string, unknown>)[name] as
      | ((request: unknown, context: CallContext) => Promise<unknown> | AsyncIterable<unknown>)
      | undefined;
    client[name] = (request: unknown, options?: CallOptions) => {
      if (!handler) throw notServed(method.name);
      return method.methodKind === "unary"
        ? unary(method, handler as never, request, identity, options)
        : stream(method, handler as never, request, identity, options);
    };
  }
  return client as ServiceClient<S>;
}

async function unary(
  method: DescMethod,
  handler: (request: unknown, context: CallContext) => Promise<unknown>,
  request: unknown,
  identity: Identity,
  options?: CallOptions,
): Promise<unknown> {
  options?.signal?.throwIfAborted();
  const result = await handler(create(method.input, request as never), contextOf(identity, options));
  return create(method.output, result as never);
}

async function* stream(
  method: DescMethod,
  handler: (request: unknown, context: CallContext) => AsyncIterable<unknown>,
  request: unknown,
  identity: Identity,
  options?: CallOptions,
): AsyncGenerator<unknown> {
  const input =
    method.methodKind === "bidi_streaming"
      ? mapMessages(method, request as AsyncIterable<unknown>)
      : create(method.input, request as never);
  for await (const message of handler(input, contextOf(identity, options)))
    yield create(method.output, message as never);
}

async function* mapMessages(method: DescMethod, requests: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  for await (const request of requests) yield create(method.input, request as never);
}

function contextOf(identity: Identity, options?: CallOptions): CallContext {
  return {
    identity,
    signal: options?.signal ?? new AbortController().signal,
    idempotencyKey: options?.idempotencyKey || randomUUID(),
    ...(options?.clientVersion ? { clientVersion: options.clientVersion } : {}),
  };
}
