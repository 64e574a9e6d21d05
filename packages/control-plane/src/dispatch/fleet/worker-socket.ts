import { GrpcServer, type GrpcServerOptions } from "@dorian/protocol/server/grpc-server";
import { chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { keepInPlace } from "../../access/keep-in-place.ts";
import { identityOf } from "../../database/watch-file.ts";

/** Longest path that the kernel takes for a socket. */
const maxSocketPathBytes = 107;

/**
 * Where the worker of a data directory reaches its server: cheaper than a port, and out of everybody else's reach. Undefined
 * where the directory's path is too long for a socket; the worker takes the server's port then.
 */
export function workerSocketPath(dataDirectory: string): string | undefined {
  const path = join(dataDirectory, "worker.sock");
  return Buffer.byteLength(path) > maxSocketPathBytes ? undefined : path;
}

/** Serves the worker on its socket, in the place of one that a killed server left, and on another one when somebody removes it. */
export async function listenForWorker(
  dataDirectory: string,
  { logger, ...options }: Omit<GrpcServerOptions, "address"> & { logger: Logger },
): Promise<(AsyncDisposable & Pick<GrpcServer, "drain">) | undefined> {
  const path = workerSocketPath(dataDirectory);
  if (path === undefined) return undefined;
  // One whose file is gone serves those that it has until the end: when it closes it removes whatever is at its path.
  const servers: GrpcServer[] = [];
  await using opening = new AsyncDisposableStack();
  opening.defer(async () => void (await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))));
  let identity: string | undefined;
  const putThere = async () => {
    await rm(path, { force: true });
    servers.push(await GrpcServer.listen({ ...options, address: `unix:${path}` }));
    await chmod(path, 0o600);
    identity = await identityOf(path);
  };
  await putThere();
  const isThere = async () => (await identityOf(path)) === identity;
  opening.use(await keepInPlace({ path, isThere, putThere, logger }));
  const resources = opening.move();
  return {
    async drain(options) {
      await Promise.all(servers.map((server) => server.drain(options)));
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
