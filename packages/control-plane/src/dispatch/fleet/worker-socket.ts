import { GrpcServer, type GrpcServerOptions } from "@dorian/protocol/server/grpc-server";
import { chmod, rm } from "node:fs/promises";
import { join } from "node:path";

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

/** Serves the worker on its socket, in the place of one that a killed server left. */
export async function listenForWorker(
  dataDirectory: string,
  options: Omit<GrpcServerOptions, "address">,
): Promise<GrpcServer | undefined> {
  const path = workerSocketPath(dataDirectory);
  if (path === undefined) return undefined;
  await rm(path, { force: true });
  const server = await GrpcServer.listen({ ...options, address: `unix:${path}` });
  await chmod(path, 0o600);
  return server;
}
