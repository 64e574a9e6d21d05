import { type GrpcListenOptions, GrpcServer, type MountedService } from "@dorian/protocol/server/grpc-server";
import type { Logger } from "pino";
import { listenForWorker } from "./dispatch/fleet/worker-socket.ts";

export interface ListenOptions extends Omit<GrpcListenOptions, "services"> {
  dataDirectory: string;
  logger: Logger;
  services: {
    /** What everybody reaches who is let in. */
    all: MountedService[];
    /** What the worker of this data directory needs. */
    worker: MountedService[];
  };
}

/** Serves clients at an address, and the data directory's worker on a socket that nobody else reaches. */
export async function listen({
  dataDirectory,
  logger,
  services,
  tls,
  address,
  kept,
  ...calls
}: ListenOptions) {
  await using opening = new AsyncDisposableStack();
  const grpc = opening.use(await GrpcServer.listen({ ...calls, tls, address, kept, services: services.all }));
  const workerSocket = await listenForWorker(dataDirectory, {
    ...calls,
    services: services.worker,
    logger,
  });
  if (workerSocket) opening.use(workerSocket);
  const resources = opening.move();
  return {
    port: grpc.port,
    /** Takes no new calls; resolves when the running ones have ended, or drops them when `signal` aborts. */
    async drain({ signal }: { signal: AbortSignal }): Promise<void> {
      await Promise.all([grpc.drain({ signal }), workerSocket?.drain({ signal })]);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
