import { create, fromBinary, toBinary, type DescMethod, type DescService } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import * as grpc from "@grpc/grpc-js";
import { methodEntries, type CallContext, type Identity, type ServiceHandlers } from "./service.ts";
import { toStatus } from "./status.ts";

/** Modal's clients allow 100 MiB messages. */
export const maxMessageBytes = 100 * 1024 * 1024;

export interface MountedService {
  service: DescService;
  handlers: Record<string, unknown>;
}

/** Pairs a service with its implementation, checking one against the other. */
export function mountService<S extends DescService>(
  service: S,
  handlers: ServiceHandlers<S>,
): MountedService {
  return { service, handlers: handlers as Record<string, unknown> };
}

export interface GrpcServerOptions {
  /** `127.0.0.1:0`, or `unix:/path/to/socket`. */
  address: string;
  services: MountedService[];
  /** Who calls; throws an AppError when the credentials are wrong. */
  authenticate: (metadata: grpc.Metadata) => Identity;
  /** Told of every failure that is not an AppError. */
  onInternalError: (error: unknown, method: string) => void;
}

/** A gRPC server over HTTP/2 without TLS. Disposing it ends open calls. */
export class GrpcServer implements AsyncDisposable {
  readonly port: number;
  #server: grpc.Server;

  private constructor(server: grpc.Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async listen(options: GrpcServerOptions): Promise<GrpcServer> {
    const server = new grpc.Server({
      "grpc.max_receive_message_length": maxMessageBytes,
      "grpc.max_send_message_length": maxMessageBytes,
    });
    for (const mounted of options.services) addService(server, mounted, options);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(options.address, grpc.ServerCredentials.createInsecure(), (error, port) => {
        if (error) {
          reject(
            new AppError(
              "SERVER_ADDRESS_UNUSABLE",
              `Cannot listen on ${options.address}: ${error.message}.`,
              {
                remedy: "Choose another address with --listen, or stop what is using this one.",
                cause: error,
              },
            ),
          );
        } else resolve(port);
      });
    });
    return new GrpcServer(server, port);
  }

  /** Takes no new calls; resolves when the running ones have ended, or drops them when `signal` aborts. */
  async drain(options: { signal: AbortSignal }): Promise<void> {
    await new Promise<void>((resolve) => {
      const force = () => this.#server.forceShutdown();
      if (options.signal.aborted) force();
      options.signal.addEventListener("abort", force, { once: true });
      this.#server.tryShutdown(() => {
        options.signal.removeEventListener("abort", force);
        resolve();
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
  }
}

function addService(server: grpc.Server, mounted: MountedService, options: GrpcServerOptions): void {
  const definition: Record<string, grpc.MethodDefinition<unknown, unknown>> = {};
  const implementation: grpc.UntypedServiceImplementation = {};
  for (const [name, method] of methodEntries(mounted.service)) {
    definition[name] = {
      path: `/${mounted.service.typeName}/${method.name}`,
      requestStream: method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
      responseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
      requestSerialize: (value) => Buffer.from(toBinary(method.input, value as never)),
      requestDeserialize: (bytes) => fromBinary(method.input, bytes),
      responseSerialize: (value) => Buffer.from(toBinary(method.output, value as never)),
      responseDeserialize: (bytes) => fromBinary(method.output, bytes),
    };
    const handler = mounted.handlers[name];
    implementation[name] = (
      typeof handler === "function" ? serve(method, handler, options) : unimplemented(method)
    ) as grpc.UntypedHandleCall;
  }
  server.addService(definition, implementation);
}

// One for all: capturing a stack for every call costs more than many a call.
const callEnded = new DOMException("The call has ended.", "AbortError");

type AnyHandler = (request: unknown, context: CallContext) => Promise<unknown> | AsyncIterable<unknown>;
type AnyServerCall = grpc.ServerUnaryCall<unknown, unknown> & grpc.ServerDuplexStream<unknown, unknown>;

function serve(method: DescMethod, handler: unknown, options: GrpcServerOptions) {
  const invoke = handler as AnyHandler;
  const fail = (error: unknown) => toStatus(error, (cause) => options.onInternalError(cause, method.name));
  if (method.methodKind === "unary") {
    return (call: AnyServerCall, callback: grpc.sendUnaryData<unknown>) => {
      const running = contextOf(call, options);
      if ("error" in running) {
        callback(fail(running.error));
        return;
      }
      void (async () => {
        try {
          const result = await (invoke(call.request, running.context) as Promise<unknown>);
          callback(null, create(method.output, result as never));
        } catch (error) {
          callback(fail(error));
        } finally {
          running.end();
        }
      })();
    };
  }
  return (call: AnyServerCall) => {
    const running = contextOf(call, options);
    if ("error" in running) {
      call.emit("error", fail(running.error));
      return;
    }
    const input = method.methodKind === "bidi_streaming" ? call : call.request;
    void (async () => {
      try {
        for await (const message of invoke(input, running.context) as AsyncIterable<unknown>) {
          if (running.context.signal.aborted) break;
          if (!call.write(create(method.output, message as never)))
            await drained(call, running.context.signal);
        }
        call.end();
      } catch (error) {
        call.emit("error", fail(error));
      } finally {
        running.end();
      }
    })();
  };
}

function contextOf(call: AnyServerCall, options: GrpcServerOptions) {
  try {
    const identity = options.authenticate(call.metadata);
    const ended = new AbortController();
    call.on("cancelled", () => ended.abort(callEnded));
    const context: CallContext = {
      identity,
      signal: ended.signal,
      idempotencyKey: String(call.metadata.get("x-idempotency-key")[0] ?? ""),
    };
    return { context, end: () => ended.abort(callEnded) };
  } catch (error) {
    return { error };
  }
}

function drained(call: AnyServerCall, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      call.off("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    call.on("drain", done);
    signal.addEventListener("abort", done, { once: true });
  });
}

function unimplemented(method: DescMethod) {
  const error = new AppError("CALL_NOT_SERVED", `Dorian does not serve ${method.name} here.`, {
    status: "UNIMPLEMENTED",
    remedy: "docs/modal-compatibility.md lists what it serves instead.",
  });
  return (call: AnyServerCall, callback?: grpc.sendUnaryData<unknown>) => {
    const status = toStatus(error, () => undefined);
    if (callback) callback(status);
    else call.emit("error", status);
  };
}
