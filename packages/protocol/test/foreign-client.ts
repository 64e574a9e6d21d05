import { create, fromBinary, toBinary, type DescMethod, type DescService } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { methodEntries, type CallOptions, type ServiceClient } from "../src/service.ts";
import { statusError } from "../src/error/status-error.ts";

/** A client that is another implementation of gRPC, with HTTP/2 and header compression of its own. */
export class ForeignConnection implements Disposable {
  readonly client: grpc.Client;
  readonly metadata: grpc.Metadata;

  constructor(port: number, metadata: Record<string, string> = {}, shared?: grpc.Client) {
    this.client =
      shared ??
      new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
        "grpc.max_receive_message_length": -1,
        "grpc.max_send_message_length": -1,
        "grpc.use_local_subchannel_pool": 1,
      });
    this.metadata = new grpc.Metadata();
    for (const [key, value] of Object.entries(metadata)) this.metadata.set(key, value);
  }

  with(metadata: Record<string, string>): ForeignConnection {
    return new ForeignConnection(0, metadata, this.client);
  }

  [Symbol.dispose](): void {
    this.client.close();
  }
}

export function createForeignClient<S extends DescService>(
  service: S,
  connection: ForeignConnection,
): ServiceClient<S> {
  const client: Record<string, unknown> = {};
  for (const [name, method] of methodEntries(service)) {
    const path = `/${service.typeName}/${method.name}`;
    client[name] =
      method.methodKind === "unary"
        ? (request: unknown, options?: CallOptions) => unary(connection, path, method, request, options)
        : (requests: AsyncIterable<unknown>) => bidi(connection, path, method, requests);
  }
  return client as ServiceClient<S>;
}

const serialize = (method: DescMethod) => (value: unknown) =>
  Buffer.from(toBinary(method.input, create(method.input, value as never)));
const deserialize = (method: DescMethod) => (bytes: Buffer) => fromBinary(method.output, bytes) as unknown;

function unary(
  { client, metadata: own }: ForeignConnection,
  path: string,
  method: DescMethod,
  request: unknown,
  options?: CallOptions,
): Promise<unknown> {
  const metadata = own.clone();
  if (options?.idempotencyKey) metadata.set("x-idempotency-key", options.idempotencyKey);
  return new Promise((resolve, reject) => {
    const done = (error: grpc.ServiceError | null, reply?: unknown) =>
      error ? reject(appErrorOf(error)) : resolve(reply);
    client.makeUnaryRequest(path, serialize(method), deserialize(method), request, metadata, done);
  });
}

async function* bidi(
  { client, metadata }: ForeignConnection,
  path: string,
  method: DescMethod,
  requests: AsyncIterable<unknown>,
): AsyncGenerator<unknown> {
  const call = client.makeBidiStreamRequest(path, serialize(method), deserialize(method), metadata);
  void (async () => {
    for await (const request of requests) {
      if (call.destroyed) return;
      if (!call.write(request))
        await new Promise<void>((resolve) => call.once("drain", resolve).once("close", resolve));
    }
    call.end();
  })();
  try {
    for await (const message of call) yield message;
  } finally {
    call.cancel();
  }
}

function appErrorOf(error: grpc.ServiceError): Error {
  const trailer = (name: string) => error.metadata?.get(name)[0]?.toString();
  return statusError({ code: error.code, details: error.details, trailer }, "the server");
}
